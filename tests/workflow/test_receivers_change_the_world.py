"""Contract section 5, "When receivers change the world", and section 4, "Nested operations"."""

from typing import Any

import pytest

from tests.workflow.builders import (
    ANN,
    complete,
    item,
    names,
    once,
    record,
    start,
    state,
    statuses,
    workflow,
)
from workflow_events.events import ReceiverError, on
from workflow_events.workflow import api
from workflow_events.workflow.errors import InvalidTransition
from workflow_events.workflow.models import WorkItem

pytestmark = pytest.mark.django_db
MANY = {"is_multiple_instance": True, "address_groups": "['p', 'q', 'r']|groups"}


def test_a_pre_receiver_cancels_the_item() -> None:
    workflow("a -> b")
    case = start()

    @once("pre_complete_work_item")
    def cancel(event: Any) -> None:
        api.cancel_work_item(event.work_item, ANN)

    with pytest.raises(InvalidTransition, match="canceled"):
        api.complete_work_item(item(case, "a"), ANN)
    assert statuses(case) == [("a", "ready")]


def test_a_pre_receiver_suspends_the_case() -> None:
    workflow("a -> b")
    case = start()

    @once("pre_skip_work_item")
    def suspend(event: Any) -> None:
        api.suspend_case(event.work_item.case, ANN)

    with pytest.raises(InvalidTransition):
        api.skip_work_item(item(case, "a"), ANN)
    assert (state(case), statuses(case)) == ("running", [("a", "ready")])


def test_a_pre_receiver_deletes_the_item() -> None:
    workflow("a -> b")
    case = start()

    @once("pre_complete_work_item")
    def delete(event: Any) -> None:
        WorkItem.objects.all().delete()

    with pytest.raises(InvalidTransition, match="deleted"):
        api.complete_work_item(item(case, "a"), ANN)
    assert statuses(case) == [("a", "ready")]


def test_a_post_receiver_deletes_the_item() -> None:
    workflow("a -> b")
    case = start()

    @once("post_complete_work_item")
    def delete(event: Any) -> None:
        WorkItem.objects.all().delete()

    with pytest.raises(InvalidTransition, match="deleted"):
        api.complete_work_item(item(case, "a"), ANN)
    assert statuses(case) == [("a", "ready")]


def test_a_post_receiver_completes_the_sibling_of_a_join() -> None:
    """The nested operation has walked the flow: the join is created once."""
    workflow("a -> b c; b c -> d")
    case = start()
    complete(case, "a")
    recorder = record(["post_create_work_item"])

    @once("post_complete_work_item", "b")
    def sibling(event: Any) -> None:
        complete(case, "c")

    complete(case, "b")
    assert names(recorder) == [("post_create_work_item", "d")]
    assert statuses(case)[3:] == [("d", "ready")]


def test_the_join_is_created_once_even_if_it_is_done_by_then() -> None:
    workflow("a -> b c; b c -> d; d -> e")
    case = start()
    complete(case, "a")

    @once("post_complete_work_item", "b")
    def sibling(event: Any) -> None:
        complete(case, "c", "d")

    complete(case, "b")
    assert statuses(case)[3:] == [("d", "completed"), ("e", "ready")]


def test_a_nested_walk_that_was_undone_does_not_count() -> None:
    workflow("a -> b c; b c -> d")
    case = start()
    complete(case, "a")
    failed = []

    @on("post_complete_work_item")
    def sibling(work_item: WorkItem) -> None:
        if work_item.task_id == "b":
            complete(case, "c")
            failed.append(True)
            raise RuntimeError

    complete(case, "b")
    assert failed == [True]
    assert statuses(case)[2:] == [("c", "ready")]
    complete(case, "c")
    assert statuses(case)[3:] == [("d", "ready")]


def test_a_post_receiver_completes_the_siblings_of_a_multiple_instance_task() -> None:
    workflow("b -> c", tasks={"b": MANY, "c": MANY})
    case = start()
    first, second, third = WorkItem.objects.filter(task="b").order_by("pk")

    @once("post_complete_work_item", "b")
    def others(event: Any) -> None:
        api.complete_work_item(second, ANN)
        api.complete_work_item(third, ANN)

    api.complete_work_item(first, ANN)
    assert statuses(case)[3:] == [("c", "ready")] * 3


