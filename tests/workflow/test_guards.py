"""What each verb refuses, and that a refused operation has no effect (facts 2.2)."""

import uuid
from collections.abc import Callable
from typing import Any

import pytest

from tests.workflow.builders import ANN, complete, item, record, state, statuses, workflow
from workflow_events.workflow import api
from workflow_events.workflow.errors import InvalidInput, InvalidTransition, NotFound, WorkflowError
from workflow_events.workflow.models import Case, WorkItem
from workflow_events.workflow.states import CaseStatus, WorkItemStatus
from workflow_events.workflow.transitions import TRANSITIONS

pytestmark = pytest.mark.django_db

ITEM_OPERATIONS: dict[str, Callable[..., Any]] = {
    "complete_work_item": api.complete_work_item,
    "skip_work_item": api.skip_work_item,
    "cancel_work_item": api.cancel_work_item,
    "suspend_work_item": api.suspend_work_item,
    "resume_work_item": api.resume_work_item,
    "redo_work_item": api.redo_work_item,
}
CASE_OPERATIONS: dict[str, Callable[..., Any]] = {
    "cancel_case": api.cancel_case,
    "suspend_case": api.suspend_case,
    "resume_case": api.resume_case,
    "reopen_case": lambda case, user: api.reopen_case(case, case.work_items.all(), user),
}


def everything() -> list[tuple[Any, ...]]:
    return [
        *WorkItem.objects.order_by("pk").values_list(),
        *Case.objects.order_by("pk").values_list(),
    ]


def assert_refused(
    error: type[WorkflowError], message: str, operation: Callable[..., Any], *args: Any
) -> None:
    before = everything()
    recorder = record()
    with pytest.raises(error, match=message):
        operation(*args)
    assert recorder == []
    assert everything() == before


def case_with(case_status: str, item_status: str) -> Case:
    workflow("a")
    case = Case.objects.create(workflow_id="flow", status=case_status)
    WorkItem.objects.create(case=case, task_id="a", name="A", status=item_status)
    return case


@pytest.mark.parametrize("status", WorkItemStatus.values)
@pytest.mark.parametrize("verb", ITEM_OPERATIONS)
def test_items_change_from_their_sources_only(verb: str, status: str) -> None:
    case = case_with("running", status)
    row = TRANSITIONS[verb]
    if status in row.sources and verb != "redo_work_item":
        done = ITEM_OPERATIONS[verb](item(case, "a"), ANN)
        assert done.status == row.target == item(case, "a").status
        return
    message = "does not allow it" if status in row.sources else row.refused
    assert_refused(InvalidTransition, message, ITEM_OPERATIONS[verb], item(case, "a"), ANN)


@pytest.mark.parametrize("status", CaseStatus.values)
@pytest.mark.parametrize("verb", CASE_OPERATIONS)
def test_cases_change_from_their_sources_only(verb: str, status: str) -> None:
    case = case_with(status, "canceled")
    row = TRANSITIONS[verb]
    if status in row.sources:
        assert CASE_OPERATIONS[verb](case, ANN) is case
        assert case.status == row.target == state(case)
        return
    assert_refused(InvalidTransition, row.refused, CASE_OPERATIONS[verb], case, ANN)


@pytest.mark.parametrize("status", ["completed", "canceled", "suspended"])
@pytest.mark.parametrize("verb", ["complete_work_item", "skip_work_item"])
def test_items_are_done_in_running_cases_only(verb: str, status: str) -> None:
    case = case_with(status, "ready")
    message = f"case of work item .* is {status}"
    assert_refused(InvalidTransition, message, ITEM_OPERATIONS[verb], item(case, "a"), ANN)


@pytest.mark.parametrize("verb", ["cancel_work_item", "suspend_work_item"])
def test_other_verbs_do_not_look_at_the_case(verb: str) -> None:
    case = case_with("completed", "ready")
    ITEM_OPERATIONS[verb](item(case, "a"), ANN)
    assert item(case, "a").status == TRANSITIONS[verb].target


