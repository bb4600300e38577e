"""Caluma's events: each behaviour that its documentation and its code have, done with ours.

In the order of its docs/events.md; what its code does besides is in test_caluma_code.py. A test has
the name of what is said there; where ours differs on purpose, of what is done instead.
"""

# A lambda has the name that a receiver is called by; the builtin has none.
# ruff: noqa: PLW0108

from typing import Any

import pytest
from django.db.models.signals import post_save

from tests.events.checked_modules import Modules
from tests.workflow.builders import ANN, EVENT_NAMES, complete, item, statuses, workflow
from workflow_events.events import filter_events, on
from workflow_events.events.declaration import event as declared_events
from workflow_events.events.loading import load_receivers
from workflow_events.events.registration.registry import registry
from workflow_events.graphql import mutations
from workflow_events.graphql.mutations import CompleteWorkItem, CreateWorkItem, SaveCase, StartCase
from workflow_events.testing import Deliveries, Emissions
from workflow_events.testing.mutations import MutationFailed, run_mutation
from workflow_events.workflow import api
from workflow_events.workflow.events import (
    post_complete_work_item,
    post_create_work_item,
)
from workflow_events.workflow.models import Case, WorkItem

pytestmark = pytest.mark.django_db

ITEM, CASE = "work_item user context", "case user context"
CREATED_BY = "CreateWorkItem SaveWorkItem StartCase CompleteWorkItem"
DOCUMENTED = {
    "pre_create_work_item": (CREATED_BY, f"{ITEM} validated_data"),
    "post_create_work_item": (CREATED_BY, ITEM),
    "pre_complete_work_item": ("CompleteWorkItem", ITEM),
    "post_complete_work_item": ("CompleteWorkItem", ITEM),
    "pre_cancel_work_item": ("CancelCase CancelWorkItem", ITEM),
    "post_cancel_work_item": ("CancelCase CancelWorkItem", ITEM),
    "pre_skip_work_item": ("SkipWorkItem", ITEM),
    "post_skip_work_item": ("SkipWorkItem", ITEM),
    "pre_suspend_work_item": ("SuspendWorkItem", ITEM),
    "post_suspend_work_item": ("SuspendWorkItem", ITEM),
    "pre_resume_work_item": ("ResumeWorkItem", ITEM),
    "post_resume_work_item": ("ResumeWorkItem", ITEM),
    "pre_redo_work_item": ("RedoWorkItem", ITEM),
    "post_redo_work_item": ("RedoWorkItem", ITEM),
    "pre_create_case": ("SaveCase StartCase", f"{CASE} validated_data"),
    "post_create_case": ("SaveCase StartCase", CASE),
    "pre_complete_case": ("CompleteWorkItem", CASE),
    "post_complete_case": ("CompleteWorkItem", CASE),
    "pre_cancel_case": ("CancelCase", CASE),
    "post_cancel_case": ("CancelCase", CASE),
    "pre_suspend_case": ("SuspendCase", CASE),
    "post_suspend_case": ("SuspendCase", CASE),
    "pre_resume_case": ("ResumeCase", CASE),
    "post_resume_case": ("ResumeCase", CASE),
    # Not in its list, but sent:
    "pre_reopen_case": ("ReopenCase", f"{CASE} work_items"),
    "post_reopen_case": ("ReopenCase", f"{CASE} work_items"),
}
"""The events, the mutations that emit them, and their arguments."""


# docs/events.md


def test_receivers_are_imported_from_the_modules_of_a_setting(modules: Modules, case: Case) -> None:
    name = modules.write(
        """
        from workflow_events.events import on
        from workflow_events.workflow.events import completed_work_item

        @on(completed_work_item)
        def receiver(sender, work_item, user, context, **kwargs):
            work_item.meta["heard"] = context
            work_item.save()
        """
    )
    registry.loaded = False  # the scope of the test restores it
    with pytest.warns(DeprecationWarning, match="completed_work_item"):
        load_receivers([name])
    api.complete_work_item(item(case, "a"), ANN, {"a": 1})
    assert item(case, "a").meta == {"heard": {"a": 1}}


def test_on_takes_an_event(case: Case, heard: list[Any]) -> None:
    @on(post_complete_work_item)
    def receiver(sender: Any, work_item: WorkItem, user: Any, context: Any, **kwargs: Any) -> None:
        heard.append((sender, work_item.task.slug, user, context))

    api.complete_work_item(item(case, "a"), ANN, {"a": 1})
    assert heard == [(CompleteWorkItem, "a", ANN, {"a": 1})]


