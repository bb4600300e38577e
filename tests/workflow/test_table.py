"""The transition table, the events and who may send them say the same."""

import importlib
import inspect
from collections import defaultdict

import pytest

from tests.workflow.builders import EVENT_NAMES
from workflow_events.events import Event
from workflow_events.workflow import events, transitions
from workflow_events.workflow.models import Case
from workflow_events.workflow.senders import VERBS, register_sender, sender_for
from workflow_events.workflow.states import CaseStatus, WorkItemStatus

OWN_VERBS = {"complete_case"}
CLASSES = [getattr(events, name) for name in EVENT_NAMES]


def test_there_are_26_events_of_which_each_has_both_names() -> None:
    assert len(EVENT_NAMES) == len(set(CLASSES)) == 26
    for name, event in zip(EVENT_NAMES, CLASSES, strict=True):
        assert issubclass(event, Event)
        assert event.event_name == name
        assert getattr(events, event.__name__) is event
        assert {event.__name__, name} < set(events.__all__)


@pytest.mark.parametrize("event", CLASSES)
def test_every_docstring_says_when_by_which_mutations_and_when_not(event: type[Event]) -> None:
    text = inspect.getdoc(event)
    assert text is not None
    assert "Emitted by" in text
    assert "**not**" in text.lower()
    for verb in event.senders.verbs - {"save_case", "save_work_item"}:  # type: ignore[union-attr]
        words = verb.split("_")
        mutation = words[0] + "".join(word.title() for word in words[1:])
        assert mutation in text or "child case" in text, mutation


@pytest.mark.parametrize("event", CLASSES)
def test_every_event_carries_what_the_contract_says(event: type[Event]) -> None:
    expected = {"user", "context", "case" if event.event_name.endswith("_case") else "work_item"}
    if event.event_name.startswith("pre_create"):
        expected.add("validated_data")
    if "reopen" in event.event_name:
        expected.add("work_items")
    assert event.attributes == expected


def test_events_declare_the_verbs_whose_cascades_emit_them() -> None:
    verbs: dict[type[Event], set[str]] = defaultdict(set)
    for verb in VERBS:
        for event in transitions.events_of(verb):
            verbs[event].add(verb)
    assert set(verbs) == set(CLASSES)
    for event in CLASSES:
        assert event.senders.verbs == verbs[event], event
        assert list(event.senders()) == [sender_for(v) for v in _in_order(event)]


def _in_order(event: type[Event]) -> list[str]:
    by_class = {sender_for(verb): verb for verb in VERBS}
    return [by_class[sender] for sender in event.senders()]


def test_every_verb_has_a_row() -> None:
    assert set(transitions.TRANSITIONS) | set(transitions.CREATIONS) == VERBS | OWN_VERBS


@pytest.mark.parametrize("row", transitions.TRANSITIONS.values(), ids=lambda row: row.verb)
def test_rows_hold_together(row: transitions.Transition) -> None:
    states = set(CaseStatus if row.model is Case else WorkItemStatus)
    assert row.sources <= states
    assert row.target in states - row.sources
    assert row.before.event_name == f"pre_{row.verb}"
    assert row.after.event_name == f"post_{row.verb}"
    assert not (row.closes and row.reopens)
    if row.cascade is not None:
        inner = transitions.cascaded_row(row)
        assert inner.model is not row.model
        assert row.cascade.states <= inner.sources


def test_events_of_a_verb_come_in_order() -> None:
    assert [e.event_name for e in transitions.events_of("skip_work_item")] == [
        "pre_skip_work_item",
        "pre_cancel_case",
        "pre_cancel_work_item",
        "post_cancel_work_item",
        "post_cancel_case",
        "post_skip_work_item",
        "pre_create_work_item",
        "post_create_work_item",
        "pre_complete_case",
        "post_complete_case",
    ]
    with pytest.raises(KeyError):
        transitions.events_of("explode")
    with pytest.raises(LookupError):
        transitions.cascaded_row(transitions.TRANSITIONS["redo_work_item"])


@pytest.mark.parametrize(
    ("former", "today"),
    [
        ("completed_work_item", "post_complete_work_item"),
        ("created_work_item", "post_create_work_item"),
        ("created_case", "post_create_case"),
        ("cancelled_case", "post_cancel_case"),
    ],
)
def test_former_names_still_work(former: str, today: str) -> None:
    with pytest.warns(DeprecationWarning, match=today):
        assert getattr(events, former) is getattr(events, today)


def test_names_that_never_were_are_refused() -> None:
    assert not hasattr(events, "exploded_case")
    with pytest.raises(AttributeError, match="exploded_case"):
        importlib.import_module(events.__name__).exploded_case()


def test_a_verb_has_one_sender() -> None:
    known = sender_for("cancel_case")
    register_sender("cancel_case", known)
    with pytest.raises(ValueError, match="cannot send them as well"):
        register_sender("cancel_case", int)
    with pytest.raises(ValueError, match="no verb"):
        register_sender("explode_case", int)
    with pytest.raises(LookupError, match="No sender is registered"):
        sender_for("explode_case")
