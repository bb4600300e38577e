"""Calling one receiver with stand-ins; nothing here may touch a database."""

import copy
from typing import Any

import pytest
from django.contrib.auth.models import Group, User
from django.db.models.signals import post_save

from tests.testing.matters import Clerk, HeadClerk, matter, other
from workflow_events.events import Event, emit, filter_events, on
from workflow_events.graphql.mutations import CompleteWorkItem, SkipWorkItem
from workflow_events.records import Observer, PostUpdateRecord, PreCreateRecord
from workflow_events.testing import (
    Emissions,
    LeftOut,
    UnknownEvent,
    UnknownReceiver,
    call,
    stand_in,
)
from workflow_events.workflow.events import (
    filter_by_task,
    post_complete_work_item,
    post_create_case,
    pre_complete_work_item,
)
from workflow_events.workflow.models import Case, Task, WorkItem

__all__ = ["matter", "other"]
pytestmark = pytest.mark.any_database


@pytest.fixture
def approved() -> list[Any]:
    return []


@pytest.fixture
def approve(approved: list[Any]) -> Any:
    @on(post_complete_work_item, sender=CompleteWorkItem, background=True, name="approve")
    @filter_by_task("review")
    def approve(work_item: Any, context: Any) -> None:
        approved.append((work_item.name, context))

    return approve


def test_a_receiver_is_called_with_its_filters_and_senders(
    approve: Any, approved: list[Any]
) -> None:
    item = stand_in(WorkItem, task_id="review", name="Review")
    called = call(
        approve, post_complete_work_item, sender=CompleteWorkItem, work_item=item, context=None
    )
    assert called
    assert called.times == 1
    assert called.event.work_item is item
    assert not call(approve, post_complete_work_item, sender=SkipWorkItem, work_item=item)
    wrong = stand_in(WorkItem, task_id="decide")
    assert not call("approve", "post_complete_work_item", sender=CompleteWorkItem, work_item=wrong)
    assert approved == [("Review", None)]


def test_what_was_left_out_fails_when_it_is_used(approve: Any, approved: list[Any]) -> None:
    with pytest.raises(LeftOut, match=r"name of a WorkItem is used.* stand_in\(WorkItem, name=…\)"):
        call(
            approve,
            post_complete_work_item,
            sender=CompleteWorkItem,
            work_item=stand_in(WorkItem, task_id="review"),
        )
    with pytest.raises(LeftOut, match=r"work_item of post_complete_work_item is used.*work_item=…"):
        call(approve, post_complete_work_item, sender=CompleteWorkItem)
    assert approved == []


@pytest.mark.parametrize(
    "use",
    [
        str,
        bool,
        len,
        iter,
        hash,
        int,
        lambda note: note == 1,
        lambda note: note != 1,
        lambda note: note + 1,
        lambda note: 1 - note,
        lambda note: note["a"],
        lambda note: 1 in note,
        lambda note: note(),
        lambda note: note.name,
        lambda note: getattr(note, "name", None),
        lambda note: setattr(note, "name", 1),
        lambda note: f"{note}",
    ],
)
def test_every_use_fails(matter: Any, use: Any) -> None:
    @on(matter)
    def receive(number: Any) -> None:
        use(number)

    with pytest.raises(LeftOut, match="number of matter is used"):
        call(receive, matter)


def test_what_is_only_handed_on_does_not_fail(matter: Any) -> None:
    @on(matter)
    def receive(event: Any, sender: Any, **rest: Any) -> None:
        assert sorted(rest) == ["note", "number"]
        assert repr(sender) == "<sender: left out>"
        event.number = 2

    assert call(receive, matter).event.number == 2


def test_errors_pass_and_other_receivers_do_not_run(matter: Any) -> None:
    @on(matter)
    def fail(number: int) -> None:
        raise ZeroDivisionError

    on(matter)(lambda: pytest.fail("It was not called for."))
    with pytest.raises(ZeroDivisionError):
        call(fail, matter, number=1)


def test_each_registration_is_called_also_async_ones(matter: Any, events: Emissions) -> None:
    calls = []

    @on(matter, sender=Clerk, delivery="commit")
    @on(matter, sender="tests.testing.matters.HeadClerk")
    async def receive(event: Event) -> None:
        calls.append(event.sender)

    assert call(receive, matter, sender=HeadClerk).times == 2
    assert call(receive, matter, sender=Clerk).times == 1
    assert calls == [HeadClerk, HeadClerk, Clerk]
    events.assert_nothing()