def test_on_takes_a_list_of_events(case: Case, heard: list[Any]) -> None:
    @on([post_complete_work_item, post_create_work_item])
    def receiver(sender: Any, work_item: WorkItem, **kwargs: Any) -> None:
        heard.append(work_item.task_id)

    api.complete_work_item(item(case, "a"), ANN)
    assert heard == ["a", "b"]


def test_on_takes_the_class_of_a_mutation_as_sender(case: Case, heard: list[Any]) -> None:
    on(post_create_work_item, sender=CompleteWorkItem)(lambda: heard.append("complete"))
    on(post_create_work_item, sender=CreateWorkItem)(lambda: heard.append("create"))
    run_mutation("createWorkItem", user=ANN, case=case, multipleInstanceTask="a")
    for one in WorkItem.objects.filter(case=case):
        run_mutation("completeWorkItem", user=ANN, id=one)
    assert heard == ["create", "complete"]


def test_the_sender_is_a_text_in_its_code_and_here_a_class_always(
    case: Case, heard: list[Any], modules: Modules
) -> None:
    """Which a receiver learns at the start that names the text, or compares with it."""
    on("post_create_*")(lambda sender: heard.append(sender))
    run_mutation("startCase", user=ANN, workflow="flow")
    assert heard == [StartCase, StartCase]
    found = modules.check(
        """
        from workflow_events.events import on

        @on("post_create_work_item", sender="case_post_create")
        def named(): ...
        """
    )
    assert found.short == ["E007:4"]
    found = modules.check(
        """
        from workflow_events.events import on

        @on("post_create_work_item")
        def compared(sender):
            if sender == "case_post_create":
                print("never")
        """
    )
    assert found.short == ["W007:6"]


def test_a_receiver_must_take_sender_first_and_here_what_it_needs(
    case: Case, heard: list[Any]
) -> None:
    """So an event that sends more in the future breaks nobody, with **kwargs or without."""
    on(post_complete_work_item)(lambda context, work_item: heard.append(work_item.task_id))
    api.complete_work_item(item(case, "a"), ANN)
    assert heard == ["a"]


@pytest.mark.parametrize("event", DOCUMENTED)
def test_the_list_of_emitted_events(event: str) -> None:
    """Each with the mutations that can emit it, and its arguments."""
    senders, arguments = DOCUMENTED[event]
    declared = declared_events.declared[event]
    assert set(declared.attributes) == set(arguments.split())
    assert declared.senders is not None
    possible = set(declared.senders())
    named = {getattr(mutations, name) for name in senders.split()}
    assert named - possible <= {StartCase}  # a SaveCase
    assert not named & {StartCase} or SaveCase in possible


def test_the_list_has_all_events() -> None:
    assert set(DOCUMENTED) == set(EVENT_NAMES)


CREATED = "pre_create_work_item post_create_work_item"
EMITTED = {
    "saveCase": f"pre_create_case post_create_case {CREATED}",
    "startCase": f"pre_create_case post_create_case {CREATED}",
    "createWorkItem": CREATED,
    "saveWorkItem": CREATED,
    "completeWorkItem": f"pre_complete_work_item post_complete_work_item {CREATED}",
    "skipWorkItem": f"pre_skip_work_item post_skip_work_item {CREATED}",
    "cancelWorkItem": "pre_cancel_work_item post_cancel_work_item",
    "suspendWorkItem": "pre_suspend_work_item post_suspend_work_item",
    "resumeWorkItem": "pre_resume_work_item post_resume_work_item",
    "redoWorkItem": "pre_redo_work_item post_redo_work_item",
    "cancelCase": "pre_cancel_case pre_cancel_work_item post_cancel_work_item post_cancel_case",
    "suspendCase": "pre_suspend_case pre_suspend_work_item post_suspend_work_item "
    "post_suspend_case",
    "resumeCase": "pre_resume_case pre_resume_work_item post_resume_work_item post_resume_case",
    "reopenCase": "pre_reopen_case post_reopen_case",
}


def prepared(mutation: str, case: Case) -> dict[str, Any]:
    """Bring a case to where the mutation is possible, and return its input."""
    if mutation in ("saveCase", "startCase"):
        return {"workflow": "flow"}
    if mutation in ("createWorkItem", "saveWorkItem"):
        return {"case": case, "multipleInstanceTask": "a"}
    if mutation == "redoWorkItem":
        workflow("a -> b; b -> c", slug="back", redoable={"b": "'a'|task"})
        case = api.start_case("back", ANN)
        complete(case, "a")
    if mutation == "resumeWorkItem":
        api.suspend_work_item(item(case, "a"), ANN)
    if mutation == "resumeCase":
        api.suspend_case(case, ANN)
    if mutation == "reopenCase":
        complete(case, "a", "b")
        return {"id": case, "workItems": [str(item(case, "b").pk)]}
    return {"id": case if mutation.endswith("Case") else item(case, "a")}


