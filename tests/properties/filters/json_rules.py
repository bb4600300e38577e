"""What facts 1.5.1 say of JSON values, in plain Python."""

import json
import operator
from decimal import Decimal
from typing import Any

ABSENT = object()
SIZES = {"GT": operator.gt, "GTE": operator.ge, "LT": operator.lt, "LTE": operator.le}
TEXTUAL = {
    "STARTSWITH": str.startswith,
    "CONTAINS": operator.contains,
    "ICONTAINS": lambda stored, given: given.upper() in stored.upper(),
}


def is_number(value: Any) -> bool:
    """Whether it is a number; truth values are none."""
    return isinstance(value, int | float) and not isinstance(value, bool)


def exact(number: float) -> Decimal:
    """The number as JSON writes it."""
    return Decimal(json.dumps(number))


def same(one: Any, other: Any) -> bool:
    """Whether two JSON values are equal."""
    if is_number(one) and is_number(other):
        return exact(one) == exact(other)
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(same(a, b) for a, b in zip(one, other, strict=True))
    if isinstance(one, dict) and isinstance(other, dict):
        return set(one) == set(other) and all(same(one[key], other[key]) for key in one)
    return type(one) is type(other) and not is_number(one) and one == other


def equals(stored: Any, given: Any) -> bool:
    """Whether a stored value equals a given one, or what a given text spells."""
    if same(stored, given):
        return True
    if isinstance(stored, bool):
        return given == json.dumps(stored)
    if not is_number(stored) or not isinstance(given, str) or given != given.strip():
        return False
    try:
        spelled = json.loads(given)
    except ValueError:
        return False
    return is_number(spelled) and json.dumps(spelled)[-1].isdigit() and same(stored, spelled)


def intersects(stored: Any, given: list[Any]) -> bool:
    """Whether a list has one of the values."""
    return isinstance(stored, list) and any(equals(a, b) for a in stored for b in given)


def value_matches(stored: Any, given: Any, lookup: str) -> bool:
    """Whether what is stored compares to what is given."""
    if lookup in SIZES:
        if is_number(given):
            return is_number(stored) and SIZES[lookup](exact(stored), exact(given))
        return isinstance(stored, str) and SIZES[lookup](stored, given)
    if lookup in TEXTUAL:
        return isinstance(stored, str) and TEXTUAL[lookup](stored, given)
    if lookup == "INTERSECTS":
        return intersects(stored, given)
    return any(equals(stored, one) for one in (given if lookup == "IN" else [given]))


def meta_matches(meta: Any, entries: list[dict[str, Any] | None]) -> bool:
    """Whether a ``meta`` passes all entries of a filter."""
    for entry in entries:
        if entry is None:
            continue
        stored = meta.get(entry["key"], ABSENT) if isinstance(meta, dict) else ABSENT
        lookup = entry.get("lookup") or "EXACT"
        if stored is ABSENT or not value_matches(stored, entry["value"], lookup):
            return False
    return True


def json_key(meta: Any, key: str) -> Any:
    """What to order by, None where there is nothing."""
    value = meta.get(key) if isinstance(meta, dict) else None
    if value is None:
        return None
    if isinstance(value, bool):
        return (2, value)
    if is_number(value):
        return (0, exact(value))
    if isinstance(value, str):
        return (1, value)
    return (3,) if isinstance(value, list) else (4,)
