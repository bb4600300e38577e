"""The fixture ``events``: what is emitted in a test."""

import pytest
from asgiref.sync import async_to_sync
from django.contrib.auth.models import Group, User
from django.db.models.signals import post_init

from tests.testing.matters import Clerk
from workflow_events.cli.example import load_example
from workflow_events.events import Event, aemit, emit, on
from workflow_events.events.registration.registry import registry
from workflow_events.graphql.mutations import CompleteWorkItem, StartCase
from workflow_events.records import PostUpdateRecord
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


def test_what_records_is_no_receiver(events: Emissions) -> None:
    class Matter(Event):
        pass

    before = list(registry.receivers)
    assert registry.listeners(Matter) == tuple(r for r in before if r.means(Matter))
    emit(Matter, sender=None)
    assert events.names() == ["matter"]
    assert registry.receivers == before


def test_tests_that_do_not_ask_for_them_have_no_watcher() -> None:
    assert registry._watchers == ()


def test_events_of_records_are_recorded_where_somebody_listens(db: None, events: Emissions) -> None:
    on(PostUpdateRecord[Group])(lambda: pytest.fail("It is muted."))
    group = Group.objects.create(name="staff")
    with events.expect(PostUpdateRecord[Group]):
        Group.objects.get().save()
        group.name = "people"
        group.save()
    events.assert_emitted(PostUpdateRecord, record=group, diff={"name": ("staff", "people")})
    events.assert_emitted(PostUpdateRecord[User], times=0)


def test_signals_are_not_recorded(events: Emissions) -> None:
    heard = []
    on(post_init, sender=Clerk)(lambda: heard.append(1))
    post_init.send(Clerk)
    assert heard == [1]
    events.assert_nothing()


def test_what_async_code_emits_is_recorded(events: Emissions) -> None:
    class Outer(Event):
        pass

    class Inner(Event):
        pass

    @on(Outer)
    async def go_on() -> None:
        await aemit(Inner, sender=None)

    async_to_sync(aemit)(Outer, sender=None)
    assert events.tree() == "outer from None\n  inner from None"
    outer, inner = events
    assert events.cause_of(inner) is outer
