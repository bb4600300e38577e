"""Conditions on the value that a JSON column has at a key."""

import json
from typing import Any, Final

from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models import BooleanField, F, Func, Q
from django.db.models.sql.compiler import SQLCompiler

from workflow_events.workflow.lookups.json_rules import (
    LISTED,
    SIZES,
    JSONLookup,
    alike,
    all_alike,
    parse,
    predicate,
)
from workflow_events.workflow.lookups.text_order import DICTIONARY

SQL = tuple[str, tuple[Any, ...]]

# The key is cast, so that one of digits is not taken for the place in a list.
VALUE: Final = "({column} -> %s::text)"
TEXT: Final = "({column} ->> %s::text)"
TEXTUAL: Final = {
    JSONLookup.STARTSWITH: f"starts_with({TEXT}, %s)",
    JSONLookup.CONTAINS: f"strpos({TEXT}, %s) > 0",
    # ICU's upper case: that of the database may know no more than ASCII.
    JSONLookup.ICONTAINS: (
        f'strpos(upper({TEXT} COLLATE "{DICTIONARY}"), upper(%s COLLATE "{DICTIONARY}")) > 0'
    ),
}


def has_key(field: str, key: str) -> Q:
    """Return the condition that a JSON column holds an object with this key."""
    return Q(HasKey(field, key))


def json_value(field: str, key: str, value: Any, lookup: JSONLookup) -> Q:
    """Return the condition that what a JSON column has at this key compares to the value.

    Takes a value for which `problem_of` finds nothing wrong. Whatever else is stored, an object
    without the key or no object at all, does not match. On PostgreSQL an index for containment
    serves EXACT, IN and INTERSECTS.
    """
    return Q(JSONValue(field, key, value, lookup))


class HasKey(Func):
    """Whether a JSON column holds an object with a key."""

    output_field = BooleanField()

    def __init__(self, field: str, key: str) -> None:
        super().__init__(F(field))
        self.key = key

    def as_postgresql(
        self, compiler: SQLCompiler, connection: BaseDatabaseWrapper, **context: Any
    ) -> SQL:
        """Ask for the key of an object; lists and texts have such "keys", too."""
        column, params = compiler.compile(self.source_expressions[0])
        sql = f"(jsonb_typeof({column}) = 'object' AND {column} ? %s)"
        return sql, (*params, *params, self.key)

    def as_sqlite(
        self, compiler: SQLCompiler, connection: BaseDatabaseWrapper, **context: Any
    ) -> SQL:
        """Call `has_json_key`."""
        column, params = compiler.compile(self.source_expressions[0])
        return f"has_json_key({column}, %s)", (*params, self.key)


class JSONValue(Func):
    """Whether what a JSON column has at a key compares to a value; never null for a column."""

    output_field = BooleanField()

    def __init__(self, field: str, key: str, value: Any, lookup: JSONLookup) -> None:
        super().__init__(F(field))
        self.key = key
        self.value = value
        self.lookup = lookup

    def as_sqlite(
        self, compiler: SQLCompiler, connection: BaseDatabaseWrapper, **context: Any
    ) -> SQL:
        """Call `json_value_matches`."""
        column, params = compiler.compile(self.source_expressions[0])
        given = (self.key, self.lookup.name, json.dumps(self.value))
        return f"json_value_matches({column}, %s, %s, %s)", (*params, *given)

    def as_postgresql(
        self, compiler: SQLCompiler, connection: BaseDatabaseWrapper, **context: Any
    ) -> SQL:
        """Ask for containment where that decides, or at least finds the rows to look at."""
        column, params = compiler.compile(self.source_expressions[0])
        if params:
            raise ValueError("A JSON value is looked up in a column, not in an expression.")
        if self.lookup is JSONLookup.INTERSECTS:
            return self._intersects(column)
        if self.lookup is JSONLookup.EXACT or self.lookup in LISTED:
            return self._equals(column)
        return self._compares(column)

    def _equals(self, column: str) -> SQL:
        is_listed = self.lookup in LISTED
        values = all_alike(self.value) if is_listed else alike(self.value)
        sql = f"{column} @> ANY(%s::jsonb[])"
        contained = [json.dumps({self.key: value}) for value in values]
        if not _has_containers(values):
            return sql, (contained,)
        exact = f"{VALUE} = ANY(%s::jsonb[])".format(column=column)
        return f"({sql} AND {exact})", (contained, self.key, _written(values))

    def _intersects(self, column: str) -> SQL:
        values = all_alike(self.value)
        sql = f"{column} @> ANY(%s::jsonb[])"
        contained = [json.dumps({self.key: [value]}) for value in values]
        if not _has_containers(values):
            return sql, (contained,)
        # The list is asked for once more, as the database may look at members first.
        members = f"CASE jsonb_typeof({VALUE}) WHEN 'array' THEN {VALUE} END"
        exact = (
            f"EXISTS (SELECT FROM jsonb_array_elements({members}) one WHERE one = ANY(%s::jsonb[]))"
        )
        return (
            f"({sql} AND {exact.format(column=column)})",
            (contained, self.key, self.key, _written(values)),
        )

    def _compares(self, column: str) -> SQL:
        kind, given = "string", self.value
        if self.lookup in TEXTUAL:
            holds = TEXTUAL[self.lookup]
        elif isinstance(self.value, str):
            holds = f'{TEXT} COLLATE "C" {SIZES[self.lookup][0]} %s'
        else:
            kind, given = "number", json.dumps(self.value)
            holds = f"{VALUE} {SIZES[self.lookup][0]} %s::jsonb"
        sql = f"coalesce(jsonb_typeof({VALUE}) = '{kind}' AND {holds}, false)"
        return sql.format(column=column), (self.key, self.key, given)


def _has_containers(values: list[Any]) -> bool:
    """Say whether containment is not equality, as it is for scalars."""
    return any(isinstance(value, list | dict) for value in values)


def _written(values: list[Any]) -> list[str]:
    return [json.dumps(value) for value in values]


def has_json_key(column: str, key: str) -> bool:
    """Do for SQLite what `HasKey` says."""
    stored = parse(column)
    return isinstance(stored, dict) and key in stored


def json_value_matches(column: str, key: str, lookup: str, given: str) -> bool:
    """Do for SQLite what `JSONValue` says."""
    stored = parse(column)
    if not isinstance(stored, dict) or key not in stored:
        return False
    return predicate(JSONLookup[lookup], given)(stored[key])
