"""What an operator changed, and what was left as it is."""

from collections import Counter
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass, field
from typing import Any

from django.db.models import QuerySet

from workflow_events.delivery.models import Delivery
from workflow_events.delivery.operating.batches import in_batches


@dataclass(frozen=True, kw_only=True)
class Changed:
    """How many deliveries were changed, and how many were not."""

    changed: int = 0
    former: Counter[str] = field(default_factory=Counter)
    """Of those that were changed, how many had been in which state."""
    left: Counter[str] = field(default_factory=Counter)
    """Of the others, how many are in which state."""

    def __add__(self, other: "Changed") -> "Changed":
        return Changed(
            changed=self.changed + other.changed,
            former=self.former + other.former,
            left=self.left + other.left,
        )


def change_in_steps(
    deliveries: QuerySet[Delivery],
    states: Collection[str],
    change: Callable[[list[Delivery]], None],
) -> Iterator[Changed]:
    """Call ``change`` with those deliveries, locked, that are in one of these states.

    What has left the selection by the time that it is locked is left as it is, too.
    """

    def step(keys: list[Any]) -> Changed:
        rows = Delivery.objects.filter(pk__in=keys).order_by("pk")
        locked = list(rows.select_for_update(no_key=True).defer("error", "traceback"))
        selected = set(deliveries.filter(pk__in=keys).values_list("pk", flat=True))
        chosen = [row for row in locked if row.pk in selected and row.state in states]
        if chosen:
            change(chosen)
        former = Counter(row.state for row in chosen)
        left = Counter(row.state for row in locked) - former
        return Changed(changed=len(chosen), former=former, left=left)

    return in_batches(deliveries, step)