def test_complete_waits_for_a_running_child_case() -> None:
    workflow("a")
    case = api.start_case("flow", ANN)
    child = api.start_case("flow", ANN, item(case, "a"))
    assert_refused(InvalidTransition, "not finished", api.complete_work_item, item(case, "a"), ANN)
    api.suspend_case(child, ANN)
    api.complete_work_item(item(case, "a"), ANN)
    assert (state(case), state(child)) == ("completed", "suspended")


def test_redo_needs_a_ready_item_that_allows_it() -> None:
    workflow("a -> b; b -> c; c -> d", redoable={"b": "'a'|task"})
    case = api.start_case("flow", ANN)
    complete(case, "a", "b")
    assert_refused(InvalidTransition, "does not allow it", api.redo_work_item, item(case, "a"), ANN)


@pytest.fixture
def closed() -> Case:
    workflow("a -> b")
    case = api.start_case("flow", ANN)
    complete(case, "a", "b")
    return case


def test_reopen_refuses_an_empty_list(closed: Case) -> None:
    assert_refused(InvalidInput, "at least one", api.reopen_case, closed, [], ANN)


def test_reopen_refuses_items_of_other_cases(closed: Case) -> None:
    other = item(api.start_case("flow", ANN), "a")
    assert_refused(InvalidInput, str(other.pk), api.reopen_case, closed, [other], ANN)


def test_reopen_refuses_missing_items(closed: Case) -> None:
    missing = uuid.uuid4()
    assert_refused(NotFound, str(missing), api.reopen_case, closed, [missing], ANN)


def test_reopen_refuses_items_with_successors(closed: Case) -> None:
    assert_refused(InvalidTransition, "followed", api.reopen_case, closed, [item(closed, "a")], ANN)


def test_reopen_of_a_child_case_needs_a_ready_parent_item(closed: Case) -> None:
    workflow("p", slug="outer")
    parent = api.start_case("outer", ANN)
    child = api.start_case("flow", ANN, item(parent, "p"))
    complete(child, "a", "b")
    api.suspend_work_item(item(parent, "p"), ANN)
    assert_refused(
        InvalidTransition, "parent work item", api.reopen_case, child, [item(child, "b")], ANN
    )
    api.resume_work_item(item(parent, "p"), ANN)
    api.reopen_case(child, [item(child, "b")], ANN)
    assert statuses(child) == [("a", "completed"), ("b", "ready")]


def test_create_refuses_tasks_of_a_single_item() -> None:
    workflow("a")
    case = api.start_case("flow", ANN)
    assert_refused(InvalidTransition, "not multiple-instance", api.create_work_item, case, "a", ANN)


def test_create_needs_a_ready_sibling() -> None:
    workflow("a", tasks={"a": {"is_multiple_instance": True}})
    case = api.start_case("flow", ANN)
    api.suspend_work_item(item(case, "a"), ANN)
    assert_refused(InvalidTransition, "no ready work item", api.create_work_item, case, "a", ANN)


@pytest.mark.parametrize("verb", [*ITEM_OPERATIONS, *CASE_OPERATIONS])
def test_what_does_not_exist_is_not_found(verb: str) -> None:
    operation = {**ITEM_OPERATIONS, **CASE_OPERATIONS}[verb]
    gone = case_with("running", "ready")
    row = item(gone, "a") if verb in ITEM_OPERATIONS else gone
    Case.objects.all().delete()
    assert_refused(NotFound, str(row.pk), operation, row, ANN)


@pytest.mark.parametrize("bad", ["x", 1, None, "flow"])
def test_what_is_no_id_is_invalid(bad: Any) -> None:
    case = case_with("running", "ready")
    assert_refused(InvalidInput, "is no id", api.cancel_case, bad, ANN)
    assert_refused(InvalidInput, "is no id", api.cancel_case, item(case, "a"), ANN)
    assert_refused(InvalidInput, "is no id", api.cancel_work_item, case, ANN)
