"""The catalogue as a page of reference, in Markdown."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence

from workflow_events.events.catalogue.entries import Argument, EventEntry


def page_of(entries: Sequence[EventEntry], title: str = "Events") -> str:
    """Return a page with a section for each event."""
    sections = "\n\n".join(section_of(entry, level=2) for entry in entries)
    return f"# {title}\n\n{sections}\n"


def section_of(
    entry: EventEntry, *, level: int = 3, meanings: Mapping[str, str] | None = None
) -> str:
    """Return the section of an event.

    ``meanings`` says by name what arguments are that have no text of their own.
    """
    parts = [f"{'#' * level} {entry.name}"]
    if entry.doc:
        parts.append(prose(entry.doc))
    parts.append(f"Class `{entry.event.__name__}`, sent by {_senders(entry)}.")
    if entry.former_names:
        former = ", ".join(f"`{name}`" for name in entry.former_names)
        parts.append(f"Formerly {former}.")
    if entry.arguments:
        parts.append(_arguments(entry.arguments, meanings or {}))
    return "\n\n".join(parts)


def prose(text: str) -> str:
    """Return a docstring as Markdown, in paragraphs of one line."""
    # Where a rule comes from is of use to those who read the code, not to those who call it.
    text = re.sub(r"\s*\((contract|facts) [^)]*\)", "", text)
    parts = [
        part if part.startswith("* ") else " ".join(part.split()) for part in text.split("\n\n")
    ]
    return marked_up("\n\n".join(parts))


def marked_up(text: str) -> str:
    """Return the text with code marked as Markdown does."""
    return text.replace("``", "`")


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Return a table; a pipe in a cell is escaped."""
    lines = [head, ("---",) * len(head), *rows]
    return "\n".join(
        "| " + " | ".join(cell.replace("|", "&#124;") for cell in line) + " |" for line in lines
    )


def _arguments(arguments: Sequence[Argument], meanings: Mapping[str, str]) -> str:
    texts = [prose(argument.doc or meanings.get(argument.name, "")) for argument in arguments]
    rows: list[Sequence[str]] = [
        (f"`{argument.name}`", f"`{argument.type}`{_default(argument)}", text)
        for argument, text in zip(arguments, texts, strict=True)
    ]
    head: Sequence[str] = ("Argument", "Type", "What it is")
    if not any(texts):
        head, rows = head[:2], [row[:2] for row in rows]
    return table(head, rows)


def _senders(entry: EventEntry) -> str:
    if entry.event.subscript_is_sender:
        return f"the class in the brackets of `{entry.event.__name__}[…]`"
    senders = entry.sender_names
    return ", ".join(f"`{name}`" for name in senders) if senders else "any object"


def _default(argument: Argument) -> str:
    return "" if argument.required else f", default `{argument.default!r}`"
