"""The fixture ``events``: what is emitted in a test."""

import pytest

from workflow_events.cli.example import load_example
from workflow_events.events import Event, emit, on
from workflow_events.events.registry import registry
from workflow_events.graphql.mutations import CompleteWorkItem, StartCase
from workflow_events.testing.emissions import Emissions
from workflow_events.workflow.api import complete_work_item, start_case
from workflow_events.workflow.events import PostCompleteWorkItem
from workflow_events.workflow.users import BaseUser

ANN = BaseUser("ann", ["clerks"])


def test_events_of_a_case_come_in_order_with_sender_and_payload(
    db: None, events: Emissions
) -> None:
    load_example()
    case = start_case("application", ANN, context={"by": "test"})
    assert events.names() == [
        "pre_create_case",
        "pre_create_work_item",
        "post_create_case",
        "post_create_work_item",
    ]
    assert [event.sender for event in events] == [StartCase] * 4
    events.clear()
    assert len(events) == 0

    item = complete_work_item(case.work_items.get(), ANN)
    assert len(events) == 6
    [completed] = events.of(PostCompleteWorkItem)
    assert completed is events[1]
    assert completed.sender is CompleteWorkItem
    assert (completed.work_item, completed.user) == (item, ANN)


def test_what_a_receiver_emits_comes_after_what_it_heard(events: Emissions) -> None:
    class Outer(Event):
        pass

    class Inner(Event):
        pass

    on(Outer, order=-10)(lambda: emit(Inner, sender="inner"))
    emit(Outer, sender="outer")
    assert [(event.event_name, event.sender) for event in events] == [
        ("outer", "outer"),
        ("inner", "inner"),
    ]
    assert events[:1] == events.of(Outer)
    assert repr(events) == "<emitted: outer, inner>"


def test_an_event_that_is_refused_was_emitted(events: Emissions) -> None:
    class Outer(Event):
        pass

    @on(Outer, raise_exception=True)
    def refuse() -> None:
        raise ValueError

    with pytest.raises(ExceptionGroup):
        emit(Outer, sender=None)
    assert events.names() == ["outer"]


def test_nothing_is_emitted(events: Emissions) -> None:
    assert repr(events) == "<emitted: nothing>"
    assert list(events) == []


def test_tests_that_do_not_ask_for_them_have_no_listener() -> None:
    assert [r for r in registry.receivers if "Emissions" in r.name] == []
