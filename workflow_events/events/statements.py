"""Reading just enough of a SQL statement to know what it may have done."""

from __future__ import annotations

import re
from enum import Enum
from functools import lru_cache
from typing import Any


class Kind(Enum):
    """What a statement can do to rows."""

    READ = "read"
    WRITE = "write"
    UNKNOWN = "unknown"
    """It may write anything: a procedure, a common table expression, something of a driver."""


_ONE = r"(?!.*;\s*\S)"  # what follows a semicolon may do anything
_READ = re.compile(rf"\s*SELECT\b{_ONE}(?=.*\bFROM\b)(?!.*\bINTO\b)", re.IGNORECASE | re.DOTALL)
_CONTROL = re.compile(
    rf"\s*(SAVEPOINT|RELEASE|ROLLBACK|SET|PRAGMA|SHOW)\b{_ONE}", re.IGNORECASE | re.DOTALL
)
_WRITE = re.compile(
    r"\s*(?:INSERT(?:\s+OR\s+\w+)?\s+INTO|REPLACE\s+INTO|UPDATE(?:\s+ONLY)?(?!\s+OR\b)"
    r"|DELETE\s+FROM(?:\s+ONLY)?)"
    # No schema in front: it would be taken for the table.
    r"\s+(?:\"(?P<quoted>[^\"]+)\"|(?P<bare>\w+))(?![\w.]|\s*\.)",
    re.IGNORECASE,
)


def kind_of(sql: Any) -> Kind:
    """Classify a statement; whatever is not plainly harmless is unknown."""
    return _kind_of_text(sql) if isinstance(sql, str) else Kind.UNKNOWN


@lru_cache(maxsize=2048)
def _kind_of_text(sql: str) -> Kind:
    if _READ.match(sql) or _CONTROL.match(sql):
        return Kind.READ
    return Kind.WRITE if _WRITE.match(sql) else Kind.UNKNOWN


def written_table(sql: str) -> str:
    """Return the table that a statement of `Kind.WRITE` names."""
    found = _WRITE.match(sql)
    assert found is not None, sql  # noqa: S101 (callers have asked kind_of)
    return found["quoted"] or found["bare"]
