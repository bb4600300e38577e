"""Checks of values that come from clients and receivers, before they reach a row."""

import json
import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any, Protocol
from uuid import UUID

from django.core.exceptions import ValidationError
from django.db import models
from django.utils import timezone

from workflow_events.workflow.errors import InvalidInput
from workflow_events.workflow.models import Case, Task, Workflow, WorkItem
from workflow_events.workflow.unset import UNSET

MAX_SLUG = 127
MAX_JSON_NESTING = 100
"""Far below what makes Python, which copies what receivers may change, run out of stack."""
TOO_DEEP = f"Lists and objects are nested more than {MAX_JSON_NESTING} deep."
NUL_ESCAPE = re.compile(r"(?<!\\)(?:\\\\)*\\u0000")
SURROGATE = re.compile("[\ud800-\udfff]")


class Check(Protocol):
    """Returns what is wrong with a value, or nothing."""

    def __call__(self, value: Any) -> str | None:
        """Check one value."""
        ...


def given_only(**values: Any) -> dict[str, Any]:
    """Return the arguments that were given, without those that are `UNSET`."""
    return {name: value for name, value in values.items() if value is not UNSET}


def identifier(value: Any, model: type[models.Model]) -> UUID:
    """Return the primary key that an instance, a UUID or its text stands for.

    Raises `InvalidInput` for anything else, an instance of another model included.
    """
    if isinstance(value, model):
        value = value.pk
    if isinstance(value, UUID):
        return value
    if isinstance(value, str):
        try:
            return UUID(value)
        except ValueError:
            pass
    raise InvalidInput(f"{value!r} is no id of a {model._meta.verbose_name}.")


def check_slug(value: Any) -> str:
    """Return a text that may be a slug; raises `InvalidInput` for what the database refuses."""
    if isinstance(value, str) and 0 < len(value) <= MAX_SLUG and text(value) is None:
        return value
    raise InvalidInput(f"{value!r} is no slug.")


def is_blank(key: str, value: Any) -> bool:
    """Say whether this is a name or description that the task's stands in for (facts 2.3)."""
    if key not in ("name", "description"):
        return False
    return value is None or (isinstance(value, str) and not value.strip())


def spelled_out(error: ValidationError) -> str:
    """Return the messages of a model's validation with the names of the fields."""
    return " ".join(
        f"{name}: {' '.join(messages)}" for name, messages in error.message_dict.items()
    )


def text(value: Any) -> str | None:
    """Text that a database can hold."""
    if not isinstance(value, str):
        return f"{value!r} is no text."
    if "\x00" in value:
        return "The text has a NUL character."
    return "The text has half of a surrogate pair." if _has_surrogate(value) else None


def optional_text(value: Any) -> str | None:
    """Text or nothing."""
    return None if value is None else text(value)


def short_text(limit: int) -> Check:
    """Return a check for text of at most this length, or nothing."""

    def check(value: Any) -> str | None:
        problem = optional_text(value)
        if problem is None and value is not None and len(value) > limit:
            return f"The text is longer than {limit} characters."
        return problem

    return check


def name(value: Any) -> str | None:
    """A name, in whatever language."""
    problem = text(value) or short_text(255)(value)
    return problem or (None if value.strip() else "The name is blank.")


def storable(value: Any) -> str | None:
    """Text that a database can hold, or what the field itself will check."""
    return text(value) if isinstance(value, str) else None


def names(value: Any) -> str | None:
    """A list of groups or users."""
    if not isinstance(value, list):
        return f"{value!r} is no list of texts."
    return next((problem for problem in map(text, value) if problem), None)


def json_value(value: Any) -> str | None:
    """What JSON can express, and both databases can store; not null."""
    if value is None:
        return "null is not allowed."
    try:
        written = json.dumps(value, allow_nan=False, ensure_ascii=False)
    except (TypeError, ValueError) as error:
        return f"It is not JSON: {error}."
    except RecursionError:
        return TOO_DEEP
    if is_too_deep(value):
        return TOO_DEEP
    if NUL_ESCAPE.search(written):
        return "A text has a NUL character."
    return "A text has half of a surrogate pair." if _has_surrogate(written) else None


def is_too_deep(value: Any) -> bool:
    """Say whether lists and objects are nested more than `MAX_JSON_NESTING` deep."""
    level = [value]
    for _ in range(MAX_JSON_NESTING + 1):
        containers = [member for member in level if isinstance(member, dict | list | tuple)]
        if not containers:
            return False
        level = [
            member
            for container in containers
            for member in (container.values() if isinstance(container, dict) else container)
        ]
    return True


def _has_surrogate(value: str) -> bool:
    return not value.isascii() and SURROGATE.search(value) is not None


def moment(value: Any) -> str | None:
    """A point in time with its zone, or nothing."""
    if value is None or (isinstance(value, datetime) and timezone.is_aware(value)):
        return None
    return f"{value!r} is no date and time with a time zone."


def row_of(model: type[models.Model], *, optional: bool = False) -> Check:
    """Return a check for a stored row of that model."""

    def check(value: Any) -> str | None:
        if isinstance(value, model) and not value._state.adding:
            return "It was deleted." if value.pk is None else None
        if optional and value is None:
            return None
        return f"{value!r} is no stored {model.__name__}."

    return check


CREATED_BY: Mapping[str, Check] = {
    "created_by_user": short_text(150),
    "created_by_group": short_text(255),
}
DESIGN: Mapping[str, Check] = {
    "type": storable,
    "name": name,
    "description": optional_text,
    "meta": json_value,
    "address_groups": optional_text,
    "control_groups": optional_text,
    "is_archived": storable,
    "is_published": storable,
    "allow_all_forms": storable,
    "lead_time": storable,
    "is_multiple_instance": storable,
    "continue_async": storable,
}
CASE: Mapping[str, Check] = {
    "workflow": row_of(Workflow),
    "meta": json_value,
    "parent_work_item": row_of(WorkItem, optional=True),
    **CREATED_BY,
}
WORK_ITEM: Mapping[str, Check] = {
    "case": row_of(Case),
    "task": row_of(Task),
    "name": name,
    "description": optional_text,
    "meta": json_value,
    "addressed_groups": names,
    "controlling_groups": names,
    "assigned_users": names,
    "deadline": moment,
    "previous_work_item": row_of(WorkItem, optional=True),
    **CREATED_BY,
}


def check_values(checks: Mapping[str, Check], values: Mapping[str, Any], what: str) -> None:
    """Check every value that is there, and that no other is.

    Raises `InvalidInput` that names what the values are for, the key, and what is wrong.
    """
    if not isinstance(values, Mapping):  # a receiver can assign anything
        raise InvalidInput(f"{what}: {values!r} is no dict of values.")
    for key, value in values.items():
        if key not in checks:
            raise InvalidInput(f"{what}: {key!r} cannot be set; there are {', '.join(checks)}.")
        problem = checks[key](value)
        if problem:
            raise InvalidInput(f"{what}: {key}: {problem}")


def check_complete(checks: Mapping[str, Check], values: Mapping[str, Any], what: str) -> None:
    """Check as `check_values` does, and that no key is missing."""
    check_values(checks, values, what)
    missing = [key for key in checks if key not in values]
    if missing:
        raise InvalidInput(f"{what}: {', '.join(missing)} is missing.")
