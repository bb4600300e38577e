"""Every declared event, as data."""

from __future__ import annotations

import inspect
import sys
from dataclasses import dataclass
from typing import Any

from workflow_events.events.catalogue.annotations import annotations_of, docs_of, type_text
from workflow_events.events.checking.registrations import is_announced
from workflow_events.events.declaration.event import Event, declared
from workflow_events.events.declaration.former_names import former_names
from workflow_events.events.registration.senders import names_of


@dataclass(frozen=True, kw_only=True, slots=True)
class Argument:
    """One attribute of a payload."""

    name: str
    annotation: Any
    """Its type; as it is written where that cannot be resolved."""
    required: bool
    default: Any = None
    """What it is where it is left out; only for one that is not required."""
    doc: str = ""
    """The text under its annotation."""

    @property
    def type(self) -> str:
        """Its type, as people write it."""
        return type_text(self.annotation)


@dataclass(frozen=True, kw_only=True, slots=True)
class EventEntry:
    """What an event class declares."""

    event: type[Event]
    name: str
    """Empty for an abstract one."""
    path: str
    """Module and name of its class."""
    file: str
    """Where it is declared; empty where no file has it, as at a prompt."""
    line: int
    doc: str
    arguments: tuple[Argument, ...]
    senders: tuple[object, ...] | None
    """Who may send it; None where anybody may."""
    bases: tuple[str, ...]
    """Module and name of the abstract events that it derives from, the nearest first."""
    abstract: bool
    """Whether it is but a base, and never emitted."""
    by_case: bool
    """Whether receivers in the background get it in the order of its case."""
    by_pattern: bool
    """Whether a pattern means it without a sender."""
    former_names: tuple[str, ...]

    @property
    def summary(self) -> str:
        """The first sentence of its docstring, or what stands before the first empty line."""
        return " ".join(self.doc.split("\n\n", 1)[0].split())

    @property
    def sender_names(self) -> tuple[str, ...] | None:
        """The names of who may send it, sorted; None where anybody may."""
        if self.senders is None:
            return None
        return tuple(sorted({names_of(sender)[0] for sender in self.senders}))


def catalogue() -> tuple[EventEntry, ...]:
    """Return all events of this process, in the order of their declaration."""
    return tuple(map(describe, declared.values()))


def describe(event: type[Event]) -> EventEntry:
    """Return what one class declares, an abstract one included."""
    module, _, line = event.declared_at
    name = "" if event.abstract else event.event_name
    return EventEntry(
        event=event,
        name=name,
        path=_path(event),
        file=getattr(sys.modules.get(module), "__file__", None) or "",
        line=line,
        doc=inspect.cleandoc(vars(event).get("__doc__") or ""),
        arguments=_arguments(event),
        senders=None if event.senders is None else tuple(dict.fromkeys(event.senders())),
        bases=tuple(
            _path(base)
            for base in event.__mro__[1:]
            if issubclass(base, Event) and base is not Event and base.abstract
        ),
        abstract=event.abstract,
        by_case=event.case_key is not None and not is_announced(name),
        by_pattern=event.by_pattern,
        former_names=tuple(name for name, now in former_names.items() if now is event),
    )


def _arguments(event: type[Event]) -> tuple[Argument, ...]:
    docs = docs_of(event)
    return tuple(
        Argument(
            name=name,
            annotation=annotation,
            required=name not in event.defaults,
            default=event.defaults.get(name),
            doc=docs.get(name, ""),
        )
        for name, annotation in annotations_of(event).items()
    )


def _path(event: type[Event]) -> str:
    return f"{event.__module__}.{event.__qualname__}"
