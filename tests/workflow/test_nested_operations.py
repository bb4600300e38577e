"""Operations that receivers call (contract section 4, "Nested operations")."""

from typing import Any

import pytest
from django.db import transaction

from tests.workflow.builders import (
    ANN,
    complete,
    item,
    once,
    record,
    start,
    state,
    statuses,
    workflow,
)
from workflow_events.events import EventDepthExceeded, ReceiverError, on
from workflow_events.workflow import api
from workflow_events.workflow.models import Case, WorkItem

pytestmark = pytest.mark.django_db


def test_a_nested_operation_is_all_or_nothing() -> None:
    workflow("a -> b")
    case, other = start(), start()

    @on("post_create_work_item", raise_exception=True)
    def veto(work_item: WorkItem) -> None:
        if work_item.case_id == other.pk:
            raise ValueError("no")

    caught = []

    @once("post_complete_work_item", "a")
    def nested(event: Any) -> None:
        try:
            complete(other, "a")
        except ReceiverError as error:
            caught.append(str(error))

    complete(case, "a")
    assert caught == ["no"]
    assert statuses(case) == [("a", "completed"), ("b", "ready")]
    assert statuses(other) == [("a", "ready")]


def test_nested_operations_send_their_own_class_and_context() -> None:
    workflow("a -> b")
    case = start()
    recorder = record(["post_complete_work_item", "pre_cancel_case", "pre_cancel_work_item"])

    @once("post_complete_work_item")
    def nested(event: Any) -> None:
        other = api.start_case("flow", ANN)
        api.cancel_case(other, ANN, {"mine": True})

    api.complete_work_item(item(case, "a"), ANN, {"outer": True})
    assert [(e.event, e.sender, e.context) for e in recorder] == [
        ("post_complete_work_item", "complete_work_item", {"outer": True}),
        ("pre_cancel_case", "cancel_case", {"mine": True}),
        ("pre_cancel_work_item", "cancel_case", {"mine": True}),
    ]


def test_a_sub_case_completes_its_parent_item() -> None:
    """What the engine does not do, a receiver does."""
    workflow("a -> b", slug="outer")
    workflow("x", slug="inner")

    @on("post_complete_case", raise_exception=True)
    def up(case: Case, user: Any, context: Any) -> None:
        if hasattr(case, "parent_work_item"):
            api.complete_work_item(case.parent_work_item, user, context)

    outer = start("outer")
    inner = api.start_case("inner", ANN, item(outer, "a"))
    complete(inner, "x")
    assert (state(inner), statuses(outer)) == ("completed", [("a", "completed"), ("b", "ready")])


def test_operations_within_a_transaction_of_the_caller() -> None:
    workflow("a -> b")
    case = start()
    with transaction.atomic():
        complete(case, "a")
        transaction.set_rollback(True)
    assert statuses(case) == [("a", "ready")]


def test_a_receiver_starts_a_child_case_of_the_very_item_in_its_payload() -> None:
    """The two instances then know each other; bringing them up to date must not go round."""
    workflow("a", slug="outer")
    workflow("x", slug="inner")
    seen = []

    @once("post_create_work_item", "a")
    def start_child(event: Any) -> None:
        seen.append(api.start_case("inner", ANN, event.work_item))

    @on("post_create_work_item", raise_exception=True)
    def after(work_item: WorkItem) -> None:
        if work_item.task_id == "a":
            assert work_item.child_case == seen[0]
            assert work_item.child_case.parent_work_item is work_item

    outer = start("outer")
    assert item(outer, "a").child_case == seen[0]
    assert statuses(seen[0]) == [("x", "ready")]


@pytest.mark.parametrize("operation", [api.cancel_work_item, api.skip_work_item])
def test_a_nested_operation_that_failed_leaves_the_instance_as_it_was(operation: Any) -> None:
    workflow("a -> b")
    case = start()
    seen = []

    @on(["post_cancel_work_item", "post_skip_work_item"], raise_exception=True)
    def veto() -> None:
        raise ValueError("no")

    @once("pre_complete_work_item")
    def nested(event: Any) -> None:
        work_item, of = event.work_item, event.work_item.case
        with pytest.raises(ReceiverError):
            operation(work_item, ANN)
        seen.append((work_item.status, work_item.closed_at, work_item.case is of))
        work_item.meta = {"n": 1}
        work_item.save()

    api.complete_work_item(item(case, "a"), ANN)
    assert seen == [("ready", None, True)]
    assert item(case, "a").meta == {"n": 1}
    assert statuses(case) == [("a", "completed"), ("b", "ready")]


def test_an_operation_that_failed_leaves_the_instance_of_its_caller_as_it_was() -> None:
    workflow("a -> b")
    case = start()

    @on(["post_cancel_case", "post_complete_work_item"], raise_exception=True)
    def veto() -> None:
        raise ValueError("no")

    with pytest.raises(ReceiverError):
        api.cancel_case(case, ANN)
    assert (case.status, case.closed_at) == ("running", None)
    work_item = item(case, "a")
    with pytest.raises(ReceiverError):
        api.complete_work_item(work_item, ANN)
    assert (work_item.status, work_item.closed_at) == ("ready", None)
    api.skip_work_item(work_item, ANN)
    assert statuses(case) == [("a", "skipped"), ("b", "ready")]


def test_a_child_case_that_failed_to_start_leaves_its_parent_item_as_it_was() -> None:
    workflow("a", slug="outer")
    workflow("x", slug="inner")

    @on("post_create_work_item", raise_exception=True)
    def veto(work_item: WorkItem) -> None:
        if work_item.task_id == "x":
            raise ValueError("no")

    @once("post_create_work_item", "a")
    def start_child(event: Any) -> None:
        with pytest.raises(ReceiverError):
            api.start_case("inner", ANN, event.work_item)
        assert event.work_item.child_case is None
        event.work_item.meta = {"child": "failed"}
        event.work_item.save()

    outer = start("outer")
    assert item(outer, "a").meta == {"child": "failed"}
    assert Case.objects.count() == 1


@pytest.mark.parametrize("raising", [False, True])
def test_a_loop_of_operations_ends_at_the_default_depth(raising: bool) -> None:
    """Python's own limit, which would end the innermost receiver only, does not come first."""
    workflow("a -> a")
    case = start()

    @on("post_create_work_item", raise_exception=raising)
    def again(work_item: WorkItem, user: Any) -> None:
        api.complete_work_item(work_item, user)

    with pytest.raises(EventDepthExceeded, match="EVENT_MAX_DEPTH=64"):
        complete(case, "a")
    assert statuses(case) == [("a", "ready")]
