"""A recorder for tests of the core, which knows nobody who stores events."""

from collections.abc import Sequence
from typing import Any

from tests.events.tables import Note
from workflow_events.events import Event
from workflow_events.events.registration.receivers import Receiver


class Notebook:
    """A recorder that keeps what it is told, and writes a row to see where that is undone."""

    def __init__(self) -> None:
        self.stored: list[list[str]] = []
        self.wanted: set[type[Event]] = set()

    def wants(self, event_class: type[Event]) -> bool:
        return event_class in self.wanted

    def encode(self, event: Event, receivers: Sequence[Receiver]) -> str:
        names = [r.background.name for r in receivers if r.background]
        return f"{event.event_name} {vars(event)} to {', '.join(names) or 'nobody'}"

    def store(self, records: Sequence[Any]) -> None:
        Note.objects.bulk_create([Note(by=f"store {len(self.stored)}")])  # sends no signals
        self.stored.append(list(records))
