"""Writing down the statements of a real completion, so that the bare view can repeat them."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from typing import Any
from uuid import UUID

from django.db import connection


class Varying(Enum):
    """A parameter that differs from one completion to the next."""

    ITEM = "the work item"
    CASE = "its case"
    NEW = "the work item that it leads to"
    NOW = "the moment"


@dataclass(frozen=True)
class Statement:
    """A statement as Django hands it to the driver; parameters that differ are marked."""

    sql: str
    parameters: tuple[Any, ...]


def recorded(action: Callable[[], None], *, item: UUID, case: UUID) -> list[Statement]:
    """Run the action, which completes this item of this case, and return its statements."""
    known = {item: Varying.ITEM, case: Varying.CASE}
    found: list[Statement] = []
    created: set[UUID] = set()

    def marked(parameter: Any) -> Any:
        if isinstance(parameter, datetime):
            return Varying.NOW
        if not isinstance(parameter, UUID):
            return parameter
        if parameter not in known:
            created.add(parameter)
        return known.get(parameter, Varying.NEW)

    def write_down(
        execute: Callable[..., Any], sql: str, parameters: Any, many: bool, context: Any
    ) -> Any:
        assert not many, sql
        found.append(Statement(sql, tuple(map(marked, parameters or ()))))
        return execute(sql, parameters, many, context)

    with connection.execute_wrapper(write_down):
        action()
    assert len(created) == 1, f"a completion creates one item, not {len(created)}"
    return found
