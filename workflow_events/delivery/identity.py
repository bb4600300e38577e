"""What a delivery is known by: to the outside world, and to those before and behind it."""

from uuid import UUID, uuid5

from workflow_events.events.registration.receivers import Receiver


def delivery_id_of(event_id: UUID, receiver: str) -> UUID:
    """Return the idempotency key of an event for a receiver, given by its stable name.

    It is the same at every attempt, when it is redelivered, and when it is replayed.
    """
    return uuid5(event_id, receiver)


def stream_of(receiver: Receiver, case: UUID | None) -> str | None:
    """Return what an event about this case waits in; None where it waits for no other one."""
    return str(case) if receiver.options.ordered and case is not None else None
