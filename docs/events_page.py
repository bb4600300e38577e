"""The page of the workflow's events: everything that their declarations say."""

from types import GenericAlias
from typing import Any

from docs.sections import marked_up, prose, table, with_sections
from workflow_events.events import Event
from workflow_events.workflow import events
from workflow_events.workflow.senders import sender_for
from workflow_events.workflow.transitions import CREATIONS, TRANSITIONS

MEANINGS = {
    "work_item": "The work item.",
    "case": "The case.",
    "work_items": "The work items that become ready.",
    "user": "Who acts: `username`, `group`, `groups`.",
    "context": "The client's `context`, parsed; `None` without one.",
    "validated_data": "What the row is made from; change it, and that is stored.",
}


def events_page() -> str:
    """Return the page, its sections generated."""
    declared = [getattr(events, name) for name in events.__all__ if name[0].isupper()]
    of_cases = [event for event in declared if "work_item" not in event.attributes]
    of_items = [event for event in declared if "work_item" in event.attributes]
    return with_sections(
        "events.md",
        {
            "work-item-events": "\n\n".join(map(_event, sorted(of_items, key=_place))),
            "case-events": "\n\n".join(map(_event, sorted(of_cases, key=_place))),
            "senders": table(
                ("Sender", "Events"),
                [
                    (f"`{sender}`", ", ".join(f"`{e.event_name}`" for e in sent))
                    for sender, sent in _by_sender(sorted(declared, key=_place)).items()
                ],
            ),
        },
    )


def _place(event: type[Event]) -> int:
    """Pairs stay together, in the order of the transition table; creation comes first."""
    rows = [*CREATIONS.values(), *TRANSITIONS.values()]
    found = [both for row in rows for both in (row.before, row.after)]
    return found.index(event)


def _event(event: type[Event]) -> str:
    senders = ", ".join(f"`{name}`" for name in _senders(event))
    rows = [
        (f"`{name}`", f"`{_type_name(kind)}`", _meaning(event, name, kind))
        for name, kind in event.__annotations__.items()
    ]
    return (
        f"### {event.event_name}\n\n{prose(event)}\n\n"
        f"Class `{event.__name__}`, sent by {senders}.\n\n"
        + table(("Argument", "Type", "What it is"), rows)
    )


def _senders(event: type[Event]) -> list[str]:
    assert event.senders is not None, event
    return sorted(sender_for(verb).__name__ for verb in event.senders.verbs)


def _by_sender(declared: list[type[Event]]) -> dict[str, list[type[Event]]]:
    names = sorted({name for event in declared for name in _senders(event)})
    return {name: [event for event in declared if name in _senders(event)] for name in names}


def _meaning(event: type[Event], name: str, kind: Any) -> str:
    if kind is None:
        return "Always `None`: there is no row yet."
    return marked_up(MEANINGS[name])


def _type_name(kind: Any) -> str:
    if isinstance(kind, GenericAlias) or hasattr(kind, "__args__"):
        inner = ", ".join(_type_name(argument) for argument in kind.__args__)
        return f"{_type_name(kind.__origin__)}[{inner}]"
    return "None" if kind is None else getattr(kind, "__name__", str(kind))
