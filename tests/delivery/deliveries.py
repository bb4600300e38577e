"""Makes events and deliveries by hand, and tells what became of them."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from django.utils import timezone

from workflow_events.delivery.models import FINISHED, Delivery, LoggedEvent, State
from workflow_events.events.declaration.identifiers import uuid7

WORKER, OTHER = "here:1:aaaa", "there:2:bbbb"

postgresql_only = pytest.mark.skipif(
    "connection.vendor != 'postgresql'", reason="SQLite has one writer at a time"
)


def ago(seconds: float) -> datetime:
    return timezone.now() - timedelta(seconds=seconds)


def deliveries(
    *streams: str | None, receiver: str = "receiver", name: str = "post_x", **values: Any
) -> list[Delivery]:
    """Store one delivery for each stream given, due since a second ago, in this order.

    Those whose state is an end have ended a second ago.
    """
    event = {"name": name, "time": timezone.now(), "content": {"version": 1}}
    events = [LoggedEvent(id=uuid7(), **event) for _ in streams]
    LoggedEvent.objects.bulk_create(events)
    finished_at = ago(1) if values.get("state") in FINISHED else None
    times = {"due": ago(1), "created_at": timezone.now(), "finished_at": finished_at}
    values = {"receiver": receiver, **times, **values}
    return Delivery.objects.bulk_create(
        Delivery(event=event, stream=stream, **values)
        for event, stream in zip(events, streams, strict=True)
    )


def one_of_each(**values: Any) -> dict[str, Delivery]:
    """Store a delivery in every state."""
    return {state: deliveries(None, state=state, **values)[0] for state in State.values}


def states() -> list[str]:
    """Return the state of each delivery, in the order of the ledger."""
    return [str(state) for state in Delivery.objects.order_by("pk").values_list("state", flat=True)]


def abandon(*claimed: Delivery) -> None:
    """Let the leases run out, as those of a worker that has died do."""
    keys = [delivery.pk for delivery in claimed]
    running = Delivery.objects.filter(pk__in=keys, state=State.RUNNING)
    running.update(lease=ago(1), due=ago(1))
