"""Storing any number of rows in one statement, which takes them as one text of JSON.

Django's ``bulk_create`` splits them where it counts parameters (SQLite before Django 6), and takes
longer (docs/decisions/0028-rows-as-one-text.md). The statement is built from the model, so
that no column is forgotten.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from functools import cache
from typing import Any

from django.db import DEFAULT_DB_ALIAS, connections
from django.db.models import Model

_SQLITE = "INSERT INTO {table} ({columns}) SELECT {values} FROM json_each(%s) ORDER BY key"
_POSTGRESQL = (
    "INSERT INTO {table} ({columns}) SELECT {columns} FROM ROWS FROM ("
    "json_to_recordset(%s) AS ({types})) WITH ORDINALITY ORDER BY ordinality"
)


def insert(rows: Sequence[Model]) -> None:
    """Store rows of one model; keys that the database assigns grow in their order.

    Sends no signals, and the instances do not get to know their keys.
    """
    model = type(rows[0])
    connection = connections[DEFAULT_DB_ALIAS]
    fields = _stored(model)
    on_sqlite = connection.vendor == "sqlite"
    given: list[Any] = [
        [field.get_db_prep_save(field.pre_save(row, True), connection) for field in fields]
        if on_sqlite
        else {field.column: field.pre_save(row, True) for field in fields}
        for row in rows
    ]
    with connection.cursor() as cursor:
        # PostgreSQL reads keys and times in the form that str() gives them.
        cursor.execute(_statement(model, connection.vendor), [json.dumps(given, default=str)])


@cache
def _stored(model: type[Model]) -> list[Any]:
    """Return the fields of the columns that the database does not fill itself."""
    return [
        field
        for field in model._meta.concrete_fields
        if field is not model._meta.auto_field and not field.generated
    ]


@cache
def _statement(model: type[Model], vendor: str) -> str:
    connection = connections[DEFAULT_DB_ALIAS]
    columns = [connection.ops.quote_name(field.column) for field in _stored(model)]
    types = [field.db_type(connection) for field in _stored(model)]
    return (_SQLITE if vendor == "sqlite" else _POSTGRESQL).format(
        table=connection.ops.quote_name(model._meta.db_table),
        columns=", ".join(columns),
        types=", ".join(f"{column} {kind}" for column, kind in zip(columns, types, strict=True)),
        values=", ".join(f"json_extract(value, '$[{place}]')" for place in range(len(columns))),
    )
