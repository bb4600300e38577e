"""When a receiver is called: in the transaction, after COMMIT, or in the background."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from workflow_events.events.registration.retry import Retry


class Phase(StrEnum):
    """What ``@on(delivery=…)`` takes."""

    TRANSACTION = "transaction"
    """At its place in the order, inside the transaction of the operation."""
    COMMIT = "commit"
    """In this process, after the outermost COMMIT; at once where no transaction is open."""
    BACKGROUND = "background"
    """By a worker: stored with the operation, delivered at least once, in order per case."""


DEFAULT_TIME_LIMIT: Final = 300.0
"""Seconds that a receiver in the background may take."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Background:
    """The options of a receiver in the background.

    ``name`` is what it is known by in the ledger; ``ordered`` says that it gets the events of one
    case one after the other; ``time_limit`` is in seconds, None for no limit; ``takes_gone`` that
    it can take None for an instance whose row is gone.
    """

    name: str
    retry: Retry
    ordered: bool
    time_limit: float | None
    takes_gone: bool
