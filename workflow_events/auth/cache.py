"""What is known of tokens that were seen before."""

import hashlib
import threading
from collections import OrderedDict
from collections.abc import Callable
from typing import Generic, TypeVar

MAX_TOKENS = 4_096
"""Tokens that are remembered; the one that was not used for the longest time goes first."""

Known = TypeVar("Known")


class TokenCache(Generic[Known]):
    """Values by token, each until a time of its own.

    Takes the clock that these times are of, and how many are kept. Holds hashes, no tokens:
    whoever reads the memory of the process finds none here.
    """

    def __init__(self, clock: Callable[[], float], size: int = MAX_TOKENS) -> None:
        self._clock = clock
        self._size = size
        self._entries: OrderedDict[bytes, tuple[float, Known]] = OrderedDict()
        self._lock = threading.Lock()

    def get(self, token: str) -> Known | None:
        """Return what is known of the token, or None."""
        digest = _digest(token)
        with self._lock:
            until, known = self._entries.get(digest, (0.0, None))
            if known is None:
                return None
            if until <= self._clock():
                del self._entries[digest]
                return None
            self._entries.move_to_end(digest)
        return known

    def put(self, token: str, known: Known, until: float) -> None:
        """Remember it of the token until then."""
        with self._lock:
            self._entries[_digest(token)] = (until, known)
            self._entries.move_to_end(_digest(token))
            if len(self._entries) > self._size:
                self._entries.popitem(last=False)


def _digest(token: str) -> bytes:
    return hashlib.sha256(token.encode()).digest()
