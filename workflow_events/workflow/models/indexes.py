"""Indexes into JSON columns, which exist on PostgreSQL only."""

from typing import Any

from django.contrib.postgres.indexes import GinIndex
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.backends.ddl_references import Statement
from django.db.models import Model


class ContainmentIndex(GinIndex):
    """A GIN index for ``@>`` on one JSON column: one value, or one group, among many.

    Other databases have none: an ordinary index of the whole text would only cost.
    """

    def __init__(self, *expressions: Any, **options: Any) -> None:
        options.setdefault("opclasses", ["jsonb_path_ops"])
        super().__init__(*expressions, **options)

    def create_sql(
        self, model: type[Model], schema_editor: BaseDatabaseSchemaEditor, *args: Any, **kwargs: Any
    ) -> Statement:
        """Return the statement; elsewhere than on PostgreSQL one that does nothing."""
        if schema_editor.connection.vendor == "postgresql":
            return super().create_sql(model, schema_editor, *args, **kwargs)
        return Statement("SELECT 1")

    def remove_sql(
        self, model: type[Model], schema_editor: BaseDatabaseSchemaEditor, **kwargs: Any
    ) -> Any:
        """Return the statement; elsewhere than on PostgreSQL one that does nothing."""
        if schema_editor.connection.vendor == "postgresql":
            return super().remove_sql(model, schema_editor, **kwargs)
        return Statement("SELECT 1")
