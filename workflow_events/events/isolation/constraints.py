"""Finding foreign keys that a receiver left dangling, before COMMIT would (contract section 4)."""

from __future__ import annotations

import re
from typing import Any, NamedTuple

from django.db import IntegrityError
from django.db.backends.base.base import BaseDatabaseWrapper

from workflow_events.events.isolation.statements import Kind, written_table


class ForeignKeyCheck:
    """Databases that check every key at the statement need no check of ours."""

    def __init__(self, connection: BaseDatabaseWrapper) -> None:
        self.connection = connection

    @staticmethod
    def of(connection: BaseDatabaseWrapper) -> ForeignKeyCheck:
        """Return the check that fits the database."""
        if connection.vendor == "sqlite":
            return SQLiteForeignKeyCheck(connection)
        if connection.features.can_defer_constraint_checks:
            return DeferredForeignKeyCheck(connection)
        return ForeignKeyCheck(connection)

    def before_write(self, kind: Kind, sql: Any) -> None:
        """Raise ``IntegrityError`` for a key that was open before the first receiver wrote."""

    def after_writes(self) -> None:
        """Raise ``IntegrityError`` for a key that the receiver left dangling."""


class DeferredForeignKeyCheck(ForeignKeyCheck):
    """Asks the database to check all deferred constraints now (PostgreSQL, Oracle)."""

    def __init__(self, connection: BaseDatabaseWrapper) -> None:
        super().__init__(connection)
        self._checked_before = False

    def before_write(self, kind: Kind, sql: Any) -> None:
        """Check once per emission, in the savepoint of the first receiver that writes."""
        if not self._checked_before:
            self._checked_before = True
            self.connection.check_constraints()

    def after_writes(self) -> None:
        """Check what the receiver left."""
        self.connection.check_constraints()


class DeferredKeys(NamedTuple):
    """What a SQLite schema defers: {table: tables that its deferred keys reference}."""

    references: dict[str, set[str]]
    has_triggers: bool

    def concerned(self, written: str | None) -> set[str]:
        """Return the tables whose keys a write to one table, or to an unknown one, may break."""
        if written is None or self.has_triggers:
            return set(self.references)
        name = written.lower()
        return {t for t, others in self.references.items() if name == t or name in others}


class SQLiteForeignKeyCheck(ForeignKeyCheck):
    """Scans the tables whose deferred keys a written table has, or is referenced by."""

    def __init__(self, connection: BaseDatabaseWrapper) -> None:
        super().__init__(connection)
        self._keys = _deferred_keys(connection)
        self._checked_before: set[str] = set()
        self._written: set[str] = set()

    def before_write(self, kind: Kind, sql: Any) -> None:
        """Check the tables that this statement is the first to concern."""
        concerned = self._keys.concerned(written_table(sql) if kind is Kind.WRITE else None)
        self._check(concerned - self._checked_before)
        self._checked_before |= concerned
        self._written |= concerned

    def after_writes(self) -> None:
        """Check the tables that the receiver's statements concern."""
        written, self._written = self._written, set()
        self._check(written)

    def _check(self, tables: set[str]) -> None:
        # Django's own check fails on tables without a primary key.
        for table in sorted(tables):
            with self.connection.cursor() as cursor:
                name = self.connection.ops.quote_name(table)
                found = cursor.execute(f"PRAGMA foreign_key_check({name})").fetchone()
            if found is not None:
                raise IntegrityError(
                    f"Row {found[1]} of table {table} refers to a row of {found[2]} that is not "
                    "there: FOREIGN KEY constraint failed."
                )


_KEPT_SCHEMAS = 64
_schemas: dict[tuple[str, int, int], DeferredKeys] = {}
_DEFERRED = re.compile(
    r"REFERENCES\s+[\"`\[]?(\w+)[\"`\]]?\s*(?:\([^)]*\))?[^,()]*?\bINITIALLY\s+DEFERRED",
    re.IGNORECASE,
)


def _deferred_keys(connection: BaseDatabaseWrapper) -> DeferredKeys:
    with connection.cursor() as cursor:
        version = cursor.execute("PRAGMA schema_version").fetchone()[0]
        key = (str(connection.settings_dict["NAME"]), id(connection.connection), version)
        if key not in _schemas:
            rows = cursor.execute("SELECT type, name, sql FROM sqlite_master").fetchall()
            if len(_schemas) >= _KEPT_SCHEMAS:
                _schemas.clear()
            references = {
                name.lower(): {other.lower() for other in _DEFERRED.findall(sql)}
                for kind, name, sql in rows
                if kind == "table" and sql and _DEFERRED.search(sql)
            }
            _schemas[key] = DeferredKeys(references, any(kind == "trigger" for kind, _, _ in rows))
        return _schemas[key]
