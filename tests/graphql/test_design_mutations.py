"""The mutations of the design: workflows, tasks and flows."""

import pytest

from workflow_events.events.declaration.identifiers import uuid7
from workflow_events.graphql.ids import to_global_id
from workflow_events.workflow.models import Flow, Task, Workflow

TASK = """{ task { __typename id slug name description meta addressGroups controlGroups isArchived
    isMultipleInstance continueAsync ... on SimpleTask { leadTime modifiedByUser } } }"""
WORKFLOW = """{ workflow { id slug name description meta isPublished isArchived allowAllForms
    startTasks { slug } tasks { slug } flows { edges { node { next tasks { slug } } } } } }"""


def test_a_task_is_created_and_changed(api):
    answer = api.mutate(
        "saveSimpleTask",
        TASK,
        slug="t",
        name="Task",
        description="Do it",
        meta='{"a": 1}',
        addressGroups="['a']|groups",
        controlGroups=None,
        isArchived=True,
        leadTime=3600,
        isMultipleInstance=True,
        continueAsync=True,
    )

    expected = {
        "__typename": "SimpleTask",
        "id": to_global_id("SimpleTask", "t"),
        "slug": "t",
        "name": "Task",
        "description": "Do it",
        "meta": {"a": 1},
        "addressGroups": "['a']|groups",
        "controlGroups": None,
        "isArchived": True,
        "isMultipleInstance": True,
        "continueAsync": True,
        "leadTime": 3600,
        "modifiedByUser": None,
    }
    assert answer.data["saveSimpleTask"]["task"] == expected
    changed = api.mutate(
        "saveSimpleTask", TASK, slug="t", name="New", addressGroups=None, leadTime=None
    )
    assert changed.data["saveSimpleTask"]["task"] == {
        **expected,
        "name": "New",
        "addressGroups": None,
        "leadTime": None,
    }


def test_saving_with_another_mutation_changes_the_type(api):
    api.mutate("saveSimpleTask", TASK, slug="t", name="Task")

    answer = api.mutate("saveCompleteWorkflowFormTask", TASK, slug="t", name="Task")

    task = answer.data["saveCompleteWorkflowFormTask"]["task"]
    assert task["__typename"] == "CompleteWorkflowFormTask"
    assert task["id"] == to_global_id("CompleteWorkflowFormTask", "t")
    assert Task.objects.get().type == "complete_workflow_form"


def test_a_task_of_an_imported_design_with_a_form_of_its_own(api):
    Task.objects.create(slug="t", name="Task", type="complete_task_form")
    query = """query ($id: ID!) { allTasks { edges { node { __typename slug } } }
        node(id: $id) { __typename id ... on CompleteTaskFormTask { leadTime } } }"""

    gid = to_global_id("CompleteTaskFormTask", "t")
    assert api(query, id=gid).data == {
        "allTasks": {"edges": [{"node": {"__typename": "CompleteTaskFormTask", "slug": "t"}}]},
        "node": {"__typename": "CompleteTaskFormTask", "id": gid, "leadTime": None},
    }


def test_a_workflow_with_flows(api):
    for slug in ("a", "b", "c"):
        api.mutate("saveSimpleTask", TASK, slug=slug, name=slug)
    answer = api.mutate(
        "saveWorkflow",
        WORKFLOW,
        slug="w",
        name="Workflow",
        startTasks=["b", to_global_id("SimpleTask", "a")],
        isPublished=True,
        allowAllForms=True,
    )
    assert answer.data["saveWorkflow"]["workflow"] == {
        "id": to_global_id("Workflow", "w"),
        "slug": "w",
        "name": "Workflow",
        "description": None,
        "meta": {},
        "isPublished": True,
        "isArchived": False,
        "allowAllForms": True,
        "startTasks": [{"slug": "b"}, {"slug": "a"}],
        "tasks": [{"slug": "b"}, {"slug": "a"}],
        "flows": {"edges": []},
    }

    answer = api.mutate(
        "addWorkflowFlow",
        WORKFLOW,
        workflow=to_global_id("Workflow", "w"),
        tasks=["a", "b"],
        next="'c'|task",
        redoable="'a'|task",
    )
    workflow = answer.data["addWorkflowFlow"]["workflow"]
    assert workflow["tasks"] == [{"slug": "b"}, {"slug": "a"}, {"slug": "c"}]
    [edge] = workflow["flows"]["edges"]
    assert edge["node"] == {"next": "'c'|task", "tasks": [{"slug": "a"}, {"slug": "b"}]}

    kept = api.mutate("saveWorkflow", WORKFLOW, slug="w", name="New", startTasks=["a"])
    assert kept.data["saveWorkflow"]["workflow"]["isPublished"] is True
    assert kept.data["saveWorkflow"]["workflow"]["startTasks"] == [{"slug": "a"}]


def test_a_flow_is_removed(api, linear):
    flow = Flow.objects.get()

    answer = api.mutate(
        "removeFlow", "{ flow { id next tasks { slug } } }", flow=to_global_id("Flow", flow.pk)
    )

    assert answer.data["removeFlow"]["flow"] == {
        "id": to_global_id("Flow", flow.pk),
        "next": "'second'|task",
        "tasks": [],
    }
    assert not Flow.objects.exists()


