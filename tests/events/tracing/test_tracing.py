"""`traced`: which receivers an event meets, and what becomes of each of them."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import nullcontext
from typing import Any

import pytest
from django.db import connection, transaction
from django.db.models.signals import post_save

from tests.events.notebook import Notebook
from tests.events.tables import Note
from tests.events.tracing.explanations import (
    HERE,
    Other,
    Replied,
    Reported,
    Sender,
    only,
    outcomes,
    sent,
    skeleton,
)
from workflow_events.events import ReceiverError, emit, filter_events, on
from workflow_events.events.emission.dispatch import is_heard
from workflow_events.events.errors import BrokenTransaction, EventDepthExceeded
from workflow_events.events.registration.registry import registry
from workflow_events.events.tracing.explanation import explained
from workflow_events.events.tracing.traced import traced
from workflow_events.events.tracing.traces import Trace

pytestmark = pytest.mark.usefixtures("tables")


def test_an_event_that_nobody_hears() -> None:
    with traced() as trace:
        event = emit(Reported, sender=Sender)
    found = explained(trace)
    assert 0 < found["seconds"] < 60
    [emitted] = found["events"]
    assert 0 < emitted.pop("seconds") <= found["seconds"]
    assert emitted == {
        "event": "reported",
        "id": str(event.envelope.id),
        "sender": f"{HERE}.Sender",
        "payload": {"text": "str"},
        "stored": False,
        "receivers": [],
    }


def test_receivers_in_running_order_and_what_they_emit_below_them() -> None:
    @on(Reported, order=2)
    def last() -> None: ...

    @on(Reported)
    def first(sender: Any) -> None:
        emit(Replied, sender=sender)
        emit(Replied, sender=None)

    @on(Replied, sender=Sender)
    def hears() -> None: ...

    with traced() as trace:
        emit(Reported, sender=Sender)
        emit(Replied, sender=None)
    below: list[Any] = [
        ("replied", [("hears", "ran", [])]),
        ("replied", [("hears", "wrong sender", [])]),
    ]
    assert skeleton(explained(trace)["events"]) == [
        ("reported", [("first", "ran", below), ("last", "ran", [])]),
        ("replied", [("hears", "wrong sender", [])]),
    ]


def test_the_filter_that_did_not_hold_is_named() -> None:
    def long(text: str) -> bool:
        return len(text) > 3

    line = long.__code__.co_firstlineno

    @on(Reported)
    @filter_events(lambda: True)
    @filter_events(long)
    def hears() -> None: ...

    with traced() as trace:
        emit(Reported, sender=None, text="abc")
    found = only(trace)
    assert found["outcome"] == "filtered out"
    assert found["reason"].startswith(f"{__name__}.")
    assert found["reason"].endswith(f".long ({__file__}:{line})")
    with traced() as trace:
        emit(Reported, sender=None, text="abcd")
    assert (only(trace)["outcome"], only(trace)["reason"]) == ("ran", "")


def test_a_filter_that_was_made_is_known_by_its_maker() -> None:
    """What it was made with stays unsaid."""

    def longer_than(size: int) -> Callable[[str], bool]:
        return lambda text: len(text) > size

    on(Reported)(filter_events(longer_than(3))(lambda: None))
    with traced() as trace:
        emit(Reported, sender=None, text="abc")
    name, _, place = only(trace)["reason"].partition(" ")
    assert name.endswith(".longer_than")
    assert place.startswith(f"({__file__}:")


def test_what_is_wrong_with_the_sender() -> None:
    on(Reported, sender=[Other, "Some"])(print)
    with traced() as trace:
        emit(Reported, sender=Sender)
    assert only(trace)["outcome"] == "wrong sender"
    assert only(trace)["reason"] == f"wants {HERE}.Other, 'Some', was {HERE}.Sender"


@pytest.mark.parametrize("raise_exception", [False, True])
def test_a_failure(raise_exception: bool) -> None:
    @on(Reported, raise_exception=raise_exception)
    def fails() -> None:
        raise ValueError("no")

    on(Reported)(lambda: None)
    with traced() as trace:
        try:
            emit(Reported, sender=None)
        except ReceiverError:
            assert raise_exception
    [found, other] = explained(trace)["events"][0]["receivers"]
    assert found["outcome"] == "failed"
    assert found["error"] == {"type": "ValueError", "message": "no"}
    assert found["raise_exception"] is raise_exception
    assert other["outcome"] == "ran"


def test_a_failure_of_a_filter_is_the_receivers() -> None:
    on(Reported)(filter_events(lambda: 1 / 0)(lambda: None))
    with traced() as trace:
        emit(Reported, sender=None)
    assert only(trace)["error"] == {"type": "ZeroDivisionError", "message": "division by zero"}


@pytest.mark.parametrize("robust", [True, False])
def test_a_failure_that_shows_when_it_has_ended(robust: bool) -> None:
    @on(Reported)
    def breaks() -> None:
        Note.write("a")
        connection.set_rollback(True)

    on(Reported)(lambda: None)
    refused = nullcontext() if robust else pytest.raises(BrokenTransaction)
    with traced() as trace, transaction.atomic(), refused:
        emit(Reported, sender=None, robust=robust)
    assert outcomes(trace) == ["failed", "ran" if robust else "not reached"]
    assert explained(trace)["events"][0]["receivers"][0]["error"]["type"] == "BrokenTransaction"
    assert Note.all_by() == []


def test_who_is_not_reached() -> None:
    @on(Reported)
    def again() -> None:
        emit(Reported, sender=None)

    on(Reported)(lambda: None)
    on(Reported, delivery="commit")(lambda: None)
    with traced() as trace, pytest.raises(EventDepthExceeded):
        emit(Reported, sender=None)
    assert outcomes(trace) == ["failed", "not reached", "not reached"]


def test_muted() -> None:
    on(Reported)(lambda: None)
    with traced() as trace:
        with registry.muted(lambda *_: True):
            emit(Reported, sender=None)
        emit(Reported, sender=None)
    assert [outcomes(trace, n) for n in (0, 1)] == [["muted"], ["ran"]]


def test_after_commit() -> None:
    @on(Reported, delivery="commit")
    @filter_events(lambda text: text != "no")
    def after(text: str) -> None:
        if text == "bad":
            raise ValueError

    with traced() as trace:
        with transaction.atomic():
            emit(Reported, sender=None)
            assert outcomes(trace) == ["after commit"]
        emit(Reported, sender=None, text="no")
        emit(Reported, sender=None, text="bad")
    assert [outcomes(trace, n) for n in (0, 1, 2)] == [["ran"], ["filtered out"], ["failed"]]


def test_after_commit_that_comes_when_the_trace_has_ended() -> None:
    ran = []
    on(Reported, delivery="commit")(lambda: ran.append(1))
    with transaction.atomic():
        with traced() as trace:
            emit(Reported, sender=None)
        with traced() as other:
            emit(Replied, sender=None)
    assert ran == [1]
    assert outcomes(trace) == ["after commit"]
    assert skeleton(explained(other)["events"]) == [("replied", [])]


def test_in_the_background(notebook: Notebook) -> None:
    on(Reported, background=True, name="all")(print)
    chosen = filter_events(lambda text: text == "x")
    on(Reported, background=True, name="some")(chosen(print))
    on(Reported, background=True, name="bad")(filter_events(lambda: 1 / 0)(print))
    with traced() as trace:
        emit(Reported, sender=None)
        emit(Reported, sender=None, text="y")
    background = "in the background"
    assert outcomes(trace) == [background, background, "failed"]
    assert outcomes(trace, 1) == [background, "filtered out", "failed"]
    [first, _] = explained(trace)["events"]
    assert [r["reason"] for r in first["receivers"]] == ["all", "some", ""]
    assert first["stored"]
    assert len(notebook.stored) == 2


def test_an_event_that_is_stored_though_nobody_gets_it(notebook: Notebook) -> None:
    notebook.wanted = {Reported}
    with traced() as trace:
        emit(Reported, sender=None)
        emit(Replied, sender=None)
    assert [event["stored"] for event in explained(trace)["events"]] == [True, False]


def test_statements_are_counted_without_savepoints_and_with_those_below() -> None:
    @on(Reported)
    def writes() -> None:
        Note.write("a")
        emit(Replied, sender=None)

    @on(Replied)
    def below() -> None:
        Note.write("b")
        assert len(Note.all_by()) == 2

    on(Reported)(lambda: None)
    with traced() as trace, transaction.atomic():
        emit(Reported, sender=None)
    [outer, silent] = explained(trace)["events"][0]["receivers"]
    [inner] = outer["events"][0]["receivers"]
    assert (outer["statements"], inner["statements"], silent["statements"]) == (3, 2, 0)
    assert outer["seconds"] >= inner["seconds"] > 0
    assert connection.execute_wrappers == []


def test_a_signal() -> None:
    @on(sent, sender=Sender)
    def hears(number: int) -> None: ...

    with traced() as trace:
        sent.send(Sender, number=1)
        sent.send(Other, number=2)
        assert is_heard(sent, Sender)
        assert not is_heard(sent, Other)
        assert not is_heard(post_save, Note)
    assert skeleton(explained(trace)["events"]) == [
        (f"{HERE}.sent", [("hears", "ran", [])]),
        (f"{HERE}.sent", [("hears", "wrong sender", [])]),
    ]


def test_an_instance_as_sender() -> None:
    on(Reported)(lambda: None)
    with traced() as trace:
        emit(Reported, sender=Sender())
        emit(Reported, sender=[1])
    found = explained(trace)["events"]
    assert [event["sender"] for event in found] == [f"{HERE}.Sender", "builtins.list"]
    assert [outcomes(trace, n) for n in (0, 1)] == [["ran"], ["ran"]]


async def _async_receiver(text: str) -> None:
    emit(Replied, sender=None)


def test_an_async_receiver() -> None:
    on(Reported)(_async_receiver)
    with traced() as trace:
        emit(Reported, sender=None)
    assert skeleton(explained(trace)["events"]) == [
        ("reported", [("_async_receiver", "ran", [("replied", [])])])
    ]


def test_receivers_that_run_at_the_same_time() -> None:
    async def reads(text: str) -> None:
        await asyncio.sleep(0)
        emit(Replied, sender=None)

    async def fails() -> None:
        raise ValueError("no")

    on(Reported, concurrent=True)(reads)
    on(Reported, concurrent=True)(fails)
    on(Reported, concurrent=True)(filter_events(lambda text: text == "y")(reads))
    on(Reported, concurrent=True)(filter_events(lambda text: text == "x")(reads))
    with traced() as trace:
        emit(Reported, sender=None)
    assert outcomes(trace) == ["ran", "failed", "filtered out", "ran"]
    [first, second, third, last] = explained(trace)["events"][0]["receivers"]
    assert [skeleton(found["events"]) for found in (first, second, third, last)] == [
        [("replied", [])],
        [],
        [],
        [("replied", [])],
    ]
    assert first["seconds"] > 0
    assert second["error"]["type"] == "ValueError"


def test_receivers_that_are_left_to_the_event_loop() -> None:
    ran = []

    async def later() -> None:
        ran.append(1)

    on(Reported, atomic=False)(later)

    async def emits() -> Trace:
        with traced() as trace:
            emit(Reported, sender=None)
        assert ran == []
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        return trace

    assert outcomes(asyncio.run(emits())) == ["in the event loop"]
    assert ran == [1]
