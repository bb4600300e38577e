"""What must hold before a process of the service begins to work."""

from django.core.exceptions import ImproperlyConfigured
from django.db import DatabaseError, connection
from django.db.migrations.executor import MigrationExecutor

from workflow_events.workflow.lookups.text_order import DICTIONARY


def check_database() -> None:
    """Raise `ImproperlyConfigured` when the database does not answer."""
    try:
        connection.ensure_connection()
    # Not only OperationalError: a file that is no database is a DatabaseError.
    except DatabaseError as error:
        reason = str(error).strip().splitlines()[0]
        file = f" ({connection.settings_dict['NAME']})" if connection.vendor == "sqlite" else ""
        raise ImproperlyConfigured(
            f"DATABASE_URL: the database does not answer: {reason}{file}"
        ) from None
    if connection.vendor == "postgresql":
        _check_collation()


def _check_collation() -> None:
    """Raise `ImproperlyConfigured` when PostgreSQL cannot order texts as the API promises."""
    try:
        with connection.cursor() as cursor:
            cursor.execute(f"SELECT 'a' COLLATE \"{DICTIONARY}\"")
    except DatabaseError:
        raise ImproperlyConfigured(
            f"DATABASE_URL: this PostgreSQL has no collation {DICTIONARY!r}; use one that is built "
            "with ICU, as those of Debian and of the Docker image are, and a database in UTF-8"
        ) from None


def check_tables() -> None:
    """Raise `ImproperlyConfigured` when a migration has not been applied."""
    if missing_migrations():
        raise ImproperlyConfigured(
            "DATABASE_URL: the tables are missing or not up to date; "
            "run `workflow-events migrate`, or `workflow-events serve --migrate`"
        )


def missing_migrations() -> int:
    """Return how many migrations have not been applied."""
    executor = MigrationExecutor(connection)
    return len(executor.migration_plan(executor.loader.graph.leaf_nodes()))
