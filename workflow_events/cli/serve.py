"""Serves the application with gunicorn."""

import argparse
import errno
import io
import signal
import socket
import sys
from typing import Any

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.core.management import call_command
from django.core.wsgi import get_wsgi_application
from django.db import OperationalError, connection, connections
from gunicorn.app.base import BaseApplication

from workflow_events.cli.example import load_example

WELCOME = """\
Serving {url} (Ctrl-C stops). To try, in a second terminal:

  curl {url} -H 'Content-Type: application/json' \\
    -d '{{"query": "mutation {{ saveCase(input: {{workflow: \\"application\\"}})\
 {{ case {{ id status }} }} }}"}}'

Then write a receiver: docs/tutorial/first-steps.md
"""


class Server(BaseApplication):  # type: ignore[misc]
    """Gunicorn with the settings of the service; the application is loaded before the fork."""

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
            "when_ready": _say_hello,
            "post_worker_init": _leave_ctrl_c_to_the_server,
        }.items():
            self.cfg.set(name, value)

    def load(self) -> Any:
        """Return the application that the workers share."""
        return get_wsgi_application()


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
        call_command("migrate", interactive=False, verbosity=0)
    if options.load_example:
        sys.stdout.write(load_example() + "\n")
    if isinstance(sys.stdout, io.TextIOWrapper):
        # What a receiver prints is seen when it is printed, also in a file or a pipe.
        sys.stdout.reconfigure(line_buffering=True)
    # A connection must not be shared by the workers that are forked from this process.
    connections.close_all()
    Server().run()


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
    except OperationalError as error:
        reason = str(error).strip().splitlines()[0]
        raise ImproperlyConfigured(
            f"DATABASE_URL: the database does not answer: {reason}"
        ) from None


def _address() -> str:
    host = f"[{settings.HOST}]" if ":" in settings.HOST else settings.HOST
    return f"{host}:{settings.PORT}"


def _family(host: str) -> socket.AddressFamily:
    return socket.AF_INET6 if ":" in host else socket.AF_INET


def _leave_ctrl_c_to_the_server(_worker: object) -> None:
    # Ctrl-C reaches every process of the terminal. The server tells its workers to stop; a worker
    # that is interrupted a second time while it stops hangs on a lock of its thread pool.
    signal.signal(signal.SIGINT, signal.SIG_IGN)


def _say_hello(_server: object) -> None:
    url = f"http://{_address()}/graphql"
    sys.stdout.write(WELCOME.format(url=url))
    sys.stdout.flush()
