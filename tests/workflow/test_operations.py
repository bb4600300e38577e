"""The Python API: arguments, atomicity, signals, conflicts (contract section 5, transactions)."""

import threading
import uuid
from datetime import datetime
from typing import Any

import pytest
from django.db import OperationalError, connection, transaction
from django.db.models.signals import post_save, pre_save

from tests.workflow.builders import (
    ANN,
    complete,
    item,
    record,
    state,
    statements,
    statuses,
    workflow,
)
from workflow_events.events import on
from workflow_events.workflow import api
from workflow_events.workflow.errors import Conflict, InvalidInput, InvalidTransition, NotFound
from workflow_events.workflow.models import Case, Workflow, WorkItem
from workflow_events.workflow.succession import are_redoable, is_redoable
from workflow_events.workflow.users import AnonymousUser, BaseUser

pytestmark = pytest.mark.django_db

postgresql_only = pytest.mark.skipif(
    "connection.vendor != 'postgresql'", reason="SQLite has one writer at a time"
)


def start(slug: str = "flow", **options: Any) -> Case:
    return api.start_case(slug, ANN, **options)


def test_start_case_takes_meta_and_creator() -> None:
    workflow("a")
    case = start(meta={"m": 1}, created_by_group="other")
    case.refresh_from_db()
    assert (case.meta, case.created_by_user, case.created_by_group) == ({"m": 1}, "ann", "other")
    anonymous = api.start_case(Workflow.objects.get(), AnonymousUser())
    assert anonymous.created_by_user is None


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"form": "f"}, "form"),
        ({"status": "completed"}, "status"),
        ({"meta": None}, "meta"),
        ({"meta": {1, 2}}, "meta"),
        ({"created_by_user": 7}, "created_by_user"),
    ],
)
def test_start_case_refuses_other_values(options: dict[str, Any], message: str) -> None:
    workflow("a")
    with pytest.raises(InvalidInput, match=message):
        start(**options)
    assert not Case.objects.exists()


def test_start_case_needs_a_workflow_with_start_tasks() -> None:
    made = workflow("a")
    made.start_task_rows.all().delete()
    with pytest.raises(InvalidInput, match="no start tasks"):
        start()
    with pytest.raises(NotFound, match="'missing'"):
        start("missing")
    with pytest.raises(NotFound):
        start(parent_work_item=uuid.uuid4())
    assert not Case.objects.exists()


def test_an_instance_is_brought_up_to_date_and_returned() -> None:
    workflow("a -> b")
    case = start()
    row = item(case, "a")
    stale = WorkItem.objects.select_related("case").get()
    stale_case = stale.case
    api.update_work_item(row, ANN, meta={"new": True})
    api.update_case(case, ANN, meta={"case": True})
    done = api.complete_work_item(stale, ANN)
    assert done is stale
    assert stale.case is stale_case
    assert (done.meta, stale_case.meta) == ({"new": True}, {"case": True})
    assert api.cancel_case(case, ANN) is case
    assert case.status == "canceled"
    stale.save()
    assert item(case, "a").status == "completed"


def test_keys_and_texts_of_keys_will_do() -> None:
    workflow("a -> b; b -> c")
    case = start()
    assert api.complete_work_item(item(case, "a").pk, ANN).status == "completed"
    assert api.complete_work_item(str(item(case, "b").pk), ANN).status == "completed"
    assert api.cancel_case(str(case.pk), ANN).status == "canceled"


def test_update_work_item() -> None:
    workflow("a", tasks={"a": {"description": "of the task"}})
    case = start()
    due = datetime.fromisoformat("2030-01-01T00:00:00+00:00")
    bob = BaseUser("bob")
    row = api.update_work_item(
        item(case, "a"), bob, name="N", description="D", assigned_users=["u"], deadline=due
    )
    row.refresh_from_db()
    assert (row.name, row.description, row.assigned_users, row.deadline) == ("N", "D", ["u"], due)
    assert (row.modified_by_user, row.modified_by_group, row.status) == ("bob", None, "ready")
    row = api.update_work_item(row, bob, name="", description=None, deadline=None)
    row.refresh_from_db()
    assert (row.name, row.description, row.deadline) == ("A", "of the task", None)
    assert row.assigned_users == ["u"]


@pytest.mark.parametrize(
    "values",
    [
        {"name": "x" * 256},
        {"name": 1},
        {"meta": None},
        {"assigned_users": None},
        {"assigned_users": [None]},
        {"deadline": datetime(2030, 1, 1)},
    ],
)
def test_update_work_item_refuses_wrong_values(values: dict[str, Any]) -> None:
    workflow("a", tasks={"a": {"is_multiple_instance": True}})
    case = start()
    (key,) = values
    with pytest.raises(InvalidInput, match=key):
        api.update_work_item(item(case, "a"), ANN, **values)
    with pytest.raises(InvalidInput, match=key):
        api.create_work_item(case, "a", ANN, **values)
    assert item(case, "a").name == "A"


