"""The server of the service: gunicorn, with its settings."""

import gc
import signal
import sys
from importlib import import_module
from typing import Any

from django.conf import settings
from django.core.wsgi import get_wsgi_application
from gunicorn.app.base import BaseApplication
from gunicorn.arbiter import Arbiter

from workflow_events.cli.companion import AccompaniedArbiter
from workflow_events.graphql.limits.deadline import limit_statements

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

    With ``example``, it says how to try the example workflow when it is ready; with ``worker``, a
    worker runs beside it.
    """

    def __init__(self, *, example: bool, worker: bool = False) -> None:
        self.example = example
        self.arbiter = AccompaniedArbiter if worker else Arbiter
        # Who started it with nohup wants it to outlive the terminal; gunicorn sets its own handler.
        self.outlives_terminal = signal.getsignal(signal.SIGHUP) is signal.SIG_IGN
        super().__init__()

    def load_config(self) -> None:
        """Take over HOST, PORT, WEB_CONCURRENCY and THREADS."""
        for name, value in {
            "bind": address(),
            "workers": settings.WEB_CONCURRENCY,
            "worker_class": "gthread",
            "threads": settings.THREADS,
            "preload_app": True,
            # Longer than a proxy keeps its idle connections (nginx: 60 s): it must never ask on
            # one that is just being closed here.
            "keepalive": 75,
            # Gunicorn's own news is no news; what fails is.
            "loglevel": "warning",
            # Nobody manages this server through gunicorn's socket in the home directory.
            "control_socket_disable": True,
            "when_ready": self.greet,
            "post_fork": _let_the_server_stop_a_booting_worker,
            "post_worker_init": _leave_signals_of_the_terminal_to_the_server,
        }.items():
            self.cfg.set(name, value)

    def run(self) -> None:
        """Serve until a signal stops it."""
        self.arbiter(self).run()

    def load(self) -> Any:
        """Return the application that the workers share, with all that its requests need."""
        limit_statements()
        application = get_wsgi_application()
        import_module(settings.ROOT_URLCONF)
        # What is loaded by now stays: no collection need look at it, and so touch shared pages.
        gc.collect()
        gc.freeze()
        return application

    def greet(self, arbiter: Any) -> None:
        """Say where it serves; from now on, a closed terminal stops it as Ctrl-C does."""

        def stop(_signal: int, _frame: object) -> None:
            arbiter.signal(signal.SIGTERM, None)

        # Gunicorn would reload, and so live on without a terminal and hold the port.
        signal.signal(signal.SIGHUP, signal.SIG_IGN if self.outlives_terminal else stop)
        url = f"http://{address()}/graphql"
        sys.stdout.write((WELCOME + TO_TRY * self.example).format(url=url))
        sys.stdout.flush()


def address() -> str:
    """Return where the server listens, as a URL writes it."""
    host = f"[{settings.HOST}]" if ":" in settings.HOST else settings.HOST
    return f"{host}:{settings.PORT}"


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
