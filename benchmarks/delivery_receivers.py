"""The receivers whose deliveries are measured, and the events that they get.

BENCHMARK_NOTES is a file; who is told the time by it needs no SQL.
"""

import os
import time
from typing import Any
from uuid import UUID

from django.db import connection

from benchmarks.delivery_ledger import TABLE
from workflow_events.events import Event, on
from workflow_events.workflow.events import post_complete_work_item

_notes = os.open(
    os.environ.get("BENCHMARK_NOTES", os.devnull), os.O_WRONLY | os.O_APPEND | os.O_CREAT
)


class Happened(Event, case=lambda about: about):
    """Something to be delivered, in the order of what it is about."""

    about: UUID
    number: int


class Heard(Event, case=lambda about: about):
    """Something to whose receiver nothing is left to do."""

    about: UUID
    number: int


@on(Happened, background=True, name="benchmark.insert")
def insert(number: int) -> None:
    """Write one row: what is done by the jobs of the bare engine, too."""
    write(number)


@on(Heard, background=True, name="benchmark.nothing")
def nothing() -> None:
    """Do nothing."""


@on(post_complete_work_item, background=True, name="benchmark.note")
def note(context: Any) -> None:
    """Note that the delivery has come, and when."""
    os.write(_notes, f"{context} {time.monotonic()}\n".encode())


def write(number: int) -> None:
    """Write one row, with the moment."""
    with connection.cursor() as cursor:
        cursor.execute(
            f"INSERT INTO {TABLE} (number, moment) VALUES (%s, %s)", [number, time.monotonic()]
        )
