"""Operations that receivers call (contract section 4, "Nested operations")."""

from typing import Any

import pytest
from django.db import transaction

from tests.workflow.builders import ANN, complete, item, once, record, state, statuses, workflow
from workflow_events.events import ReceiverError, on
from workflow_events.workflow import api
from workflow_events.workflow.models import Case, WorkItem

pytestmark = pytest.mark.django_db


def start(slug: str = "flow") -> Case:
    return api.start_case(slug, ANN)


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
