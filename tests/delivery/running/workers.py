"""A runner in a thread, events for its receivers, and waiting for what they do."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any
from uuid import UUID

from workflow_events.delivery.running.runner import Runner
from workflow_events.events import Event, emit, on


class Ran(Event):
    number: int = 1


class Stepped(Event, case=lambda about: about):
    about: UUID
    number: int = 1


def background(function: Any = None, **options: Any) -> Any:
    def register(function: Any) -> Any:
        named = {"name": function.__name__, **options}
        return on(Ran, delivery="background", **named)(function)

    return register(function) if function else register


@contextmanager
def running() -> Iterator[Runner]:
    """Run a worker in a thread until the block ends; what ends it is raised."""
    stop, ends = threading.Event(), []
    worker = Runner()

    def run() -> None:
        try:
            worker.run(stop)
        except BaseException as error:
            ends.append(error)

    thread = threading.Thread(target=run)
    thread.start()
    try:
        yield worker
    finally:
        stop.set()
        thread.join(timeout=30)
    assert not thread.is_alive()
    if ends:
        raise ends[0]


def until(holds: Callable[[], Any], seconds: float = 20) -> None:
    """Wait until something holds."""
    ended, pause = time.monotonic() + seconds, threading.Event()
    while not holds():
        assert time.monotonic() < ended, "it does not hold in time"
        pause.wait(0.02)


def emit_and_wake(worker: Runner, *numbers: int) -> None:
    for number in numbers:
        emit(Ran, sender=None, number=number)
    worker.wake()


def nothing() -> Callable[[], None]:
    def receiver() -> None: ...

    return receiver
