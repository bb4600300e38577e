"""What is known of an occurrence besides its payload."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from uuid import UUID

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, kw_only=True, slots=True)
class Envelope:
    """Name, id (UUIDv7), time (aware, UTC) and cause of one occurrence (contract section 2).

    ``cause`` is the id of the event whose receiver emitted this one, or ``None``. ``delivery_id``
    is for a receiver in the background: the same at each attempt, so that others can tell what
    they have been told already. ``dry_run`` says that everything will be undone: what would not be,
    such as a call of another service, is to be left out.
    """

    name: str
    id: UUID
    time: datetime
    cause: UUID | None
    delivery_id: UUID | None = None
    dry_run: bool = False


def time_of(tick: int) -> datetime:
    """Return the moment of ``tick``, nanoseconds since 1970, to the microsecond."""
    return EPOCH + timedelta(microseconds=tick // 1000)
