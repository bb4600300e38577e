"""Which events a test means: by class, name or pattern."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.dispatch import Signal

from workflow_events.events import Event
from workflow_events.events.declaration.event import declared
from workflow_events.events.near import near
from workflow_events.events.registration.targets import Source, targets_of


class UnknownEvent(LookupError):
    """A name or a pattern means no event that is declared."""


class EventMatcher:
    """Matches the events that a test names: a class, also an abstract one, a name or a pattern."""

    def __init__(self, wanted: Any) -> None:
        """Take what a test gives. Raises `UnknownEvent`, or what `on` raises for it."""
        self.base = wanted if _is_abstract(wanted) else None
        self.targets = () if self.base is not None else targets_of(wanted)
        for target in self.targets:
            if isinstance(target.wanted, Signal):
                raise TypeError(
                    f"{target.wanted!r} is a signal: it is sent, not emitted, and not recorded."
                )
            if not any(map(target.names, declared.values())):
                raise UnknownEvent(_unknown(str(target)))

    def means(self, event: Event) -> bool:
        """Tell whether an occurrence is of this event."""
        return self.stands_for(type(event), event.sender)

    def stands_for(self, source: Source, sender: object) -> bool:
        """Tell whether what this sender emits is one of the events; a signal never is."""
        if isinstance(source, Signal):
            return False
        if self.base is not None:
            return issubclass(source, self.base)
        return any(target.names(source) and target.accepts(sender) for target in self.targets)

    def check_carries(self, names: Iterable[str]) -> None:
        """Raise ``TypeError`` for a name that none of the events carries."""
        kinds = [kind for kind in declared.values() if self._includes(kind)]
        carried = frozenset[str]().union(*(kind.attributes for kind in kinds))
        if unknown := set(names) - carried:
            raise TypeError(
                f"{self} has no {', '.join(sorted(unknown))}; "
                f"it carries {', '.join(sorted(carried)) or 'nothing'}."
            )

    def _includes(self, kind: type[Event]) -> bool:
        if self.base is not None:
            return issubclass(kind, self.base)
        return any(target.names(kind) for target in self.targets)

    def __str__(self) -> str:
        if self.base is not None:
            return f"any {self.base.__name__}"
        return ", ".join(map(str, self.targets))


def _is_abstract(wanted: Any) -> bool:
    return isinstance(wanted, type) and issubclass(wanted, Event) and wanted.abstract


def _unknown(name: str) -> str:
    likely = near(name, declared)
    hint = f"did you mean {' or '.join(likely)}?" if likely else "is its module imported?"
    return f"No event {name!r} is declared; {hint}"
