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
    TRANSACTION = "transaction"
    """It begins or ends the transaction, past Django, which would lose track of it."""


_ONE = r"(?!.*;\s*\S)"  # what follows a semicolon may do anything
_READ = re.compile(rf"\s*SELECT\b{_ONE}(?=.*\bFROM\b)(?!.*\bINTO\b)", re.IGNORECASE | re.DOTALL)
_CONTROL = re.compile(
    rf"\s*(SAVEPOINT|RELEASE|ROLLBACK|SET|PRAGMA|SHOW)\b{_ONE}", re.IGNORECASE | re.DOTALL
)
_TRANSACTION = re.compile(
    r"\s*(BEGIN|START\s+TRANSACTION|COMMIT|END|ABORT|PREPARE\s+TRANSACTION"
    r"|ROLLBACK(?!\s+((WORK|TRANSACTION)\s+)?TO\b))\b",
    re.IGNORECASE,
)
_CALLED = re.compile(r"\b([a-z_]\w*)\s*\(", re.IGNORECASE)
_HARMLESS = frozenset(
    # What stands before a bracket without being called, and functions that write nothing.
    re.findall(
        r"\w+",
        """
    all and any array as between by case cast distinct else except exists filter from group in
    intersect is join lateral like limit not offset on or over select then union using values when
    where with within abs array_agg avg bool_and bool_or ceil char char_length coalesce concat count
    date date_part date_trunc decimal extract floor greatest json_agg json_each json_extract
    json_type jsonb_agg jsonb_array_length least left length lower ltrim max min mod now nullif
    numeric position power rank regexp replace right round row_number rtrim sqrt strftime string_agg
    substr substring sum trim unnest upper varchar django_date_extract django_date_trunc
    django_datetime_cast_date django_datetime_extract django_datetime_trunc
    """,
    )
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
    if _TRANSACTION.match(sql):
        return Kind.TRANSACTION
    if _CONTROL.match(sql):
        return Kind.READ
    if _READ.match(sql):
        called = {name.lower() for name in _CALLED.findall(sql)}
        return Kind.READ if called <= _HARMLESS else Kind.UNKNOWN
    return Kind.WRITE if _WRITE.match(sql) else Kind.UNKNOWN


def is_bookkeeping(sql: Any) -> bool:
    """Tell whether a statement is about the transaction or the connection, not about rows."""
    return isinstance(sql, str) and _is_bookkeeping(sql)


@lru_cache(maxsize=2048)
def _is_bookkeeping(sql: str) -> bool:
    return bool(_CONTROL.match(sql) or _TRANSACTION.match(sql))


def written_table(sql: str) -> str:
    """Return the table that a statement of `Kind.WRITE` names."""
    found = _WRITE.match(sql)
    assert found is not None, sql  # noqa: S101 (callers have asked kind_of)
    return found["quoted"] or found["bare"]
