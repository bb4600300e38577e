"""Rows, users and other values as the messages and sequences of a test show them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from datetime import date, datetime, time
from enum import Enum
from reprlib import recursive_repr
from types import ModuleType
from typing import Any
from uuid import UUID

from django.db.models import AutoField, Field, ForeignKey, Model, QuerySet

from workflow_events.events.isolation.snapshots import itself
from workflow_events.events.registration.senders import names_of

_UUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_ADDRESS = re.compile(r" at 0x[0-9a-fA-F]+")


class StableNames:
    """Names for what differs from run to run: rows and ids are numbered as they come.

    ``rows`` are the fields to show of a model's rows, by model. Without it these are the fields
    with choices, unique texts, and foreign keys to rows with natural keys (`identifying_fields`).
    """

    def __init__(self, rows: Mapping[type[Model], Iterable[str]]) -> None:
        self._rows = {model: tuple(fields) for model, fields in rows.items()}
        self._numbers: dict[tuple[str, Any], int] = {}
        self._labels: dict[str, str] = {}

    def value(self, value: Any) -> Any:
        """Return what JSON can express of a value, and is the same at each run."""
        if isinstance(value, Enum):
            value = value.value
        if value is None or isinstance(value, bool | int | float):
            return value
        if isinstance(value, str):
            return _UUID.sub(lambda found: self._id(found[0]), value)
        return self._members(value)

    def _members(self, value: Any) -> Any:
        if isinstance(value, Mapping):
            return {str(self.value(key)): self.value(member) for key, member in value.items()}
        if isinstance(value, list):
            return [self.value(member) for member in value]
        return self._object(value)

    def _object(self, value: Any) -> str:
        if isinstance(value, Row):
            return self._row(value)
        if isinstance(value, UUID):
            return self._id(str(value))
        if isinstance(value, datetime | date | time):
            return f"<{type(value).__name__}>"
        return text_of(value)

    def _id(self, key: str) -> str:
        return self._labels.get(key) or f"<UUID {self._number('UUID', key)}>"

    def _row(self, row: Row) -> str:
        name = row.model.__name__
        if is_natural_key(key := row.model._meta.pk):
            own = f"{name} {self.value(row.values.get(key.attname))!r}"
        elif row.adding:
            own = f"unsaved {name}"
        else:
            own = f"{name} {self._number(name, row.key)}"
            self._labels.setdefault(str(row.key), f"<{own}>")
        fields = self._rows.get(row.model, None)
        shown = self.fields(row, identifying_fields(row.model) if fields is None else fields)
        return f"{own} ({', '.join(shown)})" if shown else own

    def fields(self, row: Row, names: Iterable[str]) -> list[str]:
        """Return these fields of a row, each as ``name=value``, as far as they were loaded."""
        fields = [row.model._meta.get_field(name) for name in names]
        return [
            f"{field.name}={self.value(row.values[field.attname])!r}"
            for field in fields
            if isinstance(field, Field) and field.attname in row.values
        ]

    def _number(self, kind: str, key: Any) -> int:
        mine = [known for known in self._numbers if known[0] == kind]
        return self._numbers.setdefault((kind, str(key)), len(mine) + 1)


class Row:
    """A row as it was at a moment, without asking the database for more than was loaded."""

    def __init__(self, instance: Model) -> None:
        self.model = type(instance)
        self.key = instance.pk
        self.adding = instance._state.adding
        names = {field.attname for field in self.model._meta.concrete_fields}
        self.values = {name: captured(v) for name, v in vars(instance).items() if name in names}


@recursive_repr("…")
def captured(value: Any) -> Any:
    """Return a value as it is now, for showing it later; runs no SQL but that of a lazy object."""
    if isinstance(value, Model):
        return Row(itself(value))
    if isinstance(value, Mapping):
        return {key: captured(member) for key, member in value.items()}
    if isinstance(value, list | tuple):
        return [captured(member) for member in value]
    if isinstance(value, set | frozenset):
        return sorted(map(captured, value), key=_rank)
    return value if isinstance(value, _UNCHANGING) else text_of(value)


def _rank(member: Any) -> str:
    """Return by what members of a set are sorted: rows by their keys."""
    return str(member.key).rjust(40) if isinstance(member, Row) else repr(member)


_UNCHANGING = (type(None), bool, int, float, str, UUID, date, time, Enum)


def text_of(value: Any) -> str:
    """Return the text of an object without its address; of a class or function its name."""
    if isinstance(value, QuerySet):
        return f"<QuerySet of {value.model.__name__}>"  # its repr would run it
    if isinstance(value, type | ModuleType) or hasattr(value, "__qualname__"):
        return names_of(value)[1]
    return _ADDRESS.sub("", _repr(value))


def _repr(value: Any) -> str:
    try:
        return repr(value)
    except Exception:  # what is only looked at must not fail for that
        return f"<{type(value).__qualname__} without a repr>"


@recursive_repr("…")
def short_repr(value: Any) -> str:
    """Return a value for a message: a row with its key, without asking the database."""
    if isinstance(value, Model):
        row = Row(itself(value))
        identifying = StableNames({}).fields(row, identifying_fields(row.model))
        return f"<{row.model.__name__} {', '.join([f'pk={row.key}', *identifying])}>"
    if isinstance(value, QuerySet | type) or hasattr(value, "__qualname__"):
        return text_of(value)
    if type(value) is list:
        return f"[{', '.join(map(short_repr, value))}]"
    if type(value) is dict:
        members = [f"{short_repr(key)}: {short_repr(member)}" for key, member in value.items()]
        return f"{{{', '.join(members)}}}"
    return _repr(value)


def identifying_fields(model: type[Model]) -> list[str]:
    """Return the fields by which a reader recognises a row and its state, whatever its key is."""
    return [
        field.name
        for field in model._meta.concrete_fields
        if not field.primary_key
        and (field.choices or _is_text_of_its_own(field) or _refers_to_natural_key(field))
    ]


def is_natural_key(key: Field[Any, Any]) -> bool:
    """Tell whether a table has natural keys, such as slugs: chosen by somebody, not generated."""
    return not isinstance(key, AutoField) and not key.has_default() and not key.is_relation


def _is_text_of_its_own(field: Field[Any, Any]) -> bool:
    return field.unique and field.get_internal_type() in ("CharField", "SlugField")


def _refers_to_natural_key(field: Field[Any, Any]) -> bool:
    return isinstance(field, ForeignKey) and is_natural_key(field.target_field)
