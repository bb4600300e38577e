"""The receivers of the example, driven through GraphQL."""

import ast
import importlib
import inspect
import json
import logging
import sys

import pytest
from django.utils import timezone

from tests.project.processes import ROOT
from workflow_events.cli.example import load_example
from workflow_events.workflow import design
from workflow_events.workflow.models import Case, Workflow, WorkItem
from workflow_events.workflow.users import BaseUser

# Contract section 1: what an extension may import, and from where.
PUBLIC = {
    "workflow_events.events": {
        "Event",
        "EventDepthExceeded",
        "ReceiverError",
        "Retry",
        "emit",
        "filter_events",
        "on",
    },
    "workflow_events.workflow.events": None,
    "workflow_events.workflow.api": None,
    "workflow_events.workflow.models": {"Case", "Flow", "Task", "WorkItem", "Workflow"},
    "workflow_events.workflow.dynamic": None,
    "workflow_events.graphql.mutations": None,
    "workflow_events.graphql.nodes": None,
    "workflow_events.access.permissions": {
        "BasePermission",
        "object_permission_for",
        "permission_for",
    },
    "workflow_events.access.visibilities": {"BaseVisibility", "filter_queryset_for"},
    "workflow_events.access.validations": {"BaseValidation", "validation_for"},
}


@pytest.fixture
def receivers():
    """Load the receivers of the example for one test."""
    sys.modules.pop("extensions.application", None)
    yield importlib.import_module("extensions.application")
    del sys.modules["extensions.application"]


@pytest.fixture
def ask(client, db, receivers):
    """Ask the API, with the example workflow loaded; gives the parsed answer."""
    load_example()

    def ask(query, **variables):
        body = json.dumps({"query": query, "variables": variables})
        return client.post("/graphql", body, content_type="application/json").json()

    return ask


START = """mutation ($meta: JSONString, $workflow: ID!) {
  saveCase(input: {workflow: $workflow, meta: $meta}) { case { id meta } }
}"""
COMPLETE = """mutation ($id: ID!, $context: JSONString) {
  completeWorkItem(input: {id: $id, context: $context}) { workItem { status } }
}"""


def complete(ask, task, context=None):
    """Complete the one ready work item of a task."""
    item = WorkItem.objects.get(task=task, status="ready")
    given = None if context is None else json.dumps(context)
    return ask(COMPLETE, id=str(item.pk), context=given)


def statuses():
    """Return the status of the one work item of each task."""
    items = WorkItem.objects.values_list("task_id", "status")
    assert len(items) == len(dict(items))
    return dict(items)


@pytest.fixture
def reviewing(ask):
    """Start a case and file its application."""
    assert "errors" not in ask(START, workflow="application")
    assert "errors" not in complete(ask, "file-application")
    return ask


@pytest.fixture
def deciding(reviewing):
    """Bring a case to its decision."""
    for task in ("review-technical", "review-legal"):
        assert "errors" not in complete(reviewing, task)
    return reviewing


def test_the_receipt_is_noted_in_meta(ask):
    answer = ask(START, workflow="application", meta='{"channel": "letter"}')
    expected = {"received": timezone.localdate().isoformat(), "channel": "letter"}
    assert answer["data"]["saveCase"]["case"]["meta"] == expected
    assert Case.objects.get().meta == expected


def test_cases_of_other_workflows_are_left_alone(ask):
    design.save_workflow(
        "other", BaseUser("author"), name="Other", start_tasks=["decide"], is_published=True
    )
    answer = ask(START, workflow="other", meta="{}")
    assert answer["data"]["saveCase"]["case"]["meta"] == {}


def test_both_departments_are_told_of_their_work(ask, caplog):
    caplog.set_level(logging.INFO, logger="extensions.application")
    ask(START, workflow="application")
    assert caplog.messages == []
    complete(ask, "file-application")
    names = {item.name: item for item in WorkItem.objects.filter(task__slug__startswith="review-")}
    assert len(names) == 2
    assert sorted(caplog.messages) == sorted(
        f"New work: {name} (work item {item.pk})" for name, item in names.items()
    )


