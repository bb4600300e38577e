"""The limits on values: of variables, and of arguments in a document.

A list of objects is one of filters or orders. Each entry becomes a part of the statement, which
takes longer than in proportion to put together. Other values become parameters, each of which the
database compares. Those that stand in the document itself are bounded by its tokens.
"""

from collections.abc import Iterable
from typing import Any, Final

from graphql import ListValueNode, ObjectValueNode, ValueNode, VariableNode

from workflow_events.graphql.limits.limit import check
from workflow_events.workflow.errors import LimitExceeded

MAX_CONDITIONS: Final = 400
"""Of the filters of one list: SQLite takes expressions 1,000 deep, each condition one or two."""
MAX_LOOKUPS: Final = 20
"""Of the filters of one list in other rows: PostgreSQL plans 20 in 50 ms, 100 in 1.5 s."""


def check_values(variables: dict[str, Any]) -> None:
    """Raise `LimitExceeded` for variables with too many levels, filters or values."""
    depth = entries = values = 0
    level: list[Any] = list(variables.values())
    while level := [value for value in level if isinstance(value, dict | list)]:
        depth += 1
        inner: list[Any] = []
        for value in level:
            if isinstance(value, dict):
                inner += value.values()
            else:
                inner += value
                if len(value) > entries and any(isinstance(entry, dict) for entry in value):
                    entries = len(value)
        values += len(inner)
        level = inner
    check(depth, "QUERY_DEPTH_LIMIT", "The variables nest their values {} levels deep")
    check(entries, "QUERY_FILTER_LIMIT", "A list in the variables has {} objects")
    check(values, "QUERY_VALUE_LIMIT", "The variables hold {} values")


def check_filters(members: Iterable[Any], lookups: int) -> None:
    """Raise `LimitExceeded` for the filters of one list.

    Takes the values of all their members, now that variables are put in, as each may stand in
    several places; and how many of them look other rows up.
    """
    conditions = values = 0
    for member in members:
        listed = member if isinstance(member, list) else [member]
        # A list of objects is one of conditions, a list of scalars is one condition.
        conditions += max(1, sum(isinstance(value, dict) for value in listed))
        level = listed
        while level:
            values += len(level)
            containers = [value for value in level if isinstance(value, dict | list)]
            level = [
                value
                for found in containers
                for value in (found.values() if isinstance(found, dict) else found)
            ]
    check(values, "QUERY_VALUE_LIMIT", "The filters of a list hold {} values")
    if lookups > MAX_LOOKUPS:
        raise LimitExceeded(
            f"The filters of a list look into {lookups} other lists; {MAX_LOOKUPS} are allowed."
        )
    if conditions > MAX_CONDITIONS:
        raise LimitExceeded(
            f"The filters of a list have {conditions:,} conditions; {MAX_CONDITIONS} are allowed."
        )


def entries_of(value: ValueNode | None) -> int:
    """Return the length of the longest list of objects in a literal."""
    entries = 0
    stack = [value]
    while stack:
        value = stack.pop()
        if isinstance(value, ObjectValueNode):
            stack += [field.value for field in value.fields]
        elif isinstance(value, ListValueNode):
            stack += value.values
            if any(isinstance(entry, ObjectValueNode | VariableNode) for entry in value.values):
                entries = max(entries, len(value.values))
    return entries
