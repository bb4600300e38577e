"""The database, and the connections to it."""

from typing import Any

from workflow_events.configuration import NOT_ONE_TRANSACTION, ONE_TRANSACTION
from workflow_events.environment.reading import variables

variables.section("Database", guide="how-to/deploy.md")
variables.refused(*ONE_TRANSACTION, because=NOT_ONE_TRANSACTION)
variables.renamed("DATABASE_HOST", "DATABASE_NAME", "DATABASE_PASSWORD", to="DATABASE_URL")
DATABASES: dict[str, dict[str, Any]] = {
    "default": variables.database(
        "DATABASE_URL",
        default="sqlite:///db.sqlite3",
        effect="The database, SQLite or PostgreSQL; a relative path of a file is taken from the "
        "working directory. Special characters of a password are percent-encoded.",
    )
}
CONN_MAX_AGE = variables.integer(
    "CONN_MAX_AGE",
    default=60,
    minimum=0,
    maximum=86_400,
    effect="Seconds that a thread keeps its database connection; `0` closes it after each request.",
)
SQLITE_TIMEOUT = variables.integer(
    "SQLITE_TIMEOUT",
    default=20,
    minimum=0,
    maximum=3_600,
    effect="Seconds that a transaction waits on SQLite until another one has ended.",
)