def test_two_favourable_reviews_lead_to_the_decision(reviewing):
    complete(reviewing, "review-technical", {"objection": None})
    assert statuses()["review-legal"] == "ready"
    assert "decide" not in statuses()
    complete(reviewing, "review-legal")
    assert statuses()["decide"] == "ready"


def test_an_objection_spares_the_other_review(reviewing):
    answer = complete(reviewing, "review-legal", {"objection": "not allowed here"})
    assert answer == {"data": {"completeWorkItem": {"workItem": {"status": "COMPLETED"}}}}
    assert statuses() == {
        "file-application": "completed",
        "review-technical": "skipped",
        "review-legal": "completed",
        "decide": "ready",
    }


def test_a_spared_review_is_an_event_of_the_example(reviewing, receivers, events):
    complete(reviewing, "review-legal", {"objection": "not allowed here"})
    events.assert_emitted(
        receivers.ReviewSpared,
        sender=receivers.spare_the_other_review,
        work_item=WorkItem.objects.get(task="review-technical"),
        objection="not allowed here",
    )


@pytest.mark.parametrize("context", [None, {}, {"decision": "perhaps"}, ["approve"]])
def test_a_decision_that_says_nothing_is_refused(deciding, context):
    answer = complete(deciding, "decide", context)
    assert answer["data"] == {"completeWorkItem": None}
    (error,) = answer["errors"]
    assert error["message"] == (
        'Say how you decide: context must hold "decision", one of approve, reject.'
    )
    assert error["extensions"] == {
        "code": "RECEIVER_ERROR",
        "event": "pre_complete_work_item",
        "receivers": ["extensions.application.require_a_decision"],
    }
    assert statuses()["decide"] == "ready"
    assert Case.objects.get().status == "running"


@pytest.mark.parametrize("decision", ["approve", "reject"])
def test_a_decision_closes_the_case(deciding, decision):
    assert "errors" not in complete(deciding, "decide", {"decision": decision})
    assert statuses()["decide"] == "completed"
    assert Case.objects.get().status == "completed"


def test_the_applicant_is_told_in_the_background(deciding, deliveries, caplog):
    caplog.set_level(logging.INFO, logger="extensions.application")
    assert len(deliveries) == 0
    complete(deciding, "decide", {"decision": "approve"})
    [delivery] = deliveries
    assert delivery.receiver == "extensions.application.tell_the_applicant"
    assert caplog.messages == []
    assert deliveries.run() == 1
    [letter] = caplog.messages
    assert letter.startswith("Letter ")
    assert letter.endswith(f": your application {Case.objects.get().pk} is decided")
    assert [d.state for d in deliveries] == ["done"]


def test_loading_the_example_again_changes_nothing(ask):
    Workflow.objects.update(name="Renamed")
    assert load_example() == 'The example workflow "application" is there already.'
    assert Workflow.objects.get().name == "Renamed"


def imports():
    """Yield (file, module, name) of everything that extensions import from this project."""
    for path in sorted((ROOT / "extensions").rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.ImportFrom) and node.module.startswith("workflow_events"):
                yield from ((path.name, node.module, alias.name) for alias in node.names)
            if isinstance(node, ast.Import):
                names = (alias.name for alias in node.names)
                yield from ((path.name, n, n) for n in names if n.startswith("workflow_events"))


def test_the_examples_import_public_names_only():
    found = list(imports())
    assert found
    for file, module, name in found:
        assert module in PUBLIC, (file, module)
        assert PUBLIC[module] is None or name in PUBLIC[module], (file, module, name)
        assert not name.startswith("_"), (file, module, name)


def test_every_receiver_of_the_examples_is_documented(receivers):
    functions = [
        function
        for _, function in inspect.getmembers(receivers, inspect.isfunction)
        if function.__module__ == "extensions.application"
    ]
    assert len(functions) == 5
    for function in functions:
        assert function.__doc__, function
