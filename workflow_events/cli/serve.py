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
from django.db import DatabaseError, connections

from workflow_events.cli.checks import check_database, check_tables, missing_migrations
from workflow_events.cli.example import load_example
from workflow_events.cli.server import Server, address
from workflow_events.delivery import engines

MIGRATION_CHECKS = 50
"""How often to look, each tenth of a second, whether another process gets on with migrating."""


def serve(arguments: list[str]) -> None:
    """Serve until SIGINT or SIGTERM; with the options, migrate and load the example before."""
    parser = argparse.ArgumentParser(prog="workflow-events serve", description=__doc__)
    parser.add_argument("--migrate", action="store_true", help="bring the tables up to date first")
    parser.add_argument(
        "--load-example", action="store_true", help="create the example workflow first"
    )
    parser.add_argument(
        "--worker",
        action="store_true",
        help="run a worker beside it, for receivers in the background",
    )
    options = parser.parse_args(arguments)
    _check_address(settings.HOST, settings.PORT)
    check_database()
    if options.migrate:
        _migrate()
    else:
        check_tables()
    engines.announce()
    if options.load_example:
        sys.stdout.write(load_example() + "\n")
    if isinstance(sys.stdout, io.TextIOWrapper):
        # What a receiver prints is seen when it is printed, also in a file or a pipe.
        sys.stdout.reconfigure(line_buffering=True)
    # A connection must not be shared by the workers that are forked from this process.
    connections.close_all()
    Server(example=options.load_example, worker=options.worker).run()


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


def _migrate() -> None:
    """Bring the tables up to date, also where other services that start do so at the same time."""
    try:
        call_command("migrate", interactive=False, verbosity=0)
    except DatabaseError:
        # Whoever comes second finds tables that the first one has just made, and leaves the rest
        # to it, as long as it gets on.
        if not _is_done_by_another():
            raise


def _is_done_by_another() -> bool:
    """Wait while another process applies migrations; return whether it has applied them all."""
    left, checks = missing_migrations(), 0
    while left and checks < MIGRATION_CHECKS:
        time.sleep(0.1)
        before, left = left, missing_migrations()
        checks = checks + 1 if left == before else 0
    return not left


def _family(host: str) -> socket.AddressFamily:
    return socket.AF_INET6 if ":" in host else socket.AF_INET
