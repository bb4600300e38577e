"""The values of a record: as it holds them, as its row does, and how the two differ."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from copy import deepcopy
from functools import lru_cache
from typing import Any

from django.core.exceptions import ValidationError
from django.db import DEFAULT_DB_ALIAS, connections
from django.db.models import FileField, JSONField, Model, QuerySet

from workflow_events.events.database.prepared import Parameter, Prepared

Values = dict[str, Any]
"""By name of the field; of a foreign key, the key of the row that it leads to."""


def written_fields(model: type[Model], names: Collection[str] | None = None) -> list[Any]:
    """Return the fields that an UPDATE writes, all or those of these names, keys aside."""
    fields: list[Any] = list(model._meta.concrete_fields)
    keys = {
        *model._meta.pk_fields,
        *(field for field in fields if field.primary_key),
    }
    return [
        field
        for field in fields
        if field not in keys
        and not field.generated
        and (names is None or field.name in names or field.attname in names)
    ]


def values_of(record: Model, fields: Iterable[Any]) -> Values:
    """Return what a record holds in these fields, as its fields would load it."""
    return {field.name: _loaded(field, getattr(record, field.attname)) for field in fields}


def loaded_values_of(record: Model) -> Values:
    """Return what a record holds in all fields but those that are deferred."""
    deferred = record.get_deferred_fields()
    fields: list[Any] = list(record._meta.concrete_fields)
    return values_of(record, [field for field in fields if field.attname not in deferred])


def stored_values(
    model: type[Model], using: str, keys: Collection[Any], fields: Iterable[Any]
) -> dict[Any, Values]:
    """Return by key what the rows hold in these fields; those that are not there are missing.

    In a transaction the rows are locked until its end, where the database can do that: what they
    hold is then what the next UPDATE replaces.
    """
    fields = list(fields)
    attnames = tuple(field.attname for field in fields)
    locking = connections[using].in_atomic_block
    if using == DEFAULT_DB_ALIAS and len(keys) == 1 and len(model._meta.pk_fields) == 1:
        [key] = keys
        rows = _row(model, attnames, locking).rows(pk=key)
    else:
        rows = [
            row
            for some in batches(model, using, keys)
            for row in _rows(model, using, attnames, locking).filter(pk__in=some)
        ]
    names = [field.name for field in fields]
    return {key: dict(zip(names, values, strict=True)) for key, *values in rows}


def _rows(
    model: type[Model], using: str, attnames: tuple[str, ...], locking: bool
) -> QuerySet[Any, Any]:
    rows: QuerySet[Any, Any] = QuerySet(model, using=using).order_by("pk")
    if locking:
        rows = rows.select_for_update(no_key=locks_without_key(using))
    return rows.values_list("pk", *attnames)


@lru_cache(maxsize=1024)
def _row(model: type[Model], attnames: tuple[str, ...], locking: bool) -> Prepared[Any]:
    """Return the query of one row: building it each time takes longer than the database does."""
    key: Any = model._meta.pk

    def build() -> QuerySet[Any, Any]:
        rows = _rows(model, DEFAULT_DB_ALIAS, attnames, locking)
        return rows.order_by().filter(pk=Parameter("pk", key))

    return Prepared(build)


def batches(model: type[Model], using: str, keys: Collection[Any]) -> Iterator[Sequence[Any]]:
    """Yield the keys in runs of as many as one statement may name."""
    keys = list(keys)
    columns: Any = model._meta.pk_fields
    size = connections[using].ops.bulk_batch_size(columns, keys)
    for first in range(0, len(keys), size or 1):
        yield keys[first : first + size]


def locks_without_key(using: str) -> bool:
    """Tell whether rows can be locked so that others may go on to refer to them."""
    return connections[using].features.has_select_for_no_key_update


def key_of(record: Model) -> Any:
    """Return the key as the database has it, also where it was given as a text."""
    fields: Any = record._meta.pk_fields
    key = tuple(_loaded(field, getattr(record, field.attname)) for field in fields)
    return key if len(key) > 1 else key[0]


def difference(old: Values, new: Values) -> dict[str, tuple[Any, Any]]:
    """Return old and new value of the fields of ``new`` in which they differ."""
    return {name: (old[name], value) for name, value in new.items() if not same(old[name], value)}


def same(one: Any, other: Any) -> bool:
    """Tell whether two values are the same; what the database will compute is not known to be."""
    return one is other or (not is_expression(other) and bool(one == other))


def expressions_in(values: Mapping[str, Any]) -> list[str]:
    """Return the names of the fields whose value only the database will know."""
    return [name for name, value in values.items() if is_expression(value)]


def is_expression(value: object) -> bool:
    """Tell whether a value is one that the database computes, as ``F("size") + 1``."""
    return hasattr(value, "resolve_expression")


def _loaded(field: Any, value: Any) -> Any:
    """Return a value as it would be if it came from the database: ``5`` for ``"5"``."""
    if value is None or is_expression(value):
        return value
    if isinstance(field, FileField):
        return str(value)
    try:
        if isinstance(field, JSONField):
            return json.loads(json.dumps(value, cls=field.encoder), cls=field.decoder)
        value = field.to_python(value)
    except (TypeError, ValueError, ValidationError):
        pass  # it will not be stored either: that says so better
    return deepcopy(value) if isinstance(value, dict | list | set) else value
