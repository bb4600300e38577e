"""What expressions see as ``info``: read-only objects that look at a row when they are asked.

No attribute runs SQL but those that lead to another row, and those only when it is not loaded yet.
"""

from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from typing import Any

from django.core.exceptions import ObjectDoesNotExist

from workflow_events.workflow.models import Case, Task, WorkItem
from workflow_events.workflow.users import User


class Attributes(Mapping[str, Any]):
    """An object of the expression language whose attributes are computed when they are asked for.

    Takes the object's name for messages, and a function for each attribute.
    """

    __slots__ = ("_getters", "_name")

    def __init__(self, name: str, getters: dict[str, Callable[[], Any]]) -> None:
        self._name = name
        self._getters = getters

    def __getitem__(self, key: str) -> Any:
        return self._getters[key]()

    def __iter__(self) -> Iterator[str]:
        return iter(self._getters)

    def __len__(self) -> int:
        return len(self._getters)

    def __repr__(self) -> str:
        return f"{self._name} with {', '.join(self._getters)}"

    __hash__ = object.__hash__

    def __eq__(self, other: object) -> bool:
        # comparing all attributes would run SQL
        return self is other


def _time(moment: datetime | None) -> str | None:
    return moment.isoformat() if moment else None


def case_attributes(case: Case) -> Attributes:
    """A case as expressions see it."""
    return Attributes(
        "a case",
        {
            "id": lambda: str(case.pk),
            "workflow": lambda: case.workflow_id,
            "family": lambda: str(case.family_id),
            "status": lambda: str(case.status),
            "meta": lambda: case.meta,
            "created_at": lambda: _time(case.created_at),
            "created_by_user": lambda: case.created_by_user,
            "created_by_group": lambda: case.created_by_group,
            "parent_work_item": lambda: _parent_of(case),
        },
    )


def _parent_of(case: Case) -> Attributes | None:
    try:
        return work_item_attributes(case.parent_work_item)
    except ObjectDoesNotExist:
        return None


def work_item_attributes(work_item: WorkItem) -> Attributes:
    """A work item as expressions see it."""
    return Attributes(
        "a work item",
        {
            "id": lambda: str(work_item.pk),
            "task": lambda: work_item.task_id,
            "case": lambda: case_attributes(work_item.case),
            "status": lambda: str(work_item.status),
            "name": lambda: work_item.name,
            "description": lambda: work_item.description,
            "meta": lambda: work_item.meta,
            "deadline": lambda: _time(work_item.deadline),
            "addressed_groups": lambda: work_item.addressed_groups,
            "controlling_groups": lambda: work_item.controlling_groups,
            "assigned_users": lambda: work_item.assigned_users,
            "created_at": lambda: _time(work_item.created_at),
            "created_by_user": lambda: work_item.created_by_user,
            "created_by_group": lambda: work_item.created_by_group,
            "closed_at": lambda: _time(work_item.closed_at),
            "closed_by_user": lambda: work_item.closed_by_user,
            "closed_by_group": lambda: work_item.closed_by_group,
        },
    )


def new_work_item_attributes(task: Task, user: User | None) -> Attributes:
    """The work item that is about to be created, in a group expression."""
    return Attributes(
        "a new work item",
        {
            "task": lambda: task.pk,
            "created_by_user": lambda: user.username if user else None,
            "created_by_group": lambda: user.group if user else None,
        },
    )


def user_attributes(user: User) -> Attributes:
    """The acting user as expressions see it."""
    return Attributes(
        "a user",
        {
            "username": lambda: user.username,
            "group": lambda: user.group,
            "groups": lambda: list(user.groups),
        },
    )
