"""The events of each mutation on the example workflow, as snapshots of a deployment hold them.

After a change that is meant: ``pytest tests/testing/test_sequences.py --snapshot-update``.
"""

import json
from decimal import Decimal
from enum import Enum
from typing import Any
from uuid import UUID

import pytest
from django.contrib.auth.models import Group, User
from django.core.exceptions import FieldDoesNotExist
from django.utils import timezone

from tests.testing.matters import Clerk, matter, other
from workflow_events.cli.example import DECIDE, FILE, REVIEWS, load_example
from workflow_events.events import emit, on
from workflow_events.graphql.mutations import CompleteWorkItem
from workflow_events.testing import Emissions
from workflow_events.testing.mutations import MutationFailed, run_mutation
from workflow_events.workflow.api import complete_work_item, skip_work_item, start_case
from workflow_events.workflow.events import post_complete_work_item
from workflow_events.workflow.models import Case, Task, TaskFlow, WorkItem
from workflow_events.workflow.users import BaseUser

__all__ = ["matter", "other"]
ADA = BaseUser("ada", ["clerks"])


@pytest.fixture
def case(db: None) -> Case:
    """A case of the example, whose application is filed: two reviews are ready."""
    load_example()
    started = start_case("application", ADA)
    complete_work_item(item(started, FILE), ADA)
    return started


def item(case: Case, task: str) -> WorkItem:
    return case.work_items.get(task=task)


def run(events: Emissions, name: str, /, **members: Any) -> list[dict[str, Any]]:
    events.clear()
    run_mutation(name, user=ADA, **members)
    return events.sequence()


@pytest.mark.parametrize("name", ["startCase", "saveCase"])
def test_a_case_is_started(name: str, db: None, events: Emissions, snapshot: Any) -> None:
    load_example()
    assert run(events, name, workflow="application", context={"by": "test"}) == snapshot


@pytest.mark.parametrize(
    "name", ["completeWorkItem", "skipWorkItem", "cancelWorkItem", "suspendWorkItem"]
)
def test_a_work_item_is_ready(name: str, case: Case, events: Emissions, snapshot: Any) -> None:
    assert run(events, name, id=item(case, REVIEWS[0]), context=["why"]) == snapshot


def test_a_work_item_is_resumed(case: Case, events: Emissions, snapshot: Any) -> None:
    review = item(case, REVIEWS[0])
    run_mutation("suspendWorkItem", user=ADA, id=review)
    assert run(events, "resumeWorkItem", id=review) == snapshot


@pytest.mark.parametrize("name", ["suspendCase", "cancelCase"])
def test_a_case_is_running(name: str, case: Case, events: Emissions, snapshot: Any) -> None:
    assert run(events, name, id=case) == snapshot


def test_a_case_is_resumed(case: Case, events: Emissions, snapshot: Any) -> None:
    run_mutation("suspendCase", user=ADA, id=case)
    assert run(events, "resumeCase", id=case) == snapshot


def test_the_last_work_item_completes_the_case(
    case: Case, events: Emissions, snapshot: Any
) -> None:
    for review in REVIEWS:
        skip_work_item(item(case, review), ADA)
    assert run(events, "completeWorkItem", id=item(case, DECIDE)) == snapshot


def test_a_case_is_reopened(case: Case, events: Emissions, snapshot: Any) -> None:
    for task in (*REVIEWS, DECIDE):
        skip_work_item(item(case, task), ADA)
    decided = item(case, DECIDE)
    assert run(events, "reopenCase", id=case, workItems=[str(decided.pk)]) == snapshot


def test_a_work_item_is_redone(case: Case, events: Emissions, snapshot: Any) -> None:
    TaskFlow.objects.filter(task__in=REVIEWS).update(redoable=f"'{FILE}'|task")
    complete_work_item(item(case, REVIEWS[0]), ADA)
    assert run(events, "redoWorkItem", id=item(case, FILE)) == snapshot


@pytest.mark.parametrize("name", ["createWorkItem", "saveWorkItem"])
def test_a_work_item_is_added(name: str, case: Case, events: Emissions, snapshot: Any) -> None:
    Task.objects.filter(pk=REVIEWS[0]).update(is_multiple_instance=True)
    members = {"case": case, "multipleInstanceTask": REVIEWS[0], "meta": {"a": 1}}
    assert run(events, name, **members) == snapshot


def test_a_change_of_data_emits_nothing(case: Case, events: Emissions) -> None:
    assert run(events, "saveWorkItem", workItem=item(case, REVIEWS[0]), name="Mine") == []


