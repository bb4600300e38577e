"""What a test emits."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from typing import Any, TypeVar, overload

from workflow_events.events import Event, on

E = TypeVar("E", bound=Event)


class Emissions(Sequence[Event]):
    """The occurrences so far, in the order of their emission; also what was rolled back later.

    An occurrence has its payload as attributes, and ``sender``. While somebody listens, cascades
    are walked row by row.
    """

    def __init__(self) -> None:
        self._emitted: list[Event] = []

    def listen(self) -> None:
        """Listen to everything from now on, before any other receiver."""
        on("*", order=-sys.maxsize)(self._hear)

    def of(self, event_class: type[E]) -> list[E]:
        """Return the occurrences of one event."""
        return [event for event in self._emitted if isinstance(event, event_class)]

    @property
    def names(self) -> list[str]:
        """The names of the occurrences."""
        return [event.event_name for event in self._emitted]

    def clear(self) -> None:
        """Forget what was emitted so far, as by the preparations of a test."""
        self._emitted.clear()

    @overload
    def __getitem__(self, index: int) -> Event: ...
    @overload
    def __getitem__(self, index: slice) -> list[Event]: ...
    def __getitem__(self, index: Any) -> Any:
        return self._emitted[index]

    def __len__(self) -> int:
        return len(self._emitted)

    def __iter__(self) -> Iterator[Event]:
        return iter(self._emitted)

    def __repr__(self) -> str:
        return f"<emitted: {', '.join(self.names) or 'nothing'}>"

    def _hear(self, event: Event) -> None:
        self._emitted.append(event)
