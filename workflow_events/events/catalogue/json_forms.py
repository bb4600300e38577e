"""What `events --json` and `receivers --json` print (docs/how-to/look-at-events-and-receivers.md).

Keys may be added; those that are there stay.
"""

from __future__ import annotations

from typing import Any

from workflow_events.events.catalogue.entries import Argument, EventEntry
from workflow_events.events.catalogue.listening import FilterEntry, Listening, ReceiverEntry
from workflow_events.events.registration.phases import Background
from workflow_events.events.registration.senders import names_of


def json_of_event(entry: EventEntry) -> dict[str, Any]:
    """Return an event as JSON."""
    senders = entry.senders
    return {
        "name": entry.name,
        "class": entry.path,
        "file": entry.file,
        "line": entry.line,
        "doc": entry.doc,
        "arguments": [_argument(argument) for argument in entry.arguments],
        "senders": None if senders is None else sorted(names_of(sender)[1] for sender in senders),
        "bases": list(entry.bases),
        "by_case": entry.by_case,
        "by_pattern": entry.by_pattern,
        "former_names": list(entry.former_names),
    }


def json_of_listening(one: Listening) -> dict[str, Any]:
    """Return an event or signal with its receivers as JSON."""
    return {
        "name": one.name,
        "kind": "signal" if one.is_signal else "event",
        "receivers": [_receiver(receiver) for receiver in one.receivers],
    }


def _argument(argument: Argument) -> dict[str, Any]:
    return {
        "name": argument.name,
        "type": argument.type,
        "required": argument.required,
        "default": None if argument.required else repr(argument.default),
        "doc": argument.doc,
    }


def _receiver(receiver: ReceiverEntry) -> dict[str, Any]:
    return {
        "name": receiver.name,
        "file": receiver.file,
        "line": receiver.line,
        "listens_to": list(receiver.listens_to),
        "senders": list(receiver.senders),
        "filters": [_filter(condition) for condition in receiver.filters],
        "delivery": str(receiver.phase),
        "order": receiver.order,
        "raise_exception": receiver.raise_exception,
        "atomic": receiver.atomic,
        "dry_run": receiver.dry_run,
        "async": receiver.is_async,
        "concurrent": receiver.concurrent,
        "written_as": receiver.sugar or "on",
        "background": None if receiver.background is None else _background(receiver.background),
    }


def _filter(condition: FilterEntry) -> dict[str, Any]:
    return {
        "name": condition.name,
        "shown": condition.shown,
        "file": condition.file,
        "line": condition.line,
    }


def _background(options: Background) -> dict[str, Any]:
    return {
        "name": options.name,
        "order_by": "case" if options.ordered else None,
        "time_limit": options.time_limit,
        "takes_gone": options.takes_gone,
        "retry": {
            "attempts": options.retry.attempts,
            "base": options.retry.base,
            "max": options.retry.max,
            "on": [f"{kind.__module__}.{kind.__qualname__}" for kind in options.retry.on],
        },
    }
