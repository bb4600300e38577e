"""The Python API: arguments, atomicity, signals, conflicts (contract section 5, transactions)."""

import uuid
from datetime import datetime
from typing import Any

import pytest
from django.db.models.signals import post_save, pre_save
from django.test.utils import isolate_apps

from tests.workflow.builders import (
    ANN,
    complete,
    item,
    start,
    statements,
    workflow,
)
from workflow_events.events import on
from workflow_events.workflow import api
from workflow_events.workflow.errors import InvalidInput, NotFound
from workflow_events.workflow.models import Case, Workflow, WorkItem
from workflow_events.workflow.succession import are_redoable, is_redoable
from workflow_events.workflow.users import AnonymousUser, BaseUser

pytestmark = pytest.mark.django_db


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


@isolate_apps("workflow_events.workflow")
def test_an_instance_of_a_proxy_will_do() -> None:
    """Also when it is read again, as receivers have written meanwhile."""

    class Dossier(Case):
        class Meta(Case.Meta):
            proxy = True
            app_label = "workflow"

    workflow("a")
    case = start()

    @on("pre_cancel_case")
    def write(case: Case) -> None:
        Case.objects.filter(pk=case.pk).update(meta={"written": True})

    dossier = Dossier.objects.get(pk=case.pk)
    assert api.cancel_case(dossier, ANN) is dossier
    assert (dossier.status, dossier.meta) == ("canceled", {"written": True})


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
