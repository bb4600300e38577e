"""A database of its own for a benchmark."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import urlsplit, urlunsplit

import psycopg
from psycopg import sql

DEFAULT_URL = "postgres://postgres@127.0.0.1:5432/postgres"


class NotReached(Exception):
    """No PostgreSQL answers where one was looked for."""


@contextmanager
def new_database(name: str) -> Iterator[str]:
    """Create a database on PostgreSQL, give its URL, and drop it at the end.

    TEST_DATABASE_URL says where. Raises `NotReached` when nothing answers there.
    """
    parts = urlsplit(os.environ.get("TEST_DATABASE_URL") or DEFAULT_URL)
    try:
        admin = psycopg.connect(
            urlunsplit(parts._replace(path="/postgres")), autocommit=True, connect_timeout=5
        )
    except psycopg.OperationalError as error:
        raise NotReached(f"PostgreSQL is needed (TEST_DATABASE_URL): {error}") from None
    name = f"workflow_events_benchmark_{name}_{os.getpid()}"
    with admin:
        admin.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
        try:
            yield urlunsplit(parts._replace(path=f"/{name}"))
        finally:
            admin.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))
