"""The limit on values of variables."""

from typing import Any

from workflow_events.graphql.limits.limit import check


def check_values(variables: dict[str, Any]) -> None:
    """Raise `LimitExceeded` when the value of a variable is nested too deeply."""
    depth = 0
    level: list[Any] = list(variables.values())
    while level := [value for value in level if isinstance(value, dict | list)]:
        depth += 1
        level = [
            inner
            for value in level
            for inner in (value.values() if isinstance(value, dict) else value)
        ]
    check(depth, "QUERY_DEPTH_LIMIT", "The variables nest their values {} levels deep")
