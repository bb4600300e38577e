"""An explanation as a person reads it: a tree of events and receivers."""

import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Final

from workflow_events.cli.terminal import RESET, printable
from workflow_events.events.tracing.traces import Outcome

_COLOURS: Final = {
    Outcome.RAN: "\x1b[32m",
    Outcome.FAILED: "\x1b[31m",
    Outcome.BACKGROUND: "\x1b[36m",
    Outcome.AFTER_COMMIT: "\x1b[36m",
    Outcome.IN_LOOP: "\x1b[36m",
}
_OTHERS: Final = "\x1b[33m"
_BOLD: Final = "\x1b[1m"


def text_of(found: dict[str, Any], *, coloured: bool) -> Iterator[str]:
    """Give the lines of what `explain` returns."""
    paint = _painted if coloured else _plain
    errors = found["errors"]
    outcome = paint("failed", _COLOURS[Outcome.FAILED]) if errors else "was done, and undone"
    cost = f"{_span(found['seconds'])}, {_counted(found['statements'], 'statement')}"
    yield f"The mutation {outcome}: {cost}."
    for error in errors:
        path = "".join(f"{step}: " for step in error.get("path", ())[:1])
        yield printable(f"  {path}{error['message']} ({error['extensions']['code']})")
    for event in found["events"]:
        yield from _event(event, "", "", paint)
    if found["mails"]:
        yield "Mail that was not sent:"
        for mail in found["mails"]:
            yield printable(f"  to {', '.join(mail['to'])}: {mail['subject']}")
    if found["on_commit"]:
        yield "Not called, as nothing was committed:"
        yield from (f"  {name}" for name in found["on_commit"])


def _event(event: dict[str, Any], first: str, rest: str, paint: Any) -> Iterator[str]:
    stored = ", stored in the event log" if event["stored"] else ""
    nobody = "" if event["receivers"] else ", nobody listens"
    sender = event["sender"].rpartition(".")[2]
    yield f"{first}{paint(event['event'], _BOLD)} from {sender}{stored}{nobody}"
    receivers = event["receivers"]
    for receiver, mine, below in _branches(receivers, rest):
        yield from _receiver(receiver, mine, below, paint)


def _receiver(receiver: dict[str, Any], first: str, rest: str, paint: Any) -> Iterator[str]:
    outcome = Outcome(receiver["outcome"])
    said = paint(outcome.value, _COLOURS.get(outcome, _OTHERS))
    yield f"{first}{said}: {receiver['receiver']}{_measured(receiver)}"
    events = receiver.get("events", [])
    bar = "│  " if events else "   "
    here = f"{Path.cwd()}{os.sep}"  # what is below is shown as from here
    for line in _details(receiver):
        yield printable(f"{rest}{bar}{line.replace(here, '')}")
    for event, mine, below in _branches(events, rest):
        yield from _event(event, mine, below, paint)


def _details(receiver: dict[str, Any]) -> Iterator[str]:
    if receiver["reason"]:
        yield receiver["reason"]
    if error := receiver.get("error"):
        vetoes = "; the operation was refused" if receiver["raise_exception"] else ""
        message = f": {error['message']}" if error["message"] else ""
        yield f"{error['type']}{message}{vetoes}"
    if receiver["defined_at"]:
        yield receiver["defined_at"]


def _branches(members: Sequence[Any], rest: str) -> Iterator[tuple[Any, str, str]]:
    for place, member in enumerate(members, 1):
        is_last = place == len(members)
        yield member, rest + ("└─ " if is_last else "├─ "), rest + ("   " if is_last else "│  ")


def _measured(receiver: dict[str, Any]) -> str:
    if "seconds" not in receiver:
        return ""
    statements = receiver["statements"]
    return f" ({_span(receiver['seconds'])}, {_counted(statements, 'statement')})"


def _span(seconds: float) -> str:
    return f"{seconds:.2f} s" if seconds >= 1 else f"{seconds * 1000:.1f} ms"


def _counted(number: int, what: str) -> str:
    return f"{number:,} {what}{'s' * (number != 1)}"


def _painted(text: str, colour: str) -> str:
    return f"{colour}{text}{RESET}"


def _plain(text: str, _colour: str) -> str:
    return text