@pytest.mark.parametrize("mutation", EMITTED)
def test_a_mutation_emits_its_events_with_its_class_as_sender(
    mutation: str, case: Case, events: Emissions
) -> None:
    """And with user and context, all of them."""
    members = prepared(mutation, case)
    events.clear()
    run_mutation(mutation, user=ANN, context={"why": 1}, **members)
    sender = getattr(mutations, mutation[0].upper() + mutation[1:])
    assert {(one.event_name, one.sender) for one in events} == {
        (name, sender) for name in EMITTED[mutation].split()
    }
    assert all(one.user is ANN and one.context == {"why": 1} for one in events)


def test_the_order_of_the_events_of_a_completion(case: Case, events: Emissions) -> None:
    """post_complete_work_item, then post_create_work_item; and last post_complete_case."""
    complete(case, "a")
    events.assert_order([post_complete_work_item, post_create_work_item])
    complete(case, "b")
    assert events.names()[-2:] == ["pre_complete_case", "post_complete_case"]


def test_receivers_are_blocking_and_here_unless_they_say_otherwise(
    case: Case, heard: list[Any], deliveries: Deliveries
) -> None:
    """The answer waits for those in the transaction and after COMMIT, not for the background."""
    on(post_complete_work_item)(lambda: heard.append("in the transaction"))
    on(post_complete_work_item, delivery="commit")(lambda: heard.append("after the commit"))
    on(post_complete_work_item, background=True)(in_the_background)
    run_mutation("completeWorkItem", user=ANN, id=item(case, "a"))
    heard.append("answered")
    assert heard == ["in the transaction", "after the commit", "answered"]
    assert deliveries.run() == 1


def in_the_background() -> None: ...


def test_exceptions_are_logged_and_do_not_affect_the_transaction(case: Case, errors: Any) -> None:
    """Literally: what the receiver wrote is undone, too."""

    @on(post_complete_work_item)
    def receiver(work_item: WorkItem) -> None:
        WorkItem.objects.filter(pk=work_item.pk).update(name="changed")
        raise ValueError("no")

    api.complete_work_item(item(case, "a"), ANN)
    assert statuses(case) == [("a", "completed"), ("b", "ready")]
    assert item(case, "a").name != "changed"
    assert [str(record.exc_info[1]) for record in errors()] == ["no"]


def test_with_raise_exception_the_transaction_is_rolled_back(case: Case) -> None:
    @on(post_complete_work_item, raise_exception=True)
    def receiver() -> None:
        raise ValueError("no")

    with pytest.raises(MutationFailed) as refused:
        run_mutation("completeWorkItem", user=ANN, id=item(case, "a"))
    [error] = refused.value.errors
    assert error["extensions"]["code"] == "RECEIVER_ERROR"
    assert error["extensions"]["event"] == "post_complete_work_item"
    assert str(refused.value.__cause__) == "no"
    assert statuses(case) == [("a", "ready")]


def test_filter_events_runs_the_receiver_if_a_predicate_is_true(
    case: Case, heard: list[Any]
) -> None:
    @on(post_create_work_item)
    @filter_events(lambda work_item: work_item.task_id == "b")
    def receiver(work_item: WorkItem) -> None:
        heard.append(work_item.task_id)

    case = api.start_case("flow", ANN)
    assert heard == []
    complete(case, "a")
    assert heard == ["b"]


def test_a_predicate_takes_several_parameters_by_name(case: Case, heard: list[Any]) -> None:
    @on(post_complete_work_item)
    @filter_events(lambda context, user, sender, work_item: context == {"go": user.username})
    def receiver(work_item: WorkItem) -> None:
        heard.append(work_item.task_id)

    api.complete_work_item(item(case, "a"), ANN, {"go": "bob"})
    api.complete_work_item(item(case, "b"), ANN, {"go": "ann"})
    assert heard == ["b"]


def test_built_in_django_signals_are_listened_to(case: Case, heard: list[Any]) -> None:
    @on(post_save, sender=Case)
    @filter_events(lambda instance: instance.workflow_id == "flow")
    def receiver(sender: Any, instance: Case, **kwargs: Any) -> None:
        heard.append((sender, instance.pk, kwargs["created"]))

    case.save()
    assert heard == [(Case, case.pk, False)]
