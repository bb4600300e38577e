"""Events to trace, and what an explanation says of them."""

from __future__ import annotations

from typing import Any, Final

from django.dispatch import Signal

from workflow_events.events import Event
from workflow_events.events.tracing.explanation import explained
from workflow_events.events.tracing.traces import Trace

HERE: Final = __name__
"""Where the events and senders are, as an explanation names them."""

sent = Signal()


class Reported(Event):
    text: str = "x"


class Replied(Event):
    pass


class Sender:
    pass


class Other:
    pass


def outcomes(trace: Trace, event: int = 0) -> list[str]:
    """The outcomes of the receivers of one of the outermost events."""
    return [found["outcome"] for found in explained(trace)["events"][event]["receivers"]]


def only(trace: Trace) -> dict[str, Any]:
    """The only receiver of the only event."""
    [emitted] = explained(trace)["events"]
    receiver: dict[str, Any]
    [receiver] = emitted["receivers"]
    return receiver


def skeleton(events: list[dict[str, Any]]) -> list[Any]:
    """Names of events, and below each the last part of its receivers' names with their outcome."""
    return [
        (
            event["event"],
            [
                (r["receiver"].rpartition(".")[2], r["outcome"], skeleton(r.get("events", [])))
                for r in event["receivers"]
            ],
        )
        for event in events
    ]
