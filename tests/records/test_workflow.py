"""Records of the workflow: every operation tells of every row that it writes."""

from typing import Any

import pytest
from django.db.models.signals import post_save, pre_save

from tests.workflow.builders import (
    ANN,
    complete,
    item,
    start,
    state,
    statements,
    statuses,
    workflow,
)
from workflow_events.events import ReceiverError, on
from workflow_events.events.registration.registry import registry
from workflow_events.records import (
    PostCreateRecord,
    PostUpdateRecord,
    PreCreateRecord,
    PreUpdateRecord,
    changed,
)
from workflow_events.workflow import api
from workflow_events.workflow.errors import InvalidTransition
from workflow_events.workflow.models import Case, Task, WorkItem

pytestmark = pytest.mark.django_db


def test_completing_an_item():
    """Its row, those of the items that come next, and the case."""
    workflow("a -> b")
    got: list[Any] = []

    @on(PostUpdateRecord[WorkItem])
    @changed("status", to="completed", from_="ready")
    def completed(record, diff):
        got.append(("completed", record.task_id, diff["status"], "modified_at" in diff))

    on(PostCreateRecord[WorkItem])(lambda record: got.append(("created", record.task_id)))
    on(PostUpdateRecord[Case])(changed("status")(lambda diff: got.append(diff["status"])))
    case = start()
    complete(case, "a", "b")
    assert got == [
        ("created", "a"),
        ("completed", "a", ("ready", "completed"), True),
        ("created", "b"),
        ("completed", "b", ("ready", "completed"), True),
        ("running", "completed"),
    ]


def test_cascades():
    """Also where they would be written at once."""
    workflow("a b c", start="a b c")
    got: list[Any] = []

    @on(PostUpdateRecord[WorkItem])
    @changed("status")
    def see(record, diff):
        got.append((record.task_id, *diff["status"]))

    case = start()
    api.suspend_case(case, ANN)
    api.resume_case(case, ANN)
    api.cancel_case(case, ANN)
    steps = [("ready", "suspended"), ("suspended", "ready"), ("ready", "canceled")]
    assert got == [(task, *step) for step in steps for task in "abc"]


def test_the_cost_of_listening():
    """As a receiver of Django's signal, and each row is read before it is updated."""

    def cost() -> tuple[int, int]:
        case = start()
        with statements() as completing:
            complete(case, "a")
        with statements() as canceling:
            api.cancel_case(case, ANN)
        return len(completing), len(canceling)

    workflow("a -> b c d")
    unheard = cost()
    with registry.scoped():
        on(PostUpdateRecord[Task])(lambda: None)  # who listens to others costs nothing
        assert pre_save.has_listeners(Task)
        assert not any(signal.has_listeners(WorkItem) for signal in (pre_save, post_save))
        assert cost() == unheard
    with registry.scoped():
        on(post_save, sender=WorkItem)(lambda: None)
        completing, canceling = cost()
    assert (completing, canceling) > unheard
    with registry.scoped():
        on(PostUpdateRecord[WorkItem])(lambda: None)
        # One item is completed; three are canceled.
        assert cost() == (completing + 1, canceling + 3)
    assert cost() == unheard


def test_a_refusal_stops_the_operation():
    workflow("a -> b")
    case = start()

    @on(PreUpdateRecord[WorkItem], raise_exception=True)
    @changed("status", to="completed")
    def refuse(record):
        raise ValueError("not today")

    with pytest.raises(ReceiverError, match="not today"):
        complete(case, "a")
    assert statuses(case) == [("a", "ready")]
    assert state(case) == "running"


@pytest.mark.parametrize("verb", [api.cancel_work_item, api.complete_work_item])
@pytest.mark.parametrize("heard", [PreUpdateRecord[WorkItem], pre_save])
def test_a_status_is_not_written_over_another_one(verb, heard):
    """The guard holds when the row is written: a receiver may have walked the item meanwhile."""
    workflow("a -> b")
    case = start()
    walked: list[Any] = []

    @on(heard, sender=WorkItem)
    def walk_it_first(sender):
        if not walked:
            walked.append(sender)
            verb(item(case, "a"), ANN)

    with pytest.raises(InvalidTransition, match="has changed its status"):
        complete(case, "a")
    assert walked == [WorkItem]
    assert statuses(case) == [("a", "ready")]
    assert state(case) == "running"


def test_another_status_that_allows_it():
    workflow("a")
    case = start()

    @on(PreUpdateRecord[WorkItem])
    @changed("status", to="canceled")
    def suspend_it_first():
        api.suspend_work_item(item(case, "a"), ANN)

    api.cancel_work_item(item(case, "a"), ANN)
    assert statuses(case) == [("a", "canceled")]


def test_what_a_receiver_assigns_before_an_item_is_created():
    workflow("a")

    @on(PreCreateRecord[WorkItem])
    def describe(record):
        record.description = "Please."

    assert str(item(start(), "a").description) == "Please."


def test_a_status_cannot_be_smuggled_in():
    """`save()` of somebody does not write it, whatever a receiver assigns."""
    workflow("a")
    work_item = item(start(), "a")

    @on(PreUpdateRecord[WorkItem])
    def complete_it(record):
        record.status = "completed"

    work_item.name = "new"
    work_item.save()
    work_item.refresh_from_db()
    assert (str(work_item.name), work_item.status) == ("new", "ready")


def test_in_the_background(deliveries):
    """Cascades are heard row by row, too."""
    workflow("a b c", start="a b c")
    got: list[Any] = []

    @on(PostUpdateRecord[WorkItem], background=True, name="canceled")
    @changed("status", to="canceled")
    def note(record, diff):
        got.append((record.task_id, record.status, diff["status"]))

    api.cancel_case(start(), ANN)
    assert [delivery.stream for delivery in deliveries] == [None] * 3
    assert deliveries.run() == 3
    assert sorted(got) == [(task, "canceled", ("ready", "canceled")) for task in "abc"]
