"""What is asked of both services: documents as a front end's work list sends them."""

from dataclasses import dataclass
from typing import Any

from benchmarks.million_names import (
    BUSY,
    BUSY_UNITS,
    FEW,
    NOBODY,
    RARE_UNITS,
    RETIRED,
    STEADY,
)
from benchmarks.million_service import Question

PAGE = "pageInfo { hasNextPage endCursor }"
WORK_ITEMS = """
query ($filter: [WorkItemFilterSetType], $order: [WorkItemOrderSetType]) {
  rows: allWorkItems(first: 10, filter: $filter, order: $order) {
    %s
    edges { node {
      id name status deadline addressedGroups task { slug name }
      case { id status workflow { slug name } }
    } }
  }
}
"""
CASES = """
query ($filter: [CaseFilterSetType], $order: [CaseOrderSetType]) {
  rows: allCases(first: 10, filter: $filter, order: $order) {
    %s
    edges { node { id status createdAt meta workflow { slug name } } }
  }
}
"""
COMPLETE = """
mutation ($input: CompleteWorkItemInput!) {
  completeWorkItem(input: $input) { workItem { id status } }
}
"""
DEADLINE = [{"attribute": "DEADLINE"}]
LATEST = [{"attribute": "DEADLINE", "direction": "DESC"}]


@dataclass(frozen=True)
class List:
    """A list whose first page is measured."""

    section: str
    name: str
    document: str
    variables: dict[str, Any]
    groups: tuple[str, ...] = ()
    same_matches: bool = True
    limited: bool = True
    """Whether it must not take much longer with many rows; the docs say why some do."""

    @property
    def page(self) -> Question:
        """Ask for the first page."""
        return Question(self.document % PAGE, self.variables, self.groups)

    @property
    def counted(self) -> Question:
        """Ask for the number of rows as well."""
        return Question(self.document % f"totalCount {PAGE}", self.variables, self.groups)


def _work_items(
    name: str, group: str, order: Any, *, status: str = "READY", **options: bool
) -> List:
    filter_ = [{"status": status}, {"addressedGroups": [group]}]
    section = "allWorkItems by status and addressed group, ordered by deadline"
    variables = {"filter": filter_, "order": order}
    return List(section, name, WORK_ITEMS, variables, **options)


def _cases(name: str, value: Any) -> List:
    filter_ = [{"metaValue": [value]}]
    return List("allCases by a meta value", name, CASES, {"filter": filter_, "order": []})


def _visible(name: str, document: str, groups: list[str], variables: Any, **options: bool) -> List:
    section = "Under AddressedGroups, for a user with ten groups"
    return List(section, name, document, variables, tuple(groups), **options)


READY_BY_DEADLINE = {"filter": [{"status": "READY"}], "order": DEADLINE}
BY_CREATION: dict[str, Any] = {"filter": [], "order": []}

LISTS = (
    _work_items("a group with some matches", STEADY, DEADLINE),
    _work_items("the same, latest first", STEADY, LATEST),
    _work_items("a group with few matches", FEW, DEADLINE),
    _work_items("a group that has none", NOBODY, DEADLINE),
    _work_items("a group with very many", BUSY, DEADLINE, same_matches=False),
    _work_items("the same, latest first", BUSY, LATEST, same_matches=False),
    _work_items("COMPLETED, very many", BUSY, DEADLINE, status="COMPLETED", same_matches=False),
    _work_items("a group whose many items are all closed", RETIRED, DEADLINE, limited=False),
    _cases("a value with some matches", {"key": "campaign", "value": STEADY}),
    _cases("a value with few matches", {"key": "campaign", "value": FEW}),
    _cases("a value that no case has", {"key": "campaign", "value": NOBODY}),
    _visible("READY items of rare groups", WORK_ITEMS, RARE_UNITS, READY_BY_DEADLINE),
    _visible(
        "READY items of busy groups", WORK_ITEMS, BUSY_UNITS, READY_BY_DEADLINE, same_matches=False
    ),
    _visible("cases of rare groups", CASES, RARE_UNITS, BY_CREATION, limited=False),
    _visible("cases of busy groups", CASES, BUSY_UNITS, BY_CREATION, same_matches=False),
)
