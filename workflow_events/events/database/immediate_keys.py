"""Foreign keys that SQLite checks at the statement, not at COMMIT."""

from collections.abc import Iterable
from typing import Any

from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.backends.sqlite3 import base  # noqa: F401 (first: the two import each other)
from django.db.backends.sqlite3.operations import DatabaseOperations
from django.db.migrations.operations.base import Operation


class ImmediateForeignKeys(Operation):
    """Makes the tables that this migration creates check their foreign keys at once, on SQLite.

    Django defers them to COMMIT, where a dangling key can no longer be laid at the door of the
    receiver that left it. The first operation of every migration that creates or alters a table
    of ours. PostgreSQL keeps Django's keys, as they can be checked there at any time.
    """

    reduces_to_sql = False
    reversible = True

    def state_forwards(self, app_label: str, state: Any) -> None:
        """Change nothing: models know nothing of this."""

    def database_forwards(
        self, app_label: str, schema_editor: BaseDatabaseSchemaEditor, *states: Any
    ) -> None:
        """Change how this migration's schema editor writes keys."""
        if schema_editor.connection.vendor == "sqlite":
            immediate = "REFERENCES %(to_table)s (%(to_column)s)"
            schema_editor.sql_create_inline_fk = immediate
            schema_editor.sql_create_column_inline_fk = immediate

    def database_backwards(
        self, app_label: str, schema_editor: BaseDatabaseSchemaEditor, *states: Any
    ) -> None:
        """Do as `database_forwards` does: going back, Django may have to make tables anew."""
        self.database_forwards(app_label, schema_editor, *states)

    def describe(self) -> str:
        """Say what it does."""
        return "Check foreign keys at the statement (SQLite)"


class DeferringFlush(DatabaseOperations):
    """SQLite's operations, but ``flush`` may empty the tables in any order, as it expects."""

    def execute_sql_flush(self, sql_list: Iterable[str]) -> None:
        """Empty the tables; keys are checked at the COMMIT that follows."""
        super().execute_sql_flush(["PRAGMA defer_foreign_keys = ON", *sql_list])


def allow_flush(connection: BaseDatabaseWrapper, **kwargs: Any) -> None:
    """Receive ``connection_created``: let ``flush``, and tests that end with it, still work."""
    if type(connection.ops) is DatabaseOperations:
        connection.ops = DeferringFlush(connection)
