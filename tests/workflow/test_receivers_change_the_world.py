"""Contract section 5, "When receivers change the world", and section 4, "Nested operations"."""

from typing import Any

import pytest

from tests.workflow.builders import (
    ANN,
    complete,
    item,
    once,
    record,
    state,
    statuses,
    workflow,
)
from workflow_events.events import ReceiverError, on
from workflow_events.workflow import api
from workflow_events.workflow.errors import InvalidTransition
from workflow_events.workflow.models import Case, WorkItem

pytestmark = pytest.mark.django_db

MANY = {"is_multiple_instance": True, "address_groups": "['p', 'q', 'r']|groups"}


def start(slug: str = "flow") -> Case:
    return api.start_case(slug, ANN)


def names(recorder: list[Any]) -> list[tuple[str, str]]:
    return [(e.event, e.of) for e in recorder]


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


def test_cascades_pass_over_what_is_no_longer_eligible() -> None:
    workflow("a; b; c; d", start="a b c d")
    case = start()
    recorder = record()

    @once("pre_cancel_work_item", "a")
    def before(event: Any) -> None:
        api.skip_work_item(item(case, "b"), ANN)
        WorkItem.objects.filter(task="c").delete()

    @once("pre_cancel_work_item", "d")
    def itself(event: Any) -> None:
        api.cancel_work_item(event.work_item, ANN)

    api.cancel_case(case, ANN)
    assert [
        (e.event, e.of, e.sender) for e in recorder if e.event.endswith("cancel_work_item")
    ] == [
        ("pre_cancel_work_item", "a", "cancel_case"),
        ("post_cancel_work_item", "a", "cancel_case"),
        ("pre_cancel_work_item", "d", "cancel_case"),
        ("pre_cancel_work_item", "d", "cancel_work_item"),
        ("post_cancel_work_item", "d", "cancel_work_item"),
    ]
    assert statuses(case) == [("a", "canceled"), ("b", "skipped"), ("d", "canceled")]
    assert state(case) == "canceled"


def test_a_receiver_of_a_cascade_changes_the_target_itself() -> None:
    workflow("a; b", start="a b")
    case = start()

    @once("post_suspend_work_item", "a")
    def cancel(event: Any) -> None:
        api.cancel_case(case.pk, ANN)

    with pytest.raises(InvalidTransition, match="canceled"):
        api.suspend_case(case, ANN)
    assert (state(case), statuses(case)) == ("running", [("a", "ready"), ("b", "ready")])


def test_a_pre_create_receiver_ends_the_case() -> None:
    """Items are never created in a case that is no longer running."""
    workflow("a -> b")
    case = start()

    @once("pre_create_work_item")
    def cancel(event: Any) -> None:
        api.cancel_case(case.pk, ANN)

    with pytest.raises(InvalidTransition, match="no work item can be created"):
        complete(case, "a")
    assert (state(case), statuses(case)) == ("running", [("a", "ready")])


def test_a_pre_create_receiver_creates_the_same_item() -> None:
    workflow("a -> b; x -> b", start="a x")
    case = start()

    @once("pre_create_work_item")
    def other(event: Any) -> None:
        if event.validated_data["task"].pk == "b":
            complete(case, "x")

    complete(case, "a")
    assert statuses(case)[2:] == [("b", "ready")]


def test_a_pre_complete_case_receiver_adds_work() -> None:
    workflow("a", tasks={"m": {"is_multiple_instance": True}})
    case = start()

    @once("pre_complete_case")
    def add(event: Any) -> None:
        WorkItem.objects.create(case=event.case, task_id="m", name="M")

    with pytest.raises(InvalidTransition, match="still has ready work items"):
        complete(case, "a")
    assert statuses(case) == [("a", "ready")]


def test_items_deleted_after_their_creation_are_passed_over() -> None:
    workflow("a; b", start="a b")
    recorder = record(["post_create_work_item"])

    @once("post_create_case")
    def delete(event: Any) -> None:
        event.case.work_items.filter(task="a").delete()

    case = start()
    assert names(recorder) == [("post_create_work_item", "b")]
    assert statuses(case) == [("b", "ready")]


def test_a_receiver_completes_a_sibling_while_the_case_is_canceled() -> None:
    """What follows from the sibling is canceled too: a canceled case holds no open item."""
    workflow("a; b -> c", start="a b")
    case = start()

    @once("post_cancel_work_item", "a")
    def complete_sibling(event: Any) -> None:
        complete(case, "b")

    api.cancel_case(case, ANN)
    assert state(case) == "canceled"
    assert statuses(case) == [("a", "canceled"), ("b", "completed"), ("c", "canceled")]


def test_a_receiver_keeps_adding_items_while_the_case_is_canceled() -> None:
    """It cannot be canceled like that; nothing of it is kept, and it does not go on for ever."""
    workflow("a", tasks={"a": MANY})
    case = start()

    @on("pre_cancel_work_item", raise_exception=True)
    def add(work_item: WorkItem) -> None:
        api.create_work_item(work_item.case, "a", ANN)

    with pytest.raises(InvalidTransition, match="keep adding"):
        api.cancel_case(case, ANN)
    assert (state(case), statuses(case)) == ("running", [("a", "ready")] * 3)


def test_an_item_that_a_pre_create_receiver_revived_and_completed_stays_completed() -> None:
    workflow("a -> b; x -> b; b -> c", start="a x", redoable={"b": "['a']|tasks"})
    case = start()
    complete(case, "a")
    api.redo_work_item(item(case, "a"), ANN)
    assert statuses(case)[2:] == [("b", "redo")]

    @once("pre_create_work_item")
    def nested(event: Any) -> None:
        complete(case, "x", "b")

    complete(case, "a")
    assert statuses(case)[2:] == [("b", "completed"), ("c", "ready"), ("b", "ready")]


def test_an_item_in_redo_that_a_pre_create_receiver_deletes_is_created_anew() -> None:
    workflow("a -> b; b -> c", redoable={"b": "['a']|tasks"})
    case = start()
    complete(case, "a")
    api.redo_work_item(item(case, "a"), ANN)
    redone = item(case, "b")

    @once("pre_create_work_item")
    def delete(event: Any) -> None:
        WorkItem.objects.filter(pk=redone.pk).delete()

    complete(case, "a")
    assert statuses(case) == [("a", "completed"), ("b", "ready")]
    assert item(case, "b") != redone
