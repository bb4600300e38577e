"""What Caluma's code does with events besides what its documentation names, done with ours.

A test has the name of what is done there; where ours differs on purpose, of what is done instead.
"""

from typing import Any

import pytest

from tests.workflow.builders import ANN, complete, item, statuses, workflow
from workflow_events.events import Event, ReceiverError, emit, filter_events, on
from workflow_events.events.errors import ReceiversNotLoaded
from workflow_events.events.registration.registry import registry
from workflow_events.graphql.mutations import CompleteWorkItem, SaveCase, StartCase
from workflow_events.testing import Emissions
from workflow_events.testing.mutations import run_mutation
from workflow_events.workflow import api
from workflow_events.workflow.events import (
    post_complete_work_item,
    post_create_case,
    post_create_work_item,
    pre_complete_work_item,
    pre_create_case,
    pre_create_work_item,
)
from workflow_events.workflow.models import Case, WorkItem

pytestmark = pytest.mark.django_db


# The code


def test_receivers_run_in_the_order_of_registration(case: Case, heard: list[Any]) -> None:
    for name in "cab":
        on(post_complete_work_item)(lambda name=name: heard.append(name))
    on(post_complete_work_item, order=-1)(lambda: heard.append("first"))
    complete(case, "a")
    assert heard == ["first", "c", "a", "b"]


def test_every_receiver_runs_though_an_earlier_one_raised(case: Case, heard: list[Any]) -> None:
    @on(post_complete_work_item, raise_exception=True)
    def fail() -> None:
        raise ValueError("no")

    on(post_complete_work_item)(lambda: heard.append("second"))
    with pytest.raises(ReceiverError):
        complete(case, "a")
    assert heard == ["second"]


def test_errors_are_raised_together_with_their_messages_joined(case: Case) -> None:
    for message in ("one", "two"):

        @on(post_complete_work_item, raise_exception=True)
        def fail(message: str = message) -> None:
            raise ValueError(message)

    with pytest.raises(ReceiverError, match=r"^one, two$") as raised:
        complete(case, "a")
    assert [str(error) for error in raised.value.exceptions] == ["one", "two"]


def test_a_value_that_is_returned_is_an_error_and_here_nothing(case: Case, errors: Any) -> None:
    on(post_complete_work_item, raise_exception=True)(lambda: "done")
    complete(case, "a")
    assert statuses(case) == [("a", "completed"), ("b", "ready")]
    assert errors() == []


def test_options_are_kept_on_the_function_and_here_with_each_registration(
    case: Case, heard: list[Any]
) -> None:
    def receiver(event: Any) -> None:
        heard.append(event.event_name)
        raise ValueError("no")

    on(pre_complete_work_item)(receiver)
    on(post_complete_work_item, raise_exception=True)(receiver)
    with pytest.raises(ReceiverError):
        complete(case, "a")
    assert heard == ["pre_complete_work_item", "post_complete_work_item"]


def test_a_closure_is_collected_and_here_held(case: Case, heard: list[Any]) -> None:
    def register(name: str) -> None:
        on(post_complete_work_item)(lambda: heard.append(name))

    register("closure")
    complete(case, "a")
    assert heard == ["closure"]


def test_a_pre_event_comes_before_the_row_is_written(case: Case, heard: list[Any]) -> None:
    def status() -> str:
        return str(WorkItem.objects.values_list("status", flat=True).get(task="a"))

    on(pre_complete_work_item)(lambda: heard.append(status()))
    on(post_complete_work_item)(lambda: heard.append(status()))
    complete(case, "a")
    assert heard == ["ready", "completed"]


def test_validated_data_can_be_changed_before_a_row_is_created(case: Case) -> None:
    """Of a case; and here of each work item, too, where only createWorkItem sent that."""

    @on(pre_create_case)
    def of_cases(case: Case | None, validated_data: dict[str, Any]) -> None:
        assert case is None
        validated_data["meta"] = {"by": "receiver"}

    @on(pre_create_work_item)
    def of_items(work_item: WorkItem | None, validated_data: dict[str, Any]) -> None:
        assert work_item is None
        validated_data["description"] = "by receiver"

    made = api.start_case("flow", ANN)
    assert made.meta == {"by": "receiver"}
    assert str(item(made, "a").description) == "by receiver"


def test_pre_complete_case_is_never_sent_and_here_it_is(case: Case, events: Emissions) -> None:
    complete(case, "a", "b")
    events.assert_emitted("pre_complete_case", sender=CompleteWorkItem)


def test_context_is_lost_where_a_case_is_saved_and_here_kept(case: Case, events: Emissions) -> None:
    events.clear()
    run_mutation("saveCase", user=ANN, workflow="flow", context={"by": "letter"})
    events.assert_emitted(pre_create_case, sender=SaveCase, context={"by": "letter"})


def test_updates_and_design_emit_nothing(case: Case, events: Emissions) -> None:
    events.clear()
    run_mutation("saveCase", user=ANN, id=case, workflow="flow", meta={"a": 1})
    run_mutation("saveWorkItem", user=ANN, workItem=item(case, "a"), name="A")
    run_mutation("saveWorkflow", user=ANN, slug="flow", name="F", startTasks=["a"])
    events.assert_nothing()


def test_the_python_api_emits_the_same_events(case: Case, events: Emissions) -> None:
    events.clear()
    api.complete_work_item(item(case, "a"), ANN)
    events.assert_order(
        [
            *("pre_complete_work_item", "post_complete_work_item"),
            *("pre_create_work_item", "post_create_work_item"),
        ],
        strict=True,
    )
    assert {event.sender for event in events} == {CompleteWorkItem}


def test_an_event_of_ones_own_is_sent_by_its_code_and_here_emitted(heard: list[Any]) -> None:
    class LetterSent(Event):
        """Emitted when a letter has left."""

        pages: int

    on(LetterSent)(lambda sender, pages: heard.append((sender, pages)))
    emit(LetterSent, sender=test_the_python_api_emits_the_same_events, pages=2)
    assert heard == [(test_the_python_api_emits_the_same_events, 2)]
    registry.loaded = False  # the scope of the test restores it
    with pytest.raises(ReceiversNotLoaded):
        emit(LetterSent, sender=None, pages=3)


def test_a_receiver_that_calls_an_operation_emits_its_events(case: Case, events: Emissions) -> None:
    """With the class of the operation as sender, and its cause."""
    workflow("x", slug="inner")

    @on(post_create_work_item)
    @filter_events(lambda work_item: work_item.task_id == "b")
    def start(work_item: WorkItem, user: Any) -> None:
        api.start_case("inner", user, work_item)

    complete(case, "a")
    [started] = events.assert_emitted(post_create_case, sender=StartCase)
    cause = events.cause_of(started)
    assert cause is not None
    assert cause.event_name == "post_create_work_item"
