"""The key by which the outside world knows a delivery."""

from uuid import UUID, uuid5


def delivery_id_of(event_id: UUID, receiver: str) -> UUID:
    """Return the idempotency key of an event for a receiver, given by its stable name.

    It is the same at every attempt, when it is redelivered, and when it is replayed.
    """
    return uuid5(event_id, receiver)
