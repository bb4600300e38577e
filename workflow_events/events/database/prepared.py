"""Statements that are built and compiled once, for those of every operation.

Django builds and compiles the SQL of a query each time anew, which costs more than executing it
(docs/decisions/0022-prepared-queries.md). Nothing of the database is kept here, only the text of a
statement, and how its rows become instances.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from threading import local
from types import SimpleNamespace
from typing import Any, Generic, TypeVar

from django.db import DEFAULT_DB_ALIAS, connections
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models import BooleanField, Expression, F, Field, Func, Model, QuerySet
from django.db.models.query import ModelIterable
from django.db.models.sql import InsertQuery, UpdateQuery

Row = TypeVar("Row")


class Parameter(Expression):
    """Stands in a prepared query for a value that is given at each execution.

    Takes the name under which it is given, and a field that converts it for the database.
    """

    def __init__(self, name: str, field: Field[Any, Any]) -> None:
        super().__init__(output_field=field)
        self.name = name

    def as_sql(self, compiler: Any, connection: Any) -> tuple[str, Any]:
        """Compile to a placeholder, for this parameter itself."""
        return "%s", [self]

    def bound(self, values: Mapping[str, Any], connection: BaseDatabaseWrapper) -> Any:
        """Return the value that is given under its name, as the driver takes it."""
        return self.output_field.get_db_prep_save(values[self.name], connection)


class Among(Func):
    """Stands for the condition that a column has one of the values that are given at an execution.

    Takes the column as a queryset names it, the name under which the values are given, and a field
    that converts them for the database. They are one parameter, however many.
    """

    output_field = BooleanField()
    template = "%(expressions)s)"
    arg_joiner = " = ANY("

    def __init__(self, column: str, name: str, field: Field[Any, Any]) -> None:
        super().__init__(F(column), _Values(name, field))

    def as_sqlite(self, compiler: Any, connection: Any, **_: Any) -> tuple[str, Any]:
        """Compile to what SQLite has in place of arrays."""
        within = {
            "template": "%(expressions)s))",
            "arg_joiner": " IN (SELECT value FROM json_each(",
        }
        return self.as_sql(compiler, connection, **within)


class _Values(Parameter):
    """Stands for any number of values."""

    def bound(self, values: Mapping[str, Any], connection: BaseDatabaseWrapper) -> Any:
        field = self.output_field
        given = [field.get_db_prep_save(value, connection) for value in values[self.name]]
        return json.dumps(given) if connection.vendor == "sqlite" else given


class Prepared(Generic[Row]):
    """A query with parameters.

    Takes a function that returns the queryset, with a `Parameter` in place of each value that
    differs; it is called, and its result compiled, once for each connection.
    """

    def __init__(self, build: Callable[[], QuerySet[Any, Row]]) -> None:
        self._compiled = _OfThread(lambda connection: _Query(build(), connection))

    def rows(self, **values: Any) -> list[Row]:
        """Execute the query with these values of its parameters, and return its rows."""
        return self._compiled.get().rows(values)

    def first(self, **values: Any) -> Row | None:
        """Execute the query, and return its first row, if there is one."""
        return next(iter(self.rows(**values)), None)


class PreparedChange:
    """An UPDATE of the rows of a query. Sends no signals.

    Takes a function that returns the queryset, and expressions or values for its fields.
    """

    def __init__(self, build: Callable[[], QuerySet[Any, Any]], **changes: Any) -> None:
        def compile_for(connection: BaseDatabaseWrapper) -> _Compiled:
            query: Any = build().query.chain(UpdateQuery)
            query.add_update_values(changes)
            return _Compiled(connection, *query.get_compiler(connection=connection).as_sql())

        self._compiled = _OfThread(compile_for)

    def execute(self, **values: Any) -> int:
        """Execute it with these values of its parameters; return how many rows were changed."""
        with self._compiled.get().executed(values) as cursor:
            return int(cursor.rowcount)


class PreparedInsert:
    """The INSERT of an instance of a model whose key is no matter of the database.

    Sends no signals, as ``bulk_create``.
    """

    def __init__(self, model: type[Model]) -> None:
        self._fields = model._meta.concrete_fields
        self._compiled = _OfThread(self._compile)

    def execute(self, instance: Any) -> None:
        """Store the instance; raises ``ValueError`` if it leads to one without a key."""
        instance._prepare_related_fields_for_save(operation_name="insert")
        values = {field.attname: field.pre_save(instance, add=True) for field in self._fields}
        compiled = self._compiled.get()
        with compiled.executed(values):
            instance._state.adding = False
            instance._state.db = compiled.connection.alias

    def _compile(self, connection: BaseDatabaseWrapper) -> _Compiled:
        query = InsertQuery(self._fields[0].model)
        names = {field.attname: Parameter(field.attname, field) for field in self._fields}
        row: Any = SimpleNamespace(**names)
        # Raw, as the parameters are no values that a field could prepare.
        query.insert_values(self._fields, [row], raw=True)
        [(sql, parameters)] = query.get_compiler(connection=connection).as_sql()
        return _Compiled(connection, sql, parameters)


class PreparedUpdate:
    """The UPDATE of certain fields of one row, by its key. Sends no signals."""

    def __init__(self, model: type[Model], names: Iterable[str]) -> None:
        key: Any = model._meta.pk
        self._fields: list[Any] = [model._meta.get_field(name) for name in names]
        self._change = PreparedChange(
            lambda: model._base_manager.filter(pk=Parameter("pk", key)),
            **{field.name: Parameter(field.attname, field) for field in self._fields},
        )

    def execute(self, instance: Model) -> bool:
        """Write the fields of the instance; return whether its row was there."""
        values = {field.attname: field.pre_save(instance, add=False) for field in self._fields}
        return self._change.execute(**{**values, "pk": instance.pk}) == 1


class _Compiled:
    """A statement compiled for a connection."""

    def __init__(
        self, connection: BaseDatabaseWrapper, sql: str, parameters: Iterable[Any]
    ) -> None:
        self.connection = connection
        self._sql = sql
        self._parameters = list(parameters)

    @contextmanager
    def executed(self, values: Mapping[str, Any]) -> Iterator[Any]:
        """Execute the statement with these values of its parameters, and yield the cursor."""
        connection = self.connection
        given = [
            p.bound(values, connection) if isinstance(p, Parameter) else p for p in self._parameters
        ]
        with connection.cursor() as cursor:
            cursor.execute(self._sql, given)
            yield cursor


C = TypeVar("C", bound=_Compiled)


class _OfThread(Generic[C]):
    """A statement as it is compiled for the connection of each thread."""

    def __init__(self, compile_for: Callable[[BaseDatabaseWrapper], C]) -> None:
        self._compile_for = compile_for
        self._local = local()

    def get(self) -> C:
        """Return it compiled for the connection of this thread."""
        connection = connections[DEFAULT_DB_ALIAS]
        compiled: C | None = getattr(self._local, "compiled", None)
        if compiled is None or compiled.connection is not connection:
            compiled = self._local.compiled = self._compile_for(connection)
        return compiled


class _Query(_Compiled):
    """A query compiled for a connection, and how its rows are read."""

    def __init__(self, queryset: QuerySet[Any, Any], connection: BaseDatabaseWrapper) -> None:
        self._compiler = queryset.query.get_compiler(connection=connection)
        super().__init__(connection, *self._compiler.as_sql())
        select = self._compiler.select
        self._converters = self._compiler.get_converters([column for column, *_ in select])
        self._instances = None
        if queryset._iterable_class is ModelIterable:
            self._instances = _Instances(self._compiler.klass_info, select)

    def rows(self, values: Mapping[str, Any]) -> list[Any]:
        """Execute it; return instances or, of a query for certain values, tuples."""
        with self.executed(values) as cursor:
            found: Iterator[Sequence[Any]] = iter(cursor.fetchall())
        if self._converters:
            found = self._compiler.apply_converters(found, self._converters)
        if self._instances is None:
            return [tuple(row) for row in found]
        return [self._instances.of(row, self.connection.alias) for row in found]


class _Instances:
    """Makes instances of one model from rows, with those that select_related adds to them."""

    def __init__(self, info: Mapping[str, Any], select: Sequence[Any]) -> None:
        self._model: type[Model] = info["model"]
        self._places: list[int] = info["select_fields"]
        self._names = [select[place][0].target.attname for place in self._places]
        self._key = self._places[self._names.index(self._model._meta.pk.attname)]
        self._related = [
            (_Instances(inner, select), inner["local_setter"], inner["remote_setter"])
            for inner in info.get("related_klass_infos", ())
        ]

    def of(self, row: Sequence[Any], alias: str) -> Any:
        """Return the instance that the row holds, None where an outer join found none."""
        if row[self._key] is None:
            return None
        instance = self._model.from_db(alias, self._names, [row[place] for place in self._places])
        for instances, set_here, set_there in self._related:
            related = instances.of(row, alias)
            set_here(instance, related)
            if related is not None:
                set_there(related, instance)
        return instance
