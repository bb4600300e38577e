"""Design-time operations (facts 2.1)."""

from typing import Any

import pytest

from tests.workflow.builders import ANN, new_task, workflow
from workflow_events.workflow import design
from workflow_events.workflow.errors import BadExpression, InvalidInput, NotFound
from workflow_events.workflow.models import Flow, Task, TaskFlow, Workflow
from workflow_events.workflow.users import BaseUser

pytestmark = pytest.mark.django_db

BOB = BaseUser("bob", ["bosses"])


def test_save_task_creates_and_updates() -> None:
    made = design.save_task("t", ANN, name="T", lead_time=5, meta={"a": 1}, description="d")
    assert (made.created_by_user, made.created_by_group, made.type) == ("ann", "clerks", "simple")
    again = design.save_task("t", BOB, name="U", type="complete_workflow_form", description=None)
    again.refresh_from_db()
    assert (again.name, again.lead_time, again.meta, again.description) == ("U", 5, {"a": 1}, None)
    assert (again.created_by_user, again.modified_by_user) == ("ann", "bob")
    assert again.type == "complete_workflow_form"
    assert Task.objects.count() == 1


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"name": ""}, "name"),
        ({"name": None}, "name"),
        ({"name": "x" * 256}, "name"),
        ({"name": "a\x00"}, "name"),
        ({"meta": None}, "meta"),
        ({"meta": object()}, "meta"),
        ({"type": "unknown"}, "type"),
        ({"lead_time": -1}, "lead_time"),
        ({"lead_time": 2**40}, "lead_time"),
        ({"is_archived": None}, "is_archived"),
        ({"continue_async": True}, "continueAsync"),
        ({"slug": "no slug"}, "slug"),
        ({"slug": "x" * 128}, "slug"),
        ({"slug": ""}, "slug"),
        ({"slug": "a\n"}, "slug"),
    ],
)
def test_save_task_refuses_wrong_values(values: dict[str, Any], message: str) -> None:
    given = {"slug": "t", "name": "T", **values}
    with pytest.raises(InvalidInput, match=message):
        design.save_task(given.pop("slug"), ANN, **given)
    assert not Task.objects.exists()


def test_continue_async_requires_multiple_instance_also_later() -> None:
    design.save_task("t", ANN, name="T", is_multiple_instance=True, continue_async=True)
    with pytest.raises(InvalidInput):
        design.save_task("t", ANN, name="T", is_multiple_instance=False)
    assert Task.objects.get().is_multiple_instance


def test_group_expressions_are_checked() -> None:
    for option in ("address_groups", "control_groups"):
        with pytest.raises(BadExpression):
            design.save_task("t", ANN, name="T", **{option: "'a"})
    assert not Task.objects.exists()


def test_save_workflow_keeps_the_order_of_its_start_tasks() -> None:
    for slug in "abc":
        new_task(slug)
    design.save_workflow("w", ANN, name="W", start_tasks=["c", "a"], is_published=True)
    made = design.save_workflow("w", BOB, name="X", start_tasks=["b", "a", "b"])
    assert [row.task_id for row in made.start_task_rows.all()] == ["b", "a"]
    assert (made.name, made.is_published) == ("X", True)
    assert (made.created_by_user, made.modified_by_user) == ("ann", "bob")


@pytest.mark.parametrize(
    ("start", "error"), [([], InvalidInput), (["a", "no"], NotFound), ([""], InvalidInput)]
)
def test_save_workflow_needs_start_tasks_that_exist(
    start: list[str], error: type[Exception]
) -> None:
    new_task("a")
    with pytest.raises(error):
        design.save_workflow("w", ANN, name="W", start_tasks=start)
    assert not Workflow.objects.exists()


def test_a_wrong_update_of_a_workflow_changes_nothing() -> None:
    workflow("a")
    with pytest.raises(NotFound, match="'no'"):
        design.save_workflow("flow", ANN, name="New", start_tasks=["no"])
    made = Workflow.objects.get()
    assert (made.name, made.start_tasks.count()) == ("flow", 1)


def test_a_flow_drops_the_flows_that_its_tasks_had() -> None:
    workflow("a b -> c; c -> d; x -> d")
    modified = Workflow.objects.get().modified_at
    assert Flow.objects.count() == 3
    design.add_workflow_flow("flow", ["b"], "'d'|task", None, BOB)
    assert {(row.task_id, row.flow.next) for row in TaskFlow.objects.all()} == {
        ("b", "'d'|task"),
        ("c", "['d']|tasks"),
        ("x", "['d']|tasks"),
    }
    assert Flow.objects.count() == 3
    assert Flow.objects.order_by("pk").last().created_by_user == "bob"
    assert Workflow.objects.get().modified_at == modified


def test_flows_of_other_workflows_are_left_alone() -> None:
    workflow("a -> b", slug="one")
    workflow("a -> b", slug="two")
    design.add_workflow_flow("one", ["a"], "'a'|task", None, ANN)
    assert TaskFlow.objects.get(workflow="two").flow.next == "['b']|tasks"


def test_a_flow_that_leads_nowhere_needs_redoable() -> None:
    workflow("a -> b")
    with pytest.raises(InvalidInput, match="at least one task"):
        design.add_workflow_flow("flow", ["b"], "[]|tasks", None, ANN)
    design.add_workflow_flow("flow", ["b"], "[]|tasks", "'a'|task", ANN)
    assert TaskFlow.objects.get(task="b").redoable == "'a'|task"


@pytest.mark.parametrize(
    ("arguments", "error"),
    [
        (("flow", ["a"], "'no'|task", None), BadExpression),
        (("flow", ["a"], "'b'|task", "'no'|task"), BadExpression),
        (("flow", ["a"], "'b'|", None), BadExpression),
        (("flow", ["a"], "", None), BadExpression),
        (("flow", [], "'b'|task", None), InvalidInput),
        (("flow", ["no"], "'b'|task", None), NotFound),
        (("no", ["a"], "'b'|task", None), NotFound),
    ],
)
def test_wrong_flows_change_nothing(arguments: Any, error: type[Exception]) -> None:
    workflow("a -> b")
    with pytest.raises(error):
        design.add_workflow_flow(*arguments, ANN)
    assert Flow.objects.get().next == "['b']|tasks"


def test_remove_flow() -> None:
    workflow("a b -> c; c -> d")
    flow = Flow.objects.get(task_flows__task="a")
    removed = design.remove_flow(flow)
    assert (removed.pk, removed.next) == (flow.pk, "['c']|tasks")
    assert list(removed.task_flows.all()) == []
    assert [row.task_id for row in TaskFlow.objects.all()] == ["c"]
    with pytest.raises(NotFound):
        design.remove_flow(flow.pk)
    with pytest.raises(InvalidInput):
        design.remove_flow("x")
