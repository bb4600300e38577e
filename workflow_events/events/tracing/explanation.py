"""What a trace has found, as JSON: which receivers ran, and why the others did not.

The names of its members are those of docs/how-to/explain-what-happened.md; clients read them.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any

from workflow_events.events.errors import message_of
from workflow_events.events.registration.definitions import given_to, place_of
from workflow_events.events.registration.receivers import Predicate, Receiver, name_of
from workflow_events.events.registration.senders import names_of
from workflow_events.events.tracing.traces import Candidate, Emitted, Outcome, Run, Trace

DescribeError = Callable[[BaseException], str | None]
"""Returns what may be said of an error besides its class; None for nothing."""


def explained(trace: Trace, describe: DescribeError = message_of) -> dict[str, Any]:
    """Return what a trace has found, as JSON can express it (docs/how-to/explain-what-happened.md).

    It has the events, in order; each event has its receivers, and each receiver the events that it
    has emitted. ``describe`` takes an error of a receiver and returns what may be said of it, or
    None; without it, this is the error's message.
    """
    return {
        "dry_run": trace.dry_run,
        "seconds": round(trace.seconds, 6),
        "statements": trace.statements,
        "events": [_emitted(emitted, describe) for emitted in trace.events],
        "on_commit": trace.on_commit,
        "mails": [{"to": mail.recipients(), "subject": str(mail.subject)} for mail in trace.mails],
    }


def error_of(error: BaseException, describe: DescribeError = message_of) -> dict[str, Any]:
    """Return what is said of an error."""
    return {"type": type(error).__name__, "message": describe(error)}


def _emitted(emitted: Emitted, describe: DescribeError) -> dict[str, Any]:
    event = emitted.event
    envelope = event.envelope
    return {
        "event": event.event_name,
        "id": str(envelope.id),
        "sender": names_of(event.sender)[1],
        "payload": {name: type(value).__name__ for name, value in sorted(vars(event).items())},
        "seconds": round(emitted.seconds, 6),
        "stored": emitted.is_stored,
        "receivers": [_receiver(emitted, candidate, describe) for candidate in emitted.candidates],
    }


def _receiver(emitted: Emitted, candidate: Candidate, describe: DescribeError) -> dict[str, Any]:
    receiver, outcome = candidate.receiver, emitted.outcome_of(candidate)
    run = emitted.run_of(receiver)
    found: dict[str, Any] = {
        "receiver": receiver.name,
        "defined_at": receiver.defined_at,
        "outcome": str(outcome),
        "reason": _reason(emitted, receiver, outcome, run),
        "raise_exception": receiver.raise_exception,
    }
    if run is not None:
        found["seconds"] = round(run.seconds, 6)
        found["statements"] = run.statements
        if (error := run.error) is not None:
            found["error"] = error_of(error, describe)
        found["events"] = [_emitted(inner, describe) for inner in emitted.below.get(receiver, ())]
    return found


def _reason(emitted: Emitted, receiver: Receiver, outcome: Outcome, run: Run | None) -> str:
    if outcome is Outcome.WRONG_SENDER:
        return _wrong_sender(receiver, names_of(emitted.event.sender)[1])
    if outcome is Outcome.FILTERED and run is not None and run.refused_by is not None:
        return described(run.refused_by)
    if outcome is Outcome.NOT_RUN:
        options = [
            option
            for option, is_off in (
                ("atomic=False", not receiver.atomic),
                ("dry_run=False", not receiver.dry_run),
            )
            if is_off
        ]
        return ", ".join(options)
    if outcome is Outcome.BACKGROUND:
        return receiver.options.name
    return ""


def described(predicate: Predicate) -> str:
    """Return the name of a filter, or of what made it, and where it is defined.

    What it was made with stays unsaid: those who are told may not be meant to know.
    """
    function = predicate.function
    name, place = name_of(function), place_of(function)
    if inspect.isfunction(function) and given_to(function):
        name = name.rpartition(".<locals>.")[0]
    return f"{name}{f' ({place})' if place else ''}"


def _wrong_sender(receiver: Receiver, sender: str) -> str:
    wanted = str(receiver.senders) or ", ".join(
        names_of(target.sender)[1] for target in receiver.targets if target.sender
    )
    if not wanted:
        return f"{sender} is a model as a migration makes it: nothing is delivered of it"
    return f"wants {wanted}, was {sender}"