def test_what_a_pre_receiver_walked_does_not_count() -> None:
    """That walk was before the item was written, so it cannot have counted on it."""
    workflow("b -> c", tasks={"b": {**MANY, "continue_async": True}, "c": {}})
    case = start()
    first, second, _ = WorkItem.objects.filter(task="b").order_by("pk")

    @once("pre_complete_work_item", "b")
    def other(event: Any) -> None:
        api.complete_work_item(second, ANN)
        complete(case, "c")

    api.complete_work_item(first, ANN)
    assert statuses(case)[3:] == [("c", "completed"), ("c", "ready")]


def test_a_post_receiver_cancels_the_case() -> None:
    workflow("a -> b")
    case = start()

    @once("post_complete_work_item")
    def cancel(event: Any) -> None:
        api.cancel_case(event.work_item.case, ANN)

    done = api.complete_work_item(item(case, "a"), ANN)
    assert (state(case), statuses(case)) == ("canceled", [("a", "completed")])
    assert done.case.status == "canceled"


def test_a_post_receiver_cancels_the_last_case_through_another_instance() -> None:
    workflow("a")
    case = start()
    recorder = record(["pre_complete_case", "post_complete_case"])

    @once("post_complete_work_item")
    def cancel(event: Any) -> None:
        api.cancel_case(case.pk, ANN)

    complete(case, "a")
    assert recorder == []
    assert state(case) == "canceled"


def test_a_post_receiver_redoes_the_item() -> None:
    """The item is no longer completed: its flow does not go on."""
    workflow("a -> b; b -> c", redoable={"b": "'a'|task"})
    case = start()
    complete(case, "a")

    @once("post_complete_work_item", "b")
    def back(event: Any) -> None:
        WorkItem.objects.filter(pk=event.work_item.pk).write_protected(status="ready")

    complete(case, "b")
    assert statuses(case) == [("a", "completed"), ("b", "ready")]


def test_a_post_receiver_saves_a_stale_instance() -> None:
    workflow("a -> b")
    case = start()
    stale = item(case, "a")

    @once("post_complete_work_item")
    def save(event: Any) -> None:
        stale.meta = {"stale": True}
        stale.save()

    done = api.complete_work_item(item(case, "a"), ANN)
    assert (done.status, done.meta) == ("completed", {"stale": True})
    assert statuses(case) == [("a", "completed"), ("b", "ready")]
    assert item(case, "a").meta == {"stale": True}


def test_a_post_receiver_changes_meta_and_fails() -> None:
    workflow("a -> b")
    case = start()
    seen = []

    @on("post_complete_work_item")
    def fail(work_item: WorkItem) -> None:
        work_item.meta["lost"] = True
        work_item.save()
        raise RuntimeError

    @on("post_complete_work_item")
    def look(work_item: WorkItem) -> None:
        seen.append(dict(work_item.meta))
        work_item.meta["kept"] = True
        work_item.save()

    done = api.complete_work_item(item(case, "a"), ANN)
    assert seen == [{}]
    assert done.meta == item(case, "a").meta == {"kept": True}
    assert statuses(case) == [("a", "completed"), ("b", "ready")]


def test_unsaved_changes_are_never_stored() -> None:
    workflow("a -> b")
    case = start()

    @on(["pre_complete_work_item", "post_complete_work_item"])
    def change(work_item: WorkItem) -> None:
        work_item.meta["unsaved"] = True
        work_item.name = "Unsaved"

    row = item(case, "a")
    row.name = "Also unsaved"
    done = api.complete_work_item(row, ANN)
    assert done is row
    assert (item(case, "a").name, item(case, "a").meta) == ("A", {})


def test_a_veto_undoes_everything() -> None:
    workflow("a -> b")
    case = start()

    @on("post_create_work_item", raise_exception=True)
    def veto(work_item: WorkItem) -> None:
        raise ValueError("not today")

    with pytest.raises(ReceiverError, match="not today"):
        complete(case, "a")
    assert statuses(case) == [("a", "ready")]


def test_a_pre_complete_case_receiver_adds_work() -> None:
    workflow("a", tasks={"m": {"is_multiple_instance": True}})
    case = start()

    @once("pre_complete_case")
    def add(event: Any) -> None:
        WorkItem.objects.create(case=event.case, task_id="m", name="M")

    with pytest.raises(InvalidTransition, match="still has ready work items"):
        complete(case, "a")
    assert statuses(case) == [("a", "ready")]
