"""How JSON values compare, by facts 1.5.1: what SQLite calls, and PostgreSQL is told in SQL.

Numbers are compared by their decimal value and are no truth values; texts by codepoint; lists and
objects in whole.
"""

import json
import math
import operator
import re
from collections.abc import Callable
from decimal import Decimal
from enum import Enum
from functools import lru_cache
from typing import Any, Final

NUMBER: Final = re.compile(r"-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][-+]?[0-9]+)?")


class JSONLookup(Enum):
    """How a stored JSON value is compared to a given one; each with its rule."""

    EXACT = (
        "Equal. A text also equals the number, or the truth value, that it spells: "
        '"5" finds 5 and 5.0, and "true" finds true.'
    )
    STARTSWITH = "A text that starts with the given text."
    CONTAINS = "A text that has the given text in it."
    ICONTAINS = "A text that has the given text in it, in upper or lower case."
    IN = "Equal, as EXACT has it, to one of a list of values."
    INTERSECTS = "A list with one of a list of values in it, equal as EXACT has it."
    GTE = "Greater than or equal to the given number, or to the given text by codepoint."
    GT = "Greater than the given number, or the given text by codepoint."
    LTE = "Less than or equal to the given number, or to the given text by codepoint."
    LT = "Less than the given number, or the given text by codepoint."


LISTED: Final = (JSONLookup.IN, JSONLookup.INTERSECTS)
TEXTUAL: Final = (JSONLookup.STARTSWITH, JSONLookup.CONTAINS, JSONLookup.ICONTAINS)
SIZES: Final[dict[JSONLookup, tuple[str, Callable[[Any, Any], bool]]]] = {
    JSONLookup.GTE: (">=", operator.ge),
    JSONLookup.GT: (">", operator.gt),
    JSONLookup.LTE: ("<=", operator.le),
    JSONLookup.LT: ("<", operator.lt),
}


def problem_of(value: Any, lookup: JSONLookup) -> str | None:
    """Return what is wrong with a value that this lookup is given, or nothing."""
    if lookup in LISTED and not isinstance(value, list):
        return f"{lookup.name} takes a list of values."
    if lookup in TEXTUAL and not isinstance(value, str):
        return f"{lookup.name} takes a text."
    if lookup in SIZES and (isinstance(value, bool) or not isinstance(value, int | float | str)):
        return f"{lookup.name} takes a number or a text."
    return None


def alike(value: Any) -> list[Any]:
    """Return the stored values that a given one equals: itself, and what a text spells.

    Clients send ids and numbers as texts.
    """
    if not isinstance(value, str):
        return [value]
    if value in ("true", "false"):
        return [value, value == "true"]
    if NUMBER.fullmatch(value):
        try:
            number = json.loads(value)
        except ValueError:  # more digits than Python reads, so that none such is stored
            return [value]
        if isinstance(number, int) or math.isfinite(number):
            return [value, number]
    return [value]


def all_alike(values: list[Any]) -> list[Any]:
    """Return the stored values that one of the given ones equals."""
    return [found for value in values for found in alike(value)]


def parse(text: str) -> Any:
    """Return a JSON value with its numbers as decimals, which compare exactly."""
    return json.loads(text, parse_float=Decimal, parse_int=Decimal)


def equal(one: Any, other: Any) -> bool:
    """Say whether two parsed values are equal; true is not 1."""
    if type(one) is not type(other):
        return False
    if isinstance(one, list):
        return len(one) == len(other) and all(map(equal, one, other))
    if isinstance(one, dict):
        return one.keys() == other.keys() and all(equal(one[key], other[key]) for key in one)
    return bool(one == other)


@lru_cache(maxsize=1_000)
def predicate(lookup: JSONLookup, given: str) -> Callable[[Any], bool]:
    """Return the test of parsed stored values for a given value, which is JSON text."""
    value = json.loads(given)
    if lookup is JSONLookup.EXACT:
        return _is_any(alike(value))
    if lookup is JSONLookup.IN:
        return _is_any(all_alike(value))
    if lookup is JSONLookup.INTERSECTS:
        is_wanted = _is_any(all_alike(value))
        return lambda stored: isinstance(stored, list) and any(map(is_wanted, stored))
    if lookup in SIZES:
        limit, compares = parse(given), SIZES[lookup][1]
        return lambda stored: type(stored) is type(limit) and compares(stored, limit)
    holds = _textual(lookup, value)
    return lambda stored: isinstance(stored, str) and holds(stored)


def _is_any(values: list[Any]) -> Callable[[Any], bool]:
    wanted = [parse(json.dumps(value)) for value in values]
    containers = [value for value in wanted if isinstance(value, list | dict)]
    # Scalars are looked up, as there may be many; with their types, as true is not 1.
    scalars = {(type(value), value) for value in wanted if not isinstance(value, list | dict)}

    def is_any(stored: Any) -> bool:
        if isinstance(stored, list | dict):
            return any(equal(stored, value) for value in containers)
        return (type(stored), stored) in scalars

    return is_any


def _textual(lookup: JSONLookup, value: str) -> Callable[[str], bool]:
    if lookup is JSONLookup.STARTSWITH:
        return lambda stored: stored.startswith(value)
    if lookup is JSONLookup.CONTAINS:
        return lambda stored: value in stored
    upper = value.upper()
    return lambda stored: upper in stored.upper()
