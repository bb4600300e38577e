"""Calling one receiver with an occurrence of another time and process."""

from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import pytest
from asgiref.sync import sync_to_async
from django.db import DatabaseError, connection, transaction
from django.db.models.signals import post_save

from tests.events.places import PLACES, Failed, fail, place
from tests.events.tables import Child, Note
from workflow_events.events import Event, emit, filter_events, on
from workflow_events.events.declaration.envelope import Envelope
from workflow_events.events.declaration.event import restore
from workflow_events.events.emission.restoring import run_alone, source_named, wants
from workflow_events.events.errors import BrokenTransaction
from workflow_events.events.registration.receivers import Receiver
from workflow_events.events.registration.registry import registry

pytestmark = pytest.mark.usefixtures("tables", "notebook")


class Told(Event):
    text: str

    def __init__(self, **payload: Any) -> None:
        super().__init__(**payload)
        assert self.text, "an __init__ of its own does not run again"


ENVELOPE = Envelope(
    name="told",
    id=uuid4(),
    time=datetime(2026, 1, 2, tzinfo=UTC),
    cause=uuid4(),
    delivery_id=uuid4(),
)


def told(text: str = "x") -> Event:
    return restore(Told, {"text": text}, Note, ENVELOPE)


def receiver_of(function: Any, **options: Any) -> Receiver:
    on(Told, background=True, name="a", **options)(function)
    return registry.receivers[-1]


def done() -> None:
    Note.write("done")


def test_it_is_called_as_it_was_emitted() -> None:
    seen = []
    receiver = receiver_of(lambda sender, text, event, more=1: seen.append((sender, text, event)))
    event = told("")
    run_alone(receiver, event, done)
    assert seen == [(Note, "", event)]
    assert event.envelope is ENVELOPE


@PLACES
def test_what_it_writes_and_what_follows_are_kept_together(outside: bool) -> None:
    receiver = receiver_of(lambda: Note.write("receiver"))
    with place(outside):
        run_alone(receiver, told(), done)
    assert Note.all_by() == ["receiver", "done"]


@PLACES
@pytest.mark.parametrize("who", ["receiver", "then"])
def test_a_failure_undoes_both(who: str, outside: bool) -> None:
    def writes() -> None:
        Note.write("receiver")
        if who == "receiver":
            fail()

    def then() -> None:
        done()
        if who == "then":
            fail()

    receiver = receiver_of(writes)
    with place(outside), pytest.raises(Failed):
        run_alone(receiver, told(), then)
    assert Note.all_by() == []


def test_an_error_at_commit_undoes_both() -> None:
    receiver = receiver_of(lambda: Child.objects.create(parent_id="nobody"))
    with pytest.raises(DatabaseError):
        run_alone(receiver, told(), done)
    assert Note.all_by() == []
    assert Child.objects.count() == 0


def test_a_swallowed_error_undoes_both() -> None:
    def swallows() -> None:
        Note.write("a")
        try:
            with transaction.atomic(savepoint=False):
                Note.write("a")
        except DatabaseError:
            pass

    with pytest.raises((BrokenTransaction, DatabaseError, transaction.TransactionManagementError)):
        run_alone(receiver_of(swallows), told(), done)
    assert Note.all_by() == []


def test_a_base_exception_undoes_both() -> None:
    class Interrupted(BaseException):
        pass

    def writes() -> None:
        Note.write("receiver")
        raise Interrupted

    with pytest.raises(Interrupted):
        run_alone(receiver_of(writes), told(), done)
    assert Note.all_by() == []
    assert not connection.in_atomic_block


def test_the_statements_are_those_of_the_two_in_a_transaction(statements: Any) -> None:
    receiver = receiver_of(lambda: Note.write("receiver"))
    with statements() as sent:
        run_alone(receiver, told(), done)
    assert sent.verbs == ["INSERT", "INSERT"]


def test_without_atomic_it_has_no_transaction() -> None:
    def writes() -> None:
        assert not connection.in_atomic_block
        Note.write("receiver")

    def then() -> None:
        fail()

    receiver = receiver_of(writes, atomic=False)
    with pytest.raises(Failed):
        run_alone(receiver, told(), then)
    assert Note.all_by() == ["receiver"]


def test_it_may_be_async() -> None:
    async def writes(text: str) -> None:
        await sync_to_async(Note.write)(text)
        raise ValueError(text)

    with pytest.raises(ValueError, match="x"):
        run_alone(receiver_of(writes), told(), done)
    assert Note.all_by() == []


def test_what_it_emits_has_it_as_cause() -> None:
    class Other(Event):
        pass

    causes = []
    on(Other)(lambda event: causes.append(event.envelope.cause))
    run_alone(receiver_of(lambda: emit(Other, sender=None)), told(), done)
    assert causes == [ENVELOPE.id]


def test_its_filters_are_not_asked_by_the_way() -> None:
    def writes(text: str) -> None:
        Note.write(text)

    receiver = receiver_of(filter_events(lambda text: text == "y")(writes))
    run_alone(receiver, told("x"), done)
    assert Note.all_by() == ["x", "done"]
    assert [wants(receiver, told(text)) for text in "xy"] == [False, True]


def test_sources_are_found_by_name() -> None:
    assert source_named("told") is Told
    assert source_named("untold") is None
    assert source_named("django.db.models.signals.post_save") is None
    on(post_save, background=True, name="a")(fail)
    sent = source_named("django.db.models.signals.post_save")
    assert sent is not None
    seen = []
    on(post_save, background=True, name="b")(lambda sender, instance, **more: seen.append(instance))
    event = restore(sent, {"instance": 1, "created": True}, Note, ENVELOPE)
    run_alone(registry.in_background["b"], event, done)
    assert seen == [1]
