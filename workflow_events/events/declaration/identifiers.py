"""Time-ordered ids (UUIDv7, RFC 9562 section 5.7)."""

import secrets
import time
from uuid import UUID

NS_PER_MS = 1_000_000

_last = 0


def tick() -> int:
    """Return the time in nanoseconds since 1970, greater than any that was returned before."""
    global _last  # noqa: PLW0603 (the one clock of this process)
    now = time.time_ns()
    # No lock: threads that meet here may share a moment, and the random bits tell them apart.
    if now <= _last:
        now = _last + 1
    _last = now
    return now


def uuid7(at: int | None = None) -> UUID:
    """Return a UUIDv7 of that moment, or of now; ids sort as their moments do.

    Takes ``at`` in nanoseconds since 1970, from `tick`. The 20 bits of the nanoseconds within
    the millisecond fill ``rand_a`` and the top of ``rand_b``, as RFC 9562 section 6.2 (method 3)
    allows; the remaining 54 bits are random.
    """
    milliseconds, nanoseconds = divmod(tick() if at is None else at, NS_PER_MS)
    return UUID(
        int=(milliseconds & (1 << 48) - 1) << 80
        | 0x7 << 76
        | (nanoseconds >> 8) << 64
        | 0b10 << 62
        | (nanoseconds & 0xFF) << 54
        | secrets.randbits(54)
    )
