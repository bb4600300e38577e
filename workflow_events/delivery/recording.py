"""Writing what has been emitted to the event log and the ledger, with its operation."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.conf import settings
from django.utils import timezone

from workflow_events.delivery import engines
from workflow_events.delivery.identity import stream_of
from workflow_events.delivery.insertion import insert
from workflow_events.delivery.models import Delivery, LoggedEvent
from workflow_events.delivery.payload import encode
from workflow_events.events.declaration.event import Event
from workflow_events.events.registration.receivers import Receiver

if TYPE_CHECKING:
    from workflow_events.events.catalogue.schemas import Schemas

EVERYTHING = "all"
"""The value of ``EVENT_LOG`` that stores ``post_`` events though nobody gets them."""


@dataclass(frozen=True, slots=True)
class Record:
    """An event, and its receivers: the stable name of each, and its stream."""

    event: LoggedEvent
    receivers: tuple[tuple[str, str | None], ...]


class LedgerRecorder:
    """The `Recorder` of the registry: stores events with what is to be delivered."""

    def wants(self, event_class: type[Event]) -> bool:
        """Tell whether ``EVENT_LOG`` stores an event that nobody gets; never one of a signal."""
        return settings.EVENT_LOG == EVERYTHING and event_class.event_name.startswith("post_")

    def encode(self, event: Event, receivers: Sequence[Receiver]) -> Record:
        """Return what is to be stored of an occurrence, as it is now.

        Raises `NotEncodable` for a payload that cannot be stored.
        """
        logged = encode(event)
        return Record(logged, tuple((r.options.name, stream_of(r, logged.case)) for r in receivers))

    def store(self, records: Sequence[Record]) -> None:
        """Store the events in one statement, their deliveries in another, and wake a worker.

        Keys of deliveries grow in the order of the records, and there of the receivers.
        """
        now = timezone.now()
        deliveries = [
            Delivery(
                event_id=record.event.pk, receiver=receiver, stream=stream, due=now, created_at=now
            )
            for record in records
            for receiver, stream in record.receivers
        ]
        if records:
            insert([record.event for record in records])
        if deliveries:
            insert(deliveries)
            engines.nudge()

    def schemas(self) -> type[Schemas]:
        """Return what describes the payload of events as the event log has it."""
        from workflow_events.delivery.payload.schemas import (  # noqa: PLC0415 (no service needs it)
            StoredSchemas,
        )

        return StoredSchemas