def test_update_case() -> None:
    workflow("a", slug="one")
    workflow("a", slug="two")
    case = start("one")
    api.update_case(case.pk, ANN, workflow="two", meta=[1])
    case.refresh_from_db()
    assert (case.workflow_id, case.meta, case.modified_by_user) == ("two", [1], "ann")
    with pytest.raises(NotFound):
        api.update_case(case, ANN, workflow="three")
    with pytest.raises(InvalidInput):
        api.update_case(case, ANN, meta=None)
    with pytest.raises(NotFound):
        api.update_case(uuid.uuid4(), ANN, meta={})


def test_row_signals_of_django_make_cascades_go_row_by_row() -> None:
    workflow("a; b", start="a b")
    case = start()
    seen: list[tuple[str, str, list[str]]] = []

    def saved(instance: WorkItem, update_fields: Any, **kwargs: Any) -> None:
        seen.append((instance.task_id, instance.status, sorted(update_fields or ())))

    pre_save.connect(saved, sender=WorkItem)
    try:
        api.suspend_case(case, ANN)
        assert seen == [(t, "suspended", ["modified_at", "status"]) for t in "ab"]
        seen.clear()
        start()
        assert [row[:2] for row in seen] == [("a", "ready"), ("b", "ready")]
    finally:
        pre_save.disconnect(saved, sender=WorkItem)


def test_signals_through_on_are_seen_too() -> None:
    workflow("a -> b; b -> c", redoable={"b": "'a'|task"})
    case = start()
    complete(case, "a")
    seen: list[tuple[str, str]] = []

    @on(post_save, sender=WorkItem)
    def saved(instance: WorkItem) -> None:
        seen.append((instance.task_id, instance.status))

    api.redo_work_item(item(case, "a"), ANN)
    assert seen == [("b", "redo"), ("a", "ready")]


def test_a_signal_that_changes_the_row_is_seen_by_the_post_receivers() -> None:
    workflow("a -> b")
    case = start()
    seen = []

    @on(post_save, sender=WorkItem)
    def saved(instance: WorkItem) -> None:
        WorkItem.objects.filter(pk=instance.pk, status="completed").update(meta={"by": "signal"})

    @on("post_complete_work_item")
    def look(work_item: WorkItem) -> None:
        seen.append(work_item.meta)

    complete(case, "a")
    assert seen == [{"by": "signal"}]


def test_task_and_case_are_loaded_for_receivers() -> None:
    workflow("a -> b; c", start="a c")
    case = start()
    child = api.start_case("flow", ANN, item(case, "c"))
    recorder: list[Any] = []

    @on("*_work_item")
    async def look(work_item: WorkItem | None) -> None:
        if work_item is not None:
            recorder.append((work_item.task.name, work_item.case.status))

    complete(case, "a")
    api.suspend_case(case, ANN)
    api.resume_case(case, ANN)
    api.cancel_case(case, ANN)
    assert len(recorder) == 2 + 1 + 3 * 2 * 4
    assert child.pk


def test_work_items_of_reopen_are_a_queryset() -> None:
    workflow("a; b", start="a b")
    case = start()
    complete(case, "a", "b")
    seen = []

    @on(["pre_reopen_case", "post_reopen_case"])
    def look(work_items: Any) -> None:
        seen.append(list(work_items.values_list("task", "status")))

    api.reopen_case(case, WorkItem.objects.filter(status="completed"), ANN)
    assert seen == [
        [("a", "completed"), ("b", "completed")],
        [("a", "ready"), ("b", "ready")],
    ]


def test_redoable_for_many_items() -> None:
    workflow("a -> b; b -> c; c -> d", redoable={"c": "['a', 'b']|tasks", "b": "'a'|task"})
    first, second = start(), start()
    complete(first, "a", "b")
    complete(second, "a")
    rows = list(WorkItem.objects.all())
    with statements() as sql:
        answers = are_redoable(rows)
    assert len(sql) == 3
    assert {(row.case_id == first.pk, row.task_id): answers[row.pk] for row in rows} == {
        (True, "a"): True,
        (True, "b"): True,
        (True, "c"): False,
        (False, "a"): True,
        (False, "b"): False,
    }
    assert is_redoable(item(first, "a"))
    api.suspend_work_item(item(first, "c"), ANN)
    assert not is_redoable(item(first, "a"))
    with statements() as sql:
        assert are_redoable([]) == {}
    assert sql == []


