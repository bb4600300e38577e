"""A worker in a process of its own, on the database of the tests, and what it has to deliver."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from django.db import connection

from tests.delivery.backends import wait_until
from tests.project.processes import COMMAND, Output, started
from workflow_events.cli.example import load_example
from workflow_events.delivery.models import Delivery
from workflow_events.events import on
from workflow_events.settings import TASKS
from workflow_events.workflow.api import start_case
from workflow_events.workflow.events import post_create_case
from workflow_events.workflow.users import BaseUser

RECEIVERS = """
import os, threading
from workflow_events.events import on
from workflow_events.workflow.events import post_create_case

@on(post_create_case, background=True)
def hear(case, context):
    print("heard", context, os.getpid(), flush=True)
    if context == "slow":
        threading.Event().wait(1)
        print("ended", flush=True)
    if context == "endless":
        threading.Event().wait(60)
"""


class Place:
    """A directory with a receiver in the background, which the tests emit for."""

    def __init__(self, directory: Path, settings) -> None:
        self.directory = directory
        # The engine of the worker, not the one that the test kit chooses.
        settings.TASKS = TASKS
        (directory / "heard.py").write_text(RECEIVERS)
        on(post_create_case, background=True, name="heard.hear")(self._elsewhere)
        load_example()
        self.variables = {
            "ENV": "dev",
            "EVENT_RECEIVER_MODULES": "heard",
            "DATABASE_URL": url(),
            # Whatever is delivered soon was delivered because the worker was woken.
            "WORKER_SWEEP_INTERVAL": "3600",
        }

    @staticmethod
    def _elsewhere(case, context) -> None:
        raise AssertionError("only the worker has it")

    def emit(self, context: str) -> None:
        """Start a case."""
        start_case("application", BaseUser("u"), context=context)

    def states(self) -> list[str]:
        """Return how the deliveries stand, oldest first."""
        return list(Delivery.objects.order_by("pk").values_list("state", flat=True))

    def wait_for_states(self, *states: str) -> None:
        """Wait until the deliveries stand so."""
        wait_until(lambda: self.states() == list(states))

    @contextmanager
    def started(self, *arguments: str, **variables: str) -> Iterator[tuple]:
        """Run a command until the block ends; gives the process and its output."""
        command = [COMMAND, *arguments]
        variables = {**self.variables, **variables}
        with started(command, cwd=self.directory, **variables) as (process, output):
            yield process, output

    @contextmanager
    def worker(self, **variables: str) -> Iterator[tuple]:
        """Run a worker that has begun to deliver."""
        with self.started("worker", **variables) as (process, output):
            output.wait_for("^(Delivering to|Enqueueing what is overdue for) ")
            yield process, output


def url() -> str:
    """Return the URL of the database of the tests."""
    database = connection.settings_dict
    if connection.vendor == "sqlite":
        return f"sqlite:///{database['NAME']}"
    authority = f"{database['USER']}:{database['PASSWORD']}@{database['HOST']}"
    return f"postgres://{authority}:{database['PORT']}/{database['NAME']}"


def heard(output: Output, context: str) -> int:
    """Wait until a receiver has got this; returns the id of the process that it ran in."""
    return int(output.wait_for(f"^heard {context} ").split()[2])
