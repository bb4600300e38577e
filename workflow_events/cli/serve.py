"""Serves the application with gunicorn."""

import argparse
import errno
import io
import socket
import sys
import time

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.core.management import call_command
from django.db import DatabaseError, connection, connections
from django.db.migrations.executor import MigrationExecutor

from workflow_events.cli.example import load_example
from workflow_events.cli.server import Server, address
from workflow_events.workflow.lookups.text_order import DICTIONARY

MIGRATION_CHECKS = 50
"""How often to look, each tenth of a second, whether another process is done with migrating."""


def serve(arguments: list[str]) -> None:
    """Serve until SIGINT or SIGTERM; with the options, migrate and load the example before."""
    parser = argparse.ArgumentParser(prog="workflow-events serve", description=__doc__)
    parser.add_argument("--migrate", action="store_true", help="bring the tables up to date first")
    parser.add_argument(
        "--load-example", action="store_true", help="create the example workflow first"
    )
    options = parser.parse_args(arguments)
    _check_address(settings.HOST, settings.PORT)
    _check_database()
    if options.migrate:
        _migrate()
    else:
        _check_tables()
    if options.load_example:
        sys.stdout.write(load_example() + "\n")
    if isinstance(sys.stdout, io.TextIOWrapper):
        # What a receiver prints is seen when it is printed, also in a file or a pipe.
        sys.stdout.reconfigure(line_buffering=True)
    # A connection must not be shared by the workers that are forked from this process.
    connections.close_all()
    Server(example=options.load_example).run()


def _check_address(host: str, port: int) -> None:
    """Raise `ImproperlyConfigured` when the address cannot be listened on."""
    try:
        with socket.create_server((host, port), family=_family(host)):
            return
    except OSError as error:
        if error.errno == errno.EADDRINUSE:
            raise ImproperlyConfigured(
                f"PORT: {port} on {host} is in use by another program; "
                f"choose another one, for example PORT={port + 1}"
            ) from None
        raise ImproperlyConfigured(f"HOST, PORT: cannot listen on {address()}: {error}") from None


def _check_database() -> None:
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


def _migrate() -> None:
    """Bring the tables up to date, also where other services that start do so at the same time."""
    try:
        call_command("migrate", interactive=False, verbosity=0)
    except DatabaseError:
        # Whoever comes second finds tables that the first one has just made. By now they are
        # committed; the note that they are may follow in a moment.
        for _ in range(MIGRATION_CHECKS):
            if not _is_behind():
                return
            time.sleep(0.1)
        raise


def _check_tables() -> None:
    """Raise `ImproperlyConfigured` when a migration has not been applied."""
    if _is_behind():
        raise ImproperlyConfigured(
            "DATABASE_URL: the tables are missing or not up to date; "
            "run `workflow-events migrate`, or `workflow-events serve --migrate`"
        )


def _is_behind() -> bool:
    """Return whether a migration has not been applied."""
    executor = MigrationExecutor(connection)
    return bool(executor.migration_plan(executor.loader.graph.leaf_nodes()))


def _family(host: str) -> socket.AddressFamily:
    return socket.AF_INET6 if ":" in host else socket.AF_INET