@postgresql_only
@pytest.mark.django_db(transaction=True)
def test_two_clients_complete_one_item() -> None:
    workflow("a -> b")
    case = start()
    pk = item(case, "a").pk
    recorder = record(["post_complete_work_item"])
    outcomes = in_threads(
        lambda: api.complete_work_item(pk, ANN), lambda: api.complete_work_item(pk, ANN)
    )
    assert sorted(type(o).__name__ for o in outcomes) == ["InvalidTransition", "WorkItem"]
    assert len(recorder) == 1
    assert statuses(case) == [("a", "completed"), ("b", "ready")]


@postgresql_only
@pytest.mark.django_db(transaction=True)
def test_two_clients_complete_the_branches_of_a_join() -> None:
    workflow("a -> b c; b c -> d")
    case = start()
    complete(case, "a")
    b, c = item(case, "b").pk, item(case, "c").pk
    in_threads(lambda: api.complete_work_item(b, ANN), lambda: api.complete_work_item(c, ANN))
    assert statuses(case)[3:] == [("d", "ready")]


@postgresql_only
@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("raise_exception", [False, True])
def test_a_deadlock_across_families_is_a_conflict(raise_exception: bool) -> None:
    """Each completes its item while its receiver cancels the other's case."""
    workflow("a -> b")
    first, second = start(), start()
    other = {first.pk: second.pk, second.pk: first.pk}
    both = threading.Barrier(2, timeout=10)

    @on("post_complete_work_item", raise_exception=raise_exception)
    def cross(work_item: WorkItem) -> None:
        both.wait()
        api.suspend_case(other[work_item.case_id], ANN)

    outcomes = in_threads(
        lambda: api.complete_work_item(item(first, "a"), ANN),
        lambda: api.complete_work_item(item(second, "a"), ANN),
    )
    assert sorted(type(o).__name__ for o in outcomes) == ["Conflict", "WorkItem"]
    loser = first if statuses(first) == [("a", "suspended")] else second
    winner = second if loser is first else first
    assert (statuses(loser), state(loser)) == ([("a", "suspended")], "suspended")
    assert statuses(winner) == [("a", "completed"), ("b", "ready")]


def in_threads(*operations: Any) -> list[Any]:
    outcomes: list[Any] = []

    def run(operation: Any) -> None:
        try:
            outcomes.append(operation())
        except Exception as error:
            outcomes.append(error)
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=(operation,)) for operation in operations]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=20)
    assert len(outcomes) == len(operations)
    return outcomes


class Lost(Exception):
    def __init__(self, **attributes: Any) -> None:
        super().__init__("lost")
        self.__dict__.update(attributes)


@pytest.mark.parametrize(
    ("cause", "expected"),
    [
        (Lost(sqlstate="40P01"), Conflict),
        (Lost(sqlstate="40001"), Conflict),
        (Lost(sqlite_errorcode=5), Conflict),
        (Lost(sqlite_errorcode=261), Conflict),
        (Lost(sqlite_errorcode=1), OperationalError),
        (Lost(sqlstate="57P01"), OperationalError),
        (None, OperationalError),
    ],
)
def test_which_errors_are_conflicts(cause: Exception | None, expected: type[Exception]) -> None:
    workflow("a -> b")
    case = start()
    fail = True

    def interrupt(execute: Any, sql: str, *arguments: Any) -> Any:
        if sql.startswith("UPDATE") and fail:
            raise OperationalError("lost") from cause
        return execute(sql, *arguments)

    with connection.execute_wrapper(interrupt), pytest.raises(expected), transaction.atomic():
        complete(case, "a")
    fail = False
    assert statuses(case) == [("a", "ready")]


def test_nested_operations_leave_the_conflict_to_the_outermost() -> None:
    workflow("a -> b")
    case, other = start(), start()
    seen = []

    @on("pre_complete_work_item")
    def nested(work_item: WorkItem) -> None:
        if work_item.case_id == case.pk:
            try:
                api.cancel_case(other, ANN)
            except OperationalError as error:
                seen.append(error)

    def interrupt(execute: Any, sql: str, *arguments: Any) -> Any:
        if sql.startswith("UPDATE"):
            raise OperationalError("lost") from Lost(sqlstate="40P01")
        return execute(sql, *arguments)

    with connection.execute_wrapper(interrupt), pytest.raises(Conflict):
        complete(case, "a")
    assert len(seen) == 1
    assert statuses(other) == statuses(case) == [("a", "ready")]
    with pytest.raises(InvalidTransition):
        api.resume_case(case, ANN)
