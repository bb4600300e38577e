"""What is stored of an occurrence for receivers in the background, and when.

A record lives as long as the savepoint that its event was emitted in: until it is stored it waits
among the connection's callbacks after COMMIT, which Django drops with their savepoint.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any, Protocol
from uuid import UUID

from django.db import DEFAULT_DB_ALIAS, connections, transaction
from django.db.backends.base.base import BaseDatabaseWrapper

from workflow_events.events.declaration.event import Event
from workflow_events.events.registration.receivers import Receiver

if TYPE_CHECKING:
    from workflow_events.events.catalogue.schemas import Schemas


class Recorder(Protocol):
    """Who stores occurrences; the registry has one where events are delivered in the background."""

    def wants(self, event_class: type[Event]) -> bool:
        """Tell whether an event is stored even if no receiver in the background gets it."""

    def encode(self, event: Event, receivers: Sequence[Receiver]) -> Any:
        """Return the record of an occurrence; called when all receivers before COMMIT have run.

        What it raises, the emitter gets.
        """

    def store(self, records: Sequence[Any]) -> None:
        """Store records, in the order of their emission, in the transaction that is open."""

    def schemas(self) -> type[Schemas]:
        """Return what describes the payload of events as it is stored."""


class Waiting:
    """A record that waits, as if to be called after COMMIT, for the end of its operation."""

    def __init__(self, recorder: Recorder, record: Any, event_id: UUID) -> None:
        self.recorder = recorder
        self.record = record
        self.event_id = event_id

    def __call__(self) -> None:
        """Refuse: it has not been stored, though its transaction was committed."""
        raise RuntimeError("An event was not stored with the operation that emitted it.")


_operation_on: ContextVar[BaseDatabaseWrapper | None] = ContextVar(
    "workflow_events_operation", default=None
)
"""The connection of the operation that is open; a thread begun in it has another one."""


@contextmanager
def stored_together() -> Iterator[None]:
    """Store what is emitted in the body at its end, all at once; inside another one, at its end.

    The body is in a transaction, which stores it or nothing.
    """
    connection = connections[DEFAULT_DB_ALIAS]
    if _operation_on.get() is connection:
        yield
        return
    token = _operation_on.set(connection)
    try:
        yield
        _store_waiting()
    finally:
        _operation_on.reset(token)


def record(recorder: Recorder, event: Event, receivers: Sequence[Receiver]) -> None:
    """Store an occurrence for these receivers with its operation; without one, at once.

    In a dry run it is only encoded. Raises what the recorder raises for what it cannot encode.
    """
    encoded = recorder.encode(event, receivers)
    if event.envelope.dry_run:
        return  # what cannot be stored has been refused, as in earnest
    connection = connections[DEFAULT_DB_ALIAS]
    if _operation_on.get() is connection:
        transaction.on_commit(Waiting(recorder, encoded, event.envelope.id))
    elif connection.in_atomic_block:
        recorder.store([encoded])
    else:
        with transaction.atomic():
            recorder.store([encoded])


def _store_waiting() -> None:
    connection = connections[DEFAULT_DB_ALIAS]
    if connection.needs_rollback:
        return  # somebody has called set_rollback(): the operation is undone, and this with it
    callbacks = connection.run_on_commit
    waiting = [entry[1] for entry in callbacks if isinstance(entry[1], Waiting)]
    if waiting:
        # In place: an emission around this one watches the list itself.
        callbacks[:] = [entry for entry in callbacks if not isinstance(entry[1], Waiting)]
        # Ids sort as their moments do: what a receiver emitted comes after what it was called for.
        waiting.sort(key=lambda one: one.event_id)
        waiting[0].recorder.store([one.record for one in waiting])