def test_what_a_receiver_does_is_below_its_cause(
    case: Case, events: Emissions, snapshot: Any
) -> None:
    @on(post_complete_work_item, sender=CompleteWorkItem)
    def spare_the_other(work_item: WorkItem) -> None:
        if work_item.task_id == REVIEWS[0]:
            complete_work_item(item(case, REVIEWS[1]), ADA)

    assert run(events, "completeWorkItem", id=item(case, REVIEWS[0])) == snapshot
    assert events.tree() == snapshot(name="tree")
    cause, effect = events[1], events[2]
    assert events.cause_of(cause) is None
    assert events.cause_of(effect) is cause


def test_a_sequence_is_the_same_at_each_run(case: Case, events: Emissions) -> None:
    first = run(events, "suspendCase", id=case)
    run_mutation("resumeCase", user=ADA, id=case)
    assert run(events, "suspendCase", id=case) == first
    assert json.loads(json.dumps(first)) == first


def test_a_changed_sender_order_or_argument_is_another_sequence(
    matter: Any, other: Any, events: Emissions
) -> None:
    def sequence(*emitted: Any) -> list[Any]:
        events.clear()
        for kind, sender, payload in emitted:
            emit(kind, sender=sender, **payload)
        return events.sequence()

    one, two = (matter, None, {"number": 1}), (other, None, {})
    found = [
        sequence(one, two),
        sequence(two, one),
        sequence((matter, Clerk, {"number": 1}), two),
        sequence((matter, None, {"number": 2}), two),
    ]
    assert all(a != b for place, a in enumerate(found) for b in found[:place])
    assert found[0] == [
        {"event": "matter", "sender": None, "payload": {"note": None, "number": 1}},
        {"event": "other", "sender": None, "payload": {}},
    ]


def test_rows_and_ids_are_numbered_and_shown_as_of_the_emission(
    matter: Any, events: Emissions
) -> None:
    class Color(Enum):
        RED = "red"

    ann, staff = User(pk=7, username="ann", email="ann@example.org"), Group(name="staff")
    ann._state.adding = False
    key = UUID(int=5)
    values = [ann, staff, key, f"id {key}", UUID(int=6), timezone.now(), Decimal(1), Color.RED]
    note = {"values": [*values, {2, 1}, print, object(), User.objects.all()], 3: Clerk}
    emit(matter, sender=Clerk(), number=1, note=note)
    ann.username = "changed"
    note.clear()
    [entry] = events.sequence()
    assert entry["sender"] == "Clerk"
    assert entry["payload"]["note"] == {
        "values": [
            "User 1 (username='ann')",
            "unsaved Group (name='staff')",
            "<UUID 1>",
            "id <UUID 1>",
            "<UUID 2>",
            "<datetime>",
            "Decimal('1')",
            "red",
            [1, 2],
            "builtins.print",
            "<object object>",
            "<QuerySet of User>",
        ],
        "3": "tests.testing.matters.Clerk",
    }
    [entry] = events.sequence(rows={User: ["email", "is_active"], Group: []})
    assert entry["payload"]["note"]["values"][:2] == [
        "User 1 (email='ann@example.org', is_active=True)",
        "unsaved Group",
    ]
    with pytest.raises(FieldDoesNotExist):
        events.sequence(rows={User: ["mail"]})


def test_sets_are_sorted(matter: Any, events: Emissions) -> None:
    users = {User(pk=key, username=f"user{key}") for key in (10, 9, 8)}
    emit(matter, sender=None, number=1, note=[users, frozenset("cab"), (UUID(int=1),)])
    [entry] = events.sequence()
    assert entry["payload"]["note"] == [
        [f"unsaved User (username='user{key}')" for key in (8, 9, 10)],
        ["a", "b", "c"],
        ["<UUID 1>"],
    ]


def test_what_a_mutation_returns_and_how_it_is_refused(case: Case, events: Emissions) -> None:
    review = item(case, REVIEWS[0])
    answer = run_mutation("completeWorkItem", "{ workItem { status } }", user=ADA, id=review)
    assert answer == {"workItem": {"status": "COMPLETED"}}
    events.clear()
    refused = "completeWorkItem: INVALID_TRANSITION: Only ready work items"
    with pytest.raises(MutationFailed, match=refused) as caught:
        run_mutation("completeWorkItem", user=ADA, id=review)
    [error] = caught.value.errors
    assert error["path"] == ["completeWorkItem"]
    assert error["extensions"] == {"code": "INVALID_TRANSITION"}
    assert error["message"] == str(caught.value.__cause__)
    with pytest.raises(LookupError, match="no mutation 'completeWorkitem'; there is completeWork"):
        run_mutation("completeWorkitem", id=review)
    with pytest.raises(LookupError, match="CompleteWorkItemInput has no 'workItem'; it has"):
        run_mutation("completeWorkItem", workItem=review)
    events.assert_nothing()
