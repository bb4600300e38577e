"""The values of a record: as it holds them, as its row does, and how the two differ."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from copy import deepcopy
from decimal import Decimal
from enum import Enum
from functools import lru_cache
from typing import Any

from django.core.exceptions import ValidationError
from django.db import DEFAULT_DB_ALIAS, connections
from django.db.models import DecimalField, FileField, JSONField, Model, QuerySet

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
    return {field.name: loaded(field, getattr(record, field.attname)) for field in fields}


def loaded_values_of(record: Model) -> Values:
    """Return what a record holds in all fields but those that are deferred."""
    deferred = record.get_deferred_fields()
    fields: list[Any] = list(record._meta.concrete_fields)
    return values_of(record, [field for field in fields if field.attname not in deferred])


def stored_row(
    model: type[Model], using: str, record: Model, fields: Iterable[Any]
) -> Values | None:
    """Return what the row of a record holds in these fields; None if it is not there.

    The database says which row that is: to it, keys may be equal that are not to Python.
    """
    return next(iter(stored_values(model, using, [record.pk], fields).values()), None)


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
    begin_writing(model, using)
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


def begin_writing(model: type[Model], using: str) -> None:
    """In a transaction on SQLite that has not, take the lock for writing before rows are read.

    Who asks for it after a read is refused at once, not after the timeout, if somebody else has
    written since.
    """
    connection: Any = connections[using]
    if connection.vendor != "sqlite" or not connection.in_atomic_block:
        return
    if connection.transaction_mode in ("IMMEDIATE", "EXCLUSIVE"):
        return
    table = connection.ops.quote_name(model._meta.db_table)
    key: Any = model._meta.pk_fields[0]
    column = connection.ops.quote_name(key.column)
    with connection.cursor() as cursor:
        cursor.execute(f"UPDATE {table} SET {column} = {column} WHERE 0")  # noqa: S608


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
    key = tuple(loaded(field, getattr(record, field.attname)) for field in fields)
    return key if len(key) > 1 else key[0]


def difference(old: Values, new: Values) -> dict[str, tuple[Any, Any]]:
    """Return old and new value of the fields of ``new`` in which they differ."""
    return {name: (old[name], value) for name, value in new.items() if not same(old[name], value)}


def same(one: Any, other: Any) -> bool:
    """Tell whether two values are the same; what the database will compute is not known to be."""
    if one is other:
        return True
    if is_expression(other):
        return False
    if type(one) in (dict, list):
        return _same_json(one, other)
    return bool(one == other) or bool(one != one and other != other)  # noqa: PLR0124 (NaN)


def _same_json(one: Any, other: Any) -> bool:
    """Compare as JSON does: there, unlike in Python, 1 is not true and 0 is not false."""
    if type(one) is dict and type(other) is dict:
        return one.keys() == other.keys() and all(_same_json(one[key], other[key]) for key in one)
    if type(one) is list and type(other) is list:
        return len(one) == len(other) and all(map(_same_json, one, other))
    return isinstance(one, bool) is isinstance(other, bool) and bool(one == other)


def computed_in(values: Mapping[str, Any], fields: Iterable[Any]) -> list[Any]:
    """Return the fields of which only the database will know what they hold.

    They are set to an expression, or to a decimal with more places than their column, which every
    database rounds in its own way.
    """
    return [
        field
        for field in fields
        if is_expression(values[field.name]) or _is_rounded(field, values[field.name])
    ]


def _is_rounded(field: Any, value: Any) -> bool:
    if not (isinstance(field, DecimalField) and isinstance(value, Decimal) and value.is_finite()):
        return False
    places = value.as_tuple().exponent
    return isinstance(places, int) and -places > (field.decimal_places or 0)


def is_expression(value: object) -> bool:
    """Tell whether a value is one that the database computes, as ``F("size") + 1``."""
    return hasattr(value, "resolve_expression")


def loaded(field: Any, value: Any) -> Any:
    """Return a value as it would be if it came from the database: ``5`` for ``"5"``."""
    if value is None or is_expression(value):
        return value
    if isinstance(field, FileField):
        return str(value)
    if isinstance(value, memoryview | bytearray):
        return bytes(value)  # which does not change, and can be stored
    try:
        if isinstance(field, JSONField):
            return json.loads(json.dumps(value, cls=field.encoder), cls=field.decoder)
        if isinstance(value, Enum) and isinstance(value, type(value.value)):
            value = value.value
        if comes_as_it_went(field):
            value = field.get_prep_value(value)
        value = field.to_python(value)
    except (TypeError, ValueError, ValidationError):
        pass  # it will not be stored either: that says so better
    return deepcopy(value) if isinstance(value, dict | list | set) else value


def comes_as_it_went(field: Any) -> bool:
    """Tell whether a field loads what it has sent to the database, without converting it."""
    while field.remote_field is not None:
        field = field.target_field
    return not hasattr(field, "from_db_value")
