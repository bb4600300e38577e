"""The page of all events: everything that their declarations say, from the catalogue."""

from collections.abc import Iterable

from docs.sections import with_sections
from workflow_events import records
from workflow_events.events import DebugEvent, Event
from workflow_events.events.catalogue import EventEntry, describe
from workflow_events.events.catalogue.markdown import section_of, table
from workflow_events.workflow import events
from workflow_events.workflow.transitions import CREATIONS, TRANSITIONS

MEANINGS = {
    "work_item": "The work item.",
    "case": "The case.",
    "work_items": "The work items that become ready.",
    "user": "Who acts: ``username``, ``group``, ``groups``.",
    "context": "The client's ``context``, parsed; ``None`` without one.",
    "validated_data": "What the row is made from; change it, and that is stored.",
    "record": "The instance.",
    "diff": "By name of the field, the old and the new value.",
    "values": "By name of the field, its value.",
    "message": "Says what is tried.",
    "data": "Whatever the receivers are to be shown.",
}


def events_page() -> str:
    """Return the page, its sections generated."""
    declared = sorted(_declared_in(events), key=_place)
    of_cases = [event for event in declared if "work_item" not in event.attributes]
    of_items = [event for event in declared if "work_item" in event.attributes]
    return with_sections(
        "events.md",
        {
            "work-item-events": _sections(of_items),
            "case-events": _sections(of_cases),
            "record-events": _sections(_declared_in(records)),
            "debug-event": _sections([DebugEvent]),
            "senders": table(
                ("Sender", "Events"),
                [
                    (f"`{sender}`", ", ".join(f"`{entry.name}`" for entry in sent))
                    for sender, sent in _by_sender([describe(e) for e in declared]).items()
                ],
            ),
        },
    )


def _declared_in(module: object) -> list[type[Event]]:
    """Return the events among the public names of a module, in the order of their declaration."""
    found = {value for name in module.__all__ if _is_event(value := getattr(module, name))}
    return sorted(found, key=lambda event: event.declared_at[2])


def _is_event(value: object) -> bool:
    return isinstance(value, type) and issubclass(value, Event) and not value.abstract


def _sections(declared: Iterable[type[Event]]) -> str:
    return "\n\n".join(section_of(describe(event), meanings=MEANINGS) for event in declared)


def _place(event: type[Event]) -> int:
    """Pairs stay together, in the order of the transition table; creation comes first."""
    rows = [*CREATIONS.values(), *TRANSITIONS.values()]
    found = [both for row in rows for both in (row.before, row.after)]
    return found.index(event)


def _by_sender(entries: list[EventEntry]) -> dict[str, list[EventEntry]]:
    names = sorted({name for entry in entries for name in entry.sender_names or ()})
    return {name: [e for e in entries if name in (e.sender_names or ())] for name in names}
