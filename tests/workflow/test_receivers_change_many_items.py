"""What receivers may do while items are created, or a cascade runs (contract section 5)."""

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
from workflow_events.events import on
from workflow_events.workflow import api
from workflow_events.workflow.errors import InvalidTransition
from workflow_events.workflow.models import WorkItem

pytestmark = pytest.mark.django_db
MANY = {"is_multiple_instance": True, "address_groups": "['p', 'q', 'r']|groups"}


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


@pytest.mark.parametrize("heard", [False, True])
@pytest.mark.parametrize("length", [1, 2, 3])
@pytest.mark.parametrize("verb", ["cancel", "suspend"])
def test_a_case_below_itself_is_refused(verb: str, length: int, heard: bool) -> None:
    """What a receiver makes of child_case by hand ends a cascade with a word, not too deep."""
    workflow("a; b", start="a b")
    cases = [start()]
    for _ in range(length - 1):
        cases.append(api.start_case("flow", ANN, item(cases[-1], "a")))
    last = item(cases[-1], "a")
    last.child_case = cases[0]
    last.save()
    if heard:
        record()

    with pytest.raises(InvalidTransition, match="is below itself"):
        getattr(api, f"{verb}_case")(cases[0], ANN)
    with pytest.raises(InvalidTransition, match="is below itself"):
        getattr(api, f"{verb}_work_item")(last, ANN)
    for case in cases:
        assert (state(case), statuses(case)) == ("running", [("a", "ready"), ("b", "ready")])
