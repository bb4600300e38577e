"""The catalogue, and who listens, as a person reads it: at most 100 columns, what matters first."""

from __future__ import annotations

import textwrap
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Final

from workflow_events.events.catalogue.entries import Argument, EventEntry
from workflow_events.events.catalogue.listening import FilterEntry, Listening, ReceiverEntry
from workflow_events.events.registration.phases import DEFAULT_TIME_LIMIT, Background, Phase
from workflow_events.events.registration.retry import Retry

WIDTH: Final = 100
INDENT: Final = 4
HEADINGS: Final = {
    Phase.TRANSACTION: "in the transaction",
    Phase.COMMIT: "after COMMIT",
    Phase.BACKGROUND: "in the background",
}

Paint = Callable[[str], str]
"""Makes a name stand out, on a terminal."""


def overview(entries: Sequence[EventEntry], paint: Paint = str) -> Iterator[str]:
    """Give one line for each event: its name, and the beginning of what its docstring says."""
    width = max(len(entry.name) for entry in entries)
    for entry in entries:
        room = max(WIDTH - width - 2, 20)
        summary = textwrap.shorten(entry.summary, room, placeholder=" …") if entry.summary else ""
        yield f"{paint(entry.name)}{' ' * (width - len(entry.name))}  {summary}".rstrip()


def section(entry: EventEntry, paint: Paint = str) -> Iterator[str]:
    """Give all that an event declares."""
    yield paint(entry.name)
    for part in entry.doc.split("\n\n") if entry.doc else ["(It has no docstring.)"]:
        yield from _wrapped(part)
        yield ""
    yield from _facts(_facts_of(entry))


def receivers_of(one: Listening, paint: Paint = str) -> Iterator[str]:
    """Give the receivers of an event or signal in the order in which they run."""
    yield paint(one.name)
    if not one.receivers:
        yield "    Nobody listens."
    phase = None
    for number, receiver in enumerate(one.receivers, 1):
        if receiver.phase is not phase:
            phase = receiver.phase
            yield f"  {HEADINGS[phase]}:"
        yield f"{number:>{INDENT}}. {receiver.name}"
        if receiver.file:
            yield f"      {shown_place(receiver.file, receiver.line)}"
        for condition in receiver.filters:
            yield from _wrapped(f"only if {_filter_text(condition)}", indent=6)
        if options := _options(receiver, one):
            yield from _wrapped(", ".join(options), indent=6)


def shown_place(file: str, line: int) -> str:
    """Return file and line, from the working directory where it is below it."""
    path, here = Path(file), Path.cwd()
    return f"{path.relative_to(here) if path.is_relative_to(here) else path}:{line}"


def _facts_of(entry: EventEntry) -> Iterator[tuple[str, Iterable[str]]]:
    yield "arguments", _arguments(entry.arguments) or ["none"]
    senders = entry.sender_names
    yield "senders", [", ".join(senders)] if senders else ["any"]
    yield "class", [entry.path]
    if entry.file:
        yield "declared", [shown_place(entry.file, entry.line)]
    if entry.former_names:
        yield "formerly", [", ".join(entry.former_names)]
    if entry.by_case:
        yield "background", ["in the order of its case"]
    if not entry.by_pattern:
        yield "patterns", ["mean it only together with a sender"]


def _facts(facts: Iterable[tuple[str, Iterable[str]]]) -> Iterator[str]:
    for name, lines in facts:
        label = f"{name:<12}"
        for line in lines:
            first, *more = textwrap.wrap(line, WIDTH - 16, break_long_words=False) or [""]
            yield f"    {label}{first}".rstrip()
            yield from (f"{' ' * 16}{rest}" for rest in more)
            label = " " * 12


def _arguments(arguments: Sequence[Argument]) -> list[str]:
    width = max((len(argument.name) for argument in arguments), default=0)
    lines = []
    for argument in arguments:
        default = "" if argument.required else f" = {argument.default!r}"
        doc = f"  {' '.join(argument.doc.split())}" if argument.doc else ""
        lines.append(f"{argument.name:<{width}}  {argument.type}{default}{doc}")
    return lines


def _wrapped(text: str, indent: int = INDENT) -> Iterator[str]:
    margin = " " * indent
    yield from textwrap.wrap(
        " ".join(text.split()),
        WIDTH,
        initial_indent=margin,
        subsequent_indent=margin,
        break_long_words=False,
        break_on_hyphens=False,
    )


def _filter_text(condition: FilterEntry) -> str:
    is_made = "(" in condition.shown or not condition.file
    place = "" if is_made else f" ({shown_place(condition.file, condition.line)})"
    return f"{condition.shown}{place}"


def _options(receiver: ReceiverEntry, one: Listening) -> list[str]:
    """Return what differs from the defaults of ``@on``, as it would be written there."""
    senders = [sender.rpartition(".")[2] for sender in receiver.senders]
    said = {
        f"written as {receiver.sugar}": bool(receiver.sugar),
        f"hears {', '.join(map(repr, receiver.listens_to))}": not _is_named(one, receiver),
        f"sender={', '.join(senders)}": bool(senders),
        f"order={receiver.order}": receiver.order != 0,
        "raise_exception=True": receiver.raise_exception,
        "atomic=False": not receiver.atomic,
        "dry_run=False": not receiver.dry_run,
        "async": receiver.is_async,
        "concurrent=True": receiver.concurrent,
    }
    options = [text for text, holds in said.items() if holds]
    if receiver.background is not None:
        options += _background_options(receiver.background, receiver.name)
    return options


def _is_named(one: Listening, receiver: ReceiverEntry) -> bool:
    """Tell whether a receiver names the event itself; otherwise a pattern of it means it."""
    names = (name.partition("[")[0] for name in receiver.listens_to)
    return one.is_signal or one.name in names


def _background_options(options: Background, name: str) -> list[str]:
    said = {
        f"name={options.name!r}": options.name != name,
        f"retry={options.retry}": options.retry != Retry(),
        "order_by=None": not options.ordered,
        f"time_limit={options.time_limit}": options.time_limit != DEFAULT_TIME_LIMIT,
        "takes_gone=True": options.takes_gone,
    }
    return [text for text, holds in said.items() if holds]