@pytest.mark.parametrize(
    ("name", "members", "expected"),
    [
        ("saveSimpleTask", {"slug": "no slug", "name": "x"}, ("INVALID_INPUT", '"slug"')),
        ("saveSimpleTask", {"slug": "", "name": "x"}, ("INVALID_INPUT", '"slug"')),
        ("saveSimpleTask", {"slug": "x" * 128, "name": "x"}, ("INVALID_INPUT", '"slug"')),
        ("saveSimpleTask", {"slug": "x\n", "name": "x"}, ("INVALID_INPUT", '"slug"')),
        ("saveSimpleTask", {"slug": "x", "name": " "}, ("INVALID_INPUT", '"name"')),
        ("saveSimpleTask", {"slug": "x", "name": "x" * 256}, ("INVALID_INPUT", '"name"')),
        ("saveSimpleTask", {"slug": "x", "name": "x\0"}, ("INVALID_INPUT", '"name"')),
        (
            "saveSimpleTask",
            {"slug": "x", "name": "x", "leadTime": -1},
            ("INVALID_INPUT", "leadTime"),
        ),
        ("saveSimpleTask", {"slug": "x", "name": "x", "meta": "x"}, ("INVALID_INPUT", '"meta"')),
        ("saveSimpleTask", {"slug": "x", "name": "x", "meta": None}, ("INVALID_INPUT", '"meta"')),
        (
            "saveSimpleTask",
            {"slug": "x", "name": "x", "isArchived": None},
            ("INVALID_INPUT", "isArchived"),
        ),
        (
            "saveSimpleTask",
            {"slug": "x", "name": "x", "continueAsync": True},
            ("INVALID_INPUT", "continueAsync"),
        ),
        (
            "saveSimpleTask",
            {"slug": "x", "name": "x", "addressGroups": "["},
            ("BAD_EXPRESSION", ""),
        ),
        (
            "saveCompleteWorkflowFormTask",
            {"slug": "x", "name": "x", "controlGroups": "'a'|groups"},
            ("BAD_EXPRESSION", ""),
        ),
        ("saveWorkflow", {"slug": "x", "name": "x", "startTasks": []}, ("INVALID_INPUT", "start")),
        (
            "saveWorkflow",
            {"slug": "x", "name": "x", "startTasks": [None]},
            ("INVALID_INPUT", "null"),
        ),
        ("saveWorkflow", {"slug": "x", "name": "x", "startTasks": ["none"]}, ("NOT_FOUND", "none")),
        (
            "addWorkflowFlow",
            {"workflow": "none", "tasks": ["first"], "next": "'first'|task"},
            ("NOT_FOUND", "none"),
        ),
        (
            "addWorkflowFlow",
            {"workflow": "linear", "tasks": ["none"], "next": "'first'|task"},
            ("NOT_FOUND", "none"),
        ),
        (
            "addWorkflowFlow",
            {"workflow": "linear", "tasks": ["first"], "next": "'none'|task"},
            ("BAD_EXPRESSION", "none"),
        ),
        (
            "addWorkflowFlow",
            {"workflow": "linear", "tasks": ["first"], "next": "'first'|"},
            ("BAD_EXPRESSION", ""),
        ),
        (
            "addWorkflowFlow",
            {"workflow": "linear", "tasks": ["first"], "next": "(" * 10**4},
            ("BAD_EXPRESSION", ""),
        ),
        (
            "addWorkflowFlow",
            {"workflow": "linear", "tasks": ["first"], "next": "[]|tasks"},
            ("INVALID_INPUT", ""),
        ),
        (
            "addWorkflowFlow",
            {"workflow": "linear", "tasks": [], "next": "'first'|task"},
            ("INVALID_INPUT", "tasks"),
        ),
        ("removeFlow", {"flow": str(uuid7())}, ("NOT_FOUND", "flow")),
        ("removeFlow", {"flow": "x"}, ("INVALID_INPUT", '"flow"')),
    ],
)
@pytest.mark.usefixtures("linear")
def test_bad_input_is_refused(api, name, members, expected):
    code, message = expected
    before = list(Flow.objects.values())

    answer = api.mutate(name, "{ clientMutationId }", **members)

    assert answer.status == 200
    assert answer.body["data"] == {name: None}
    assert answer.code == code
    assert message in answer.error["message"]
    assert set(Task.objects.values_list("pk", flat=True)) == {"first", "second"}
    assert [workflow.pk for workflow in Workflow.objects.all()] == ["linear"]
    assert list(Flow.objects.values()) == before


def test_a_lead_time_that_is_no_integer(api):
    for value in (2**31, 1.5, "x"):
        answer = api.mutate("saveSimpleTask", TASK, slug="t", name="t", leadTime=value)
        assert (answer.status, answer.code) == (400, "INVALID_INPUT")
    assert not Task.objects.exists()


def test_a_start_task_given_twice(api, linear):
    answer = api.mutate("saveWorkflow", WORKFLOW, slug="w", name="w", startTasks=["first", "first"])

    assert answer.data["saveWorkflow"]["workflow"]["startTasks"] == [{"slug": "first"}]
