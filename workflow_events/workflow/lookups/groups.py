"""Lists of groups and users that are stored as JSON."""

import json
from collections.abc import Iterable
from typing import Any, Final

from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models import BooleanField, F, Func, Q
from django.db.models.sql.compiler import SQLCompiler

SQLITE: Final = (
    "EXISTS (SELECT 1 FROM json_each(%(column)s) stored"
    " WHERE json_type(%(column)s) = 'array' AND stored.type = 'text'"
    # Looked up in an index that is made once, as there may be many rows and many texts.
    " AND stored.value IN (SELECT value FROM json_each(%%s)))"
)


def groups_overlap(field: str, values: Iterable[str]) -> Q:
    """Return the condition that the list in a JSON column has one of these texts.

    Takes the name of the field, which may lead over relations, and the texts; none match nothing.
    What is stored and is no list does not match either. On PostgreSQL the GIN index serves it.
    Null, neither true nor false, where a relation leads nowhere.
    """
    return Q(Overlap(field, tuple(values)))


class Overlap(Func):
    """Whether a JSON column holds a list with one of these texts."""

    output_field = BooleanField()

    def __init__(self, field: str, values: tuple[str, ...]) -> None:
        super().__init__(F(field))
        self.values = values

    def as_postgresql(
        self, compiler: SQLCompiler, connection: BaseDatabaseWrapper, **context: Any
    ) -> tuple[str, tuple[Any, ...]]:
        """Ask for containment of each text, as the index knows no other overlap."""
        column, params = compiler.compile(self.source_expressions[0])
        wanted = [json.dumps([value]) for value in self.values]
        return f"{column} @> ANY(%s::jsonb[])", (*params, wanted)

    def as_sqlite(
        self, compiler: SQLCompiler, connection: BaseDatabaseWrapper, **context: Any
    ) -> tuple[str, tuple[Any, ...]]:
        """Look each text of the list up among those given."""
        column, params = compiler.compile(self.source_expressions[0])
        return SQLITE % {"column": column}, (*params, *params, json.dumps(self.values))
