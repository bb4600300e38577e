"""What the database holds, as plain values that can be compared."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from workflow_events.workflow.models import Case, WorkItem

Row = dict[str, Any]


@dataclass(frozen=True)
class World:
    """Every row of cases and work items, by primary key, in the order of creation."""

    cases: dict[UUID, Row]
    items: dict[UUID, Row]

    def rows(self) -> dict[UUID, Row]:
        """Cases and work items alike."""
        return {**self.cases, **self.items}

    def statuses(self) -> dict[UUID, str]:
        """The state of everything."""
        return {pk: row["status"] for pk, row in self.rows().items()}

    def items_of(self, case: UUID) -> Iterator[Row]:
        """The work items of a case."""
        return (row for row in self.items.values() if row["case_id"] == case)

    def child_of(self, item: Row) -> Row | None:
        """The child case of a work item."""
        return self.cases.get(item["child_case_id"])

    def parent_of(self, case: UUID) -> Row | None:
        """The work item whose child case this is."""
        return next((i for i in self.items.values() if i["child_case_id"] == case), None)

    def followers_of(self, item: UUID) -> set[UUID]:
        """The work items that followed from this one, however indirectly."""
        found: set[UUID] = set()
        waiting = [item]
        while waiting:
            before = waiting.pop()
            new = {
                pk for pk, row in self.items.items() if row["previous_work_item_id"] == before
            } - found
            found |= new
            waiting += new
        return found - {item}


def look() -> World:
    """Read everything."""
    return World(
        {row["id"]: row for row in Case.objects.order_by("pk").values()},
        {row["id"]: row for row in WorkItem.objects.order_by("pk").values()},
    )
