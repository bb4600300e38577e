"""Checks of values that the type system of GraphQL lets pass and the database would not."""

import json
import math
from datetime import UTC, datetime
from typing import Any, NoReturn

from django.utils import timezone

from workflow_events.workflow.errors import InvalidInput
from workflow_events.workflow.values import TOO_DEEP, is_too_deep


def check_storable(value: Any, member: str) -> None:
    """Raise `InvalidInput` if the value holds text or numbers that no database stores.

    That is NUL characters, halves of surrogate pairs, and numbers that are infinite or not a
    number, however deep in lists and objects.
    """
    pending = [value]
    while pending:
        found = pending.pop()
        if isinstance(found, str):
            _check_text(found, member)
        elif isinstance(found, float) and not math.isfinite(found):
            raise InvalidInput(f'"{member}" holds a number that is not finite.')
        elif isinstance(found, dict):
            pending += [*found.keys(), *found.values()]
        elif isinstance(found, list):
            pending += found


def _check_text(text: str, member: str) -> None:
    if "\0" in text:
        raise InvalidInput(f'"{member}" holds a NUL character, which cannot be stored.')
    if not text.isascii() and any("\ud800" <= character <= "\udfff" for character in text):
        raise InvalidInput(f'"{member}" holds half of a surrogate pair, which is no text.')


def parse_json(text: str, member: str) -> Any:
    """Return what the JSON text says; `InvalidInput` if it is no JSON or cannot be stored."""
    try:
        value = json.loads(text, parse_constant=_refuse_constant)
    except RecursionError:
        raise InvalidInput(f'"{member}" is nested too deeply.') from None
    except ValueError as error:
        raise InvalidInput(f'"{member}" is not valid JSON: {error}') from None
    if is_too_deep(value):
        raise InvalidInput(f'"{member}": {TOO_DEEP}')
    check_storable(value, member)
    return value


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is no JSON")


def parse_json_object(text: str, member: str) -> dict[str, Any]:
    """Return the object that the JSON text holds; `InvalidInput` if it holds anything else."""
    value = parse_json(text, member)
    if not isinstance(value, dict):
        raise InvalidInput(f'"{member}" must hold a JSON object, like "{{}}".')
    return value


def aware(moment: datetime, member: str) -> datetime:
    """Return the moment in UTC, in the server's time zone if it names none.

    Raises `InvalidInput` where that leaves the years that can be stored.
    """
    try:
        if timezone.is_naive(moment):
            moment = timezone.make_aware(moment)
        return moment.astimezone(UTC)
    except (OverflowError, ValueError):
        raise InvalidInput(f'"{member}" is out of range.') from None