def test_what_a_receiver_emits_has_the_occurrence_as_its_cause(
    matter: Any, other: Any, events: Emissions
) -> None:
    @on(matter)
    def go_on() -> None:
        emit(other, sender=None)

    called = call(go_on, matter)
    assert events.names() == ["other"]
    assert events[0].envelope.cause == called.event.envelope.id


def test_signals_are_called_too() -> None:
    names = []

    @on(post_save, sender=User)
    @filter_events(lambda created: created)
    def welcome(instance: Any) -> None:
        names.append(instance.username)

    ann = stand_in(User, username="ann")
    assert call(welcome, post_save, sender=User, instance=ann, created=True)
    assert not call(welcome, post_save, sender=User, instance=ann, created=False)
    assert names == ["ann"]


def test_observers_of_records_are_called_with_stand_ins() -> None:
    seen = []

    class GroupObserver(Observer):
        observes = Group

        def creating(self, record: Group) -> None:
            seen.append(record.name)

        def updated(self, record: Group, event: Any) -> None:
            seen.append((record.name, event.diff))

    staff = stand_in(Group, name="staff")
    assert call(GroupObserver, PreCreateRecord[Group], record=staff)
    changed = {"name": ("a", "staff")}
    assert call(GroupObserver.updated, PostUpdateRecord, sender=Group, record=staff, diff=changed)
    assert not call(GroupObserver, PreCreateRecord[User], record=stand_in(User, username="ann"))
    with pytest.raises(TypeError, match="listens to some senders only"):
        call(GroupObserver, PreCreateRecord, record=staff)
    assert seen == ["staff", ("staff", changed)]


def test_what_cannot_be_called_is_refused(approve: Any, matter: Any) -> None:
    with pytest.raises(TypeError, match=r"approve does not listen to post_create_case\."):
        call(approve, post_create_case)
    with pytest.raises(TypeError, match=r"approve listens to some senders only; give sender=…\."):
        call(approve, post_complete_work_item)
    with pytest.raises(TypeError, match="has no attribute 'item'"):
        call(approve, post_complete_work_item, sender=CompleteWorkItem, item=1)
    with pytest.raises(UnknownReceiver):
        call(print, matter)
    with pytest.raises(UnknownEvent, match="did you mean matter"):
        call(approve, "mattr")
    with pytest.raises(UnknownEvent, match="takes one event"):
        call(approve, "mat*")
    with pytest.raises(UnknownEvent, match="takes one event"):
        call(approve, [matter, post_create_case])


def test_stand_ins_know_their_model() -> None:
    case = stand_in(Case, pk=7, workflow_id="application")
    item = stand_in(WorkItem, case=case, task=stand_in(Task, slug="review"), save=lambda: "saved")
    assert (item.case_id, item.case.id, item.task_id, item.task.pk) == (7, 7, "review", "review")
    assert item.save() == "saved"
    item.name = "Changed"
    assert repr(stand_in(Group, name="staff")) == "<stand-in for Group: name='staff'>"
    assert copy.copy(item).name == "Changed"
    with pytest.raises(AttributeError, match="WorkItem has no 'task_di'; did you mean task_id"):
        stand_in(WorkItem, task_di="review")
    with pytest.raises(AttributeError, match="WorkItem has no 'owner'"):
        _ = item.owner
    with pytest.raises(AttributeError, match="WorkItem has no 'stauts'"):
        item.stauts = "ready"
    for left_out in ("status", "delete", "pk", "previous_work_item_id", "get_status_display"):
        with pytest.raises(LeftOut, match=f"{left_out} of a WorkItem is used"):
            getattr(item, left_out)


def test_emit_takes_stand_ins_without_a_database() -> None:
    calls = []

    @on(pre_complete_work_item)
    @filter_by_task("review")
    def first(work_item: Any, event: Any) -> None:
        work_item.name = "Changed"
        event.context = {"a": 1}

    @on(pre_complete_work_item, raise_exception=True)
    def second(work_item: Any, context: Any) -> None:
        calls.append((work_item.name, context))

    item = stand_in(WorkItem, task_id="review")
    emit(pre_complete_work_item, sender=None, work_item=item, user=None, context=None)
    assert calls == [("Changed", {"a": 1})]
