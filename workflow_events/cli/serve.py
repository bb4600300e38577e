"""Serves the application with gunicorn."""

import argparse
import errno
import io
import signal
import socket
import sys
import time
from typing import Any

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.core.management import call_command
from django.core.wsgi import get_wsgi_application
from django.db import DatabaseError, connection, connections
from django.db.migrations.executor import MigrationExecutor
from gunicorn.app.base import BaseApplication

from workflow_events.cli.example import load_example

MIGRATION_CHECKS = 50
"""How often to look, each tenth of a second, whether another process is done with migrating."""

WELCOME = "Serving {url} (Ctrl-C stops).\n"
TO_TRY = """\
To try, in a second terminal:

  curl {url} -H 'Content-Type: application/json' \\
    -d '{{"query": "mutation {{ saveCase(input: {{workflow: \\"application\\"}})\
 {{ case {{ id status }} }} }}"}}'

Then write a receiver: docs/tutorial/first-steps.md
"""


class Server(BaseApplication):  # type: ignore[misc]
    """Gunicorn with the settings of the service; the application is loaded before the fork.

    With ``example``, it says how to try the example workflow when it is ready.
    """

    def __init__(self, *, example: bool) -> None:
        self.example = example
        # Who started it with nohup wants it to outlive the terminal; gunicorn sets its own handler.
        self.outlives_terminal = signal.getsignal(signal.SIGHUP) is signal.SIG_IGN
        super().__init__()

    def load_config(self) -> None:
        """Take over HOST, PORT, WEB_CONCURRENCY and THREADS."""
        for name, value in {
            "bind": _address(),
            "workers": settings.WEB_CONCURRENCY,
            "worker_class": "gthread",
            "threads": settings.THREADS,
            "preload_app": True,
            # Gunicorn's own news is no news; what fails is.
            "loglevel": "warning",
            # Nobody manages this server through gunicorn's socket in the home directory.
            "control_socket_disable": True,
            "when_ready": self.greet,
            "post_fork": _let_the_server_stop_a_booting_worker,
            "post_worker_init": _leave_signals_of_the_terminal_to_the_server,
        }.items():
            self.cfg.set(name, value)

    def load(self) -> Any:
        """Return the application that the workers share."""
        return get_wsgi_application()

    def greet(self, arbiter: Any) -> None:
        """Say where it serves; from now on, a closed terminal stops it as Ctrl-C does."""

        def stop(_signal: int, _frame: object) -> None:
            arbiter.signal(signal.SIGTERM, None)

        # Gunicorn would reload, and so live on without a terminal and hold the port.
        signal.signal(signal.SIGHUP, signal.SIG_IGN if self.outlives_terminal else stop)
        url = f"http://{_address()}/graphql"
        sys.stdout.write((WELCOME + TO_TRY * self.example).format(url=url))
        sys.stdout.flush()


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
        raise ImproperlyConfigured(f"HOST, PORT: cannot listen on {_address()}: {error}") from None


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


def _address() -> str:
    host = f"[{settings.HOST}]" if ":" in settings.HOST else settings.HOST
    return f"{host}:{settings.PORT}"


def _family(host: str) -> socket.AddressFamily:
    return socket.AF_INET6 if ":" in host else socket.AF_INET


def _let_the_server_stop_a_booting_worker(_server: object, worker: object) -> None:
    # Until it has handlers of its own, a worker has the server's, which would only note the signal.
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    signal.signal(signal.SIGQUIT, signal.SIG_DFL)
    _leave_signals_of_the_terminal_to_the_server(worker)


def _leave_signals_of_the_terminal_to_the_server(_worker: object) -> None:
    # They reach every process of the terminal. The server tells its workers to stop; a worker that
    # is interrupted a second time while it stops hangs on a lock of its thread pool.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
