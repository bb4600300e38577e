"""``changed``: only where a field of a record got another value."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final, TypeVar

from django.db.models import Model

from workflow_events.events.registration.filters import filter_events

F = TypeVar("F", bound=Callable[..., Any])


class _Any:
    def __repr__(self) -> str:
        return "any"


ANY: Final = _Any()
"""Stands for every value; None is one like others."""


def changed(*fields: str, to: Any = ANY, from_: Any = ANY) -> Callable[[F], F]:
    """Run the receiver below only where one of these fields has changed; without any, one at all.

    ``to`` is what it must be now, ``from_`` what it must have been: a value, several in a tuple,
    list or set, or a function that takes the value. A foreign key is its key, or the row that it
    leads to; where the value of a field is a list, that is one value, too. For `PreUpdateRecord`
    and `PostUpdateRecord`; on an event without ``diff``, and for a field that the model does not
    have, it is refused at start-up. Raises ``TypeError`` for a field that is no name.
    """
    if not all(isinstance(field, str) for field in fields):
        raise TypeError("changed takes names of fields, as in changed('status', to='completed').")
    return filter_events(Changed(fields, to, from_))


class Changed:
    """The condition of one `changed`."""

    def __init__(self, fields: tuple[str, ...], to: Any, from_: Any) -> None:
        self.fields = fields
        self.to = to
        self.from_ = from_

    def __call__(self, diff: dict[str, tuple[Any, Any]], sender: type[Model]) -> bool:
        """Tell whether one of the fields is in the diff with such values."""
        return any(
            _is(self.from_, diff[name][0], sender, name)
            and _is(self.to, diff[name][1], sender, name)
            for name in self.fields or diff
            if name in diff
        )

    def __repr__(self) -> str:
        fields = [repr(field) for field in self.fields]
        given = [f"{k}={v!r}" for k, v in (("from_", self.from_), ("to", self.to)) if v is not ANY]
        return f"changed({', '.join([*fields, *given])})"


def is_several(wanted: Any) -> bool:
    """Tell whether what `changed` was given may stand for several values."""
    return isinstance(wanted, tuple | list | set | frozenset)


def _is(wanted: Any, value: Any, model: type[Model], field: str) -> bool:
    """Tell whether a value is the one wanted, one of those, or one that a function wants."""
    if wanted is ANY or _is_one(wanted, value, model, field):
        return True
    return is_several(wanted) and any(_is_one(one, value, model, field) for one in wanted)


def _is_one(wanted: Any, value: Any, model: type[Model], field: str) -> bool:
    if isinstance(wanted, Model):
        key: Any = model._meta.get_field(field)
        return key.is_relation and bool(getattr(wanted, key.target_field.attname, None) == value)
    if callable(wanted):
        return bool(wanted(value))
    return bool(wanted == value)
