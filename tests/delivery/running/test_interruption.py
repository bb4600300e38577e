"""Interrupting a receiver from another thread: inside of it, and nowhere else."""

import threading
from typing import Any

import pytest
from asgiref.sync import async_to_sync

from workflow_events.delivery.running.interruption import Interruptible, TimeLimitExceeded
from workflow_events.events import Event, on
from workflow_events.events.registration.receivers import Receiver, is_async
from workflow_events.events.registration.registry import registry

pytestmark = pytest.mark.django_db


def receiver_of(function: Any) -> Receiver:
    class Limited(Event):
        pass

    on(Limited, delivery="background", name="receiver")(function)
    return registry.in_background["receiver"]


def test_what_is_called_keeps_its_name_and_kind() -> None:
    async def asynchronous() -> None: ...

    receiver = receiver_of(asynchronous)
    guarded = Interruptible().guarded(receiver)
    assert guarded.name == receiver.name
    assert is_async(guarded.function)
    assert guarded.background == receiver.background


def test_nothing_is_interrupted_afterwards() -> None:
    attempt = Interruptible()
    guarded = attempt.guarded(receiver_of(lambda: None)).function
    guarded()
    assert not attempt.interrupt(TimeLimitExceeded())
    assert attempt.sent is None


@pytest.mark.parametrize("asynchronous", [False, True])
def test_one_that_is_late_before_it_begins_does_not(asynchronous: bool) -> None:
    called: list[bool] = []

    async def wait() -> None:
        called.append(True)

    attempt = Interruptible()
    function = attempt.guarded(
        receiver_of(wait if asynchronous else lambda: called.append(True))
    ).function
    assert attempt.interrupt(TimeLimitExceeded("late"))
    with pytest.raises(TimeLimitExceeded, match="late"):
        async_to_sync(function)() if asynchronous else function()
    assert called == []


def test_only_the_first_interruption_counts() -> None:
    attempt, begun = Interruptible(), threading.Event()

    def receiver() -> None:
        begun.set()
        while True:
            threading.Event().wait(0.01)

    def interrupt() -> None:
        assert begun.wait(10)
        attempt.interrupt(TimeLimitExceeded("first"))
        attempt.interrupt(TimeLimitExceeded("second"))

    thread = threading.Thread(target=interrupt)
    thread.start()
    with pytest.raises(TimeLimitExceeded, match="first"):
        attempt.guarded(receiver_of(receiver)).function()
    thread.join(timeout=10)


@pytest.mark.parametrize("asynchronous", [False, True])
def test_it_never_comes_late(asynchronous: bool) -> None:
    """Interrupted just when it returns, again and again: what comes after it is left alone."""
    go = threading.Event()
    attempt = Interruptible()

    def quick() -> None:
        go.set()

    async def quick_too() -> None:
        go.set()

    receiver = receiver_of(quick_too if asynchronous else quick)

    def interrupt() -> None:
        if go.wait(10):
            attempt.interrupt(TimeLimitExceeded())

    outcomes = set()
    for _ in range(200):
        attempt = Interruptible()
        go.clear()
        thread = threading.Thread(target=interrupt)
        thread.start()
        function = attempt.guarded(receiver).function
        try:
            async_to_sync(function)() if asynchronous else function()
            outcomes.add("returned")
        except TimeLimitExceeded:
            outcomes.add("interrupted")
        # Here a late one would come: the mark, and COMMIT.
        for _ in range(1000):
            pass
        thread.join(timeout=10)
    assert outcomes <= {"returned", "interrupted"}
