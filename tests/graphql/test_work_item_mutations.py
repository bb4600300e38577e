"""The mutations of work items: what they do, what they return, what they refuse."""

import pytest

from workflow_events.events import on
from workflow_events.events.declaration.identifiers import uuid7
from workflow_events.graphql.ids import to_global_id
from workflow_events.graphql.mutations import CreateWorkItem, SaveWorkItem
from workflow_events.workflow import api as workflow_api
from workflow_events.workflow import design
from workflow_events.workflow.events import post_create_work_item, pre_create_work_item
from workflow_events.workflow.models import WorkItem
from workflow_events.workflow.users import BaseUser

USER = BaseUser("user", ["group"])
ITEM = """{ workItem { name description deadline meta assignedUsers addressedGroups
    controllingGroups status task { slug } case { status } } }"""


@pytest.fixture
def item(linear):
    workflow_api.start_case("linear", USER)
    return WorkItem.objects.get()


@pytest.fixture
def case(multiple):
    return workflow_api.start_case("multiple", USER)


def test_complete_to_the_end(api, item):
    selection = """{ workItem { status closedAt isRedoable case { status
        workItems { edges { node { status task { slug } previousWorkItem { id } } } } }
        succeedingWorkItems { totalCount edges { node { status } } } } }"""

    first = api.mutate("completeWorkItem", selection, id=to_global_id("WorkItem", item.pk))
    found = first.data["completeWorkItem"]["workItem"]

    assert found["closedAt"] is not None
    assert found["isRedoable"] is False
    assert found["case"] == {
        "status": "RUNNING",
        "workItems": {
            "edges": [
                {
                    "node": {
                        "status": "COMPLETED",
                        "task": {"slug": "first"},
                        "previousWorkItem": None,
                    }
                },
                {
                    "node": {
                        "status": "READY",
                        "task": {"slug": "second"},
                        "previousWorkItem": {"id": to_global_id("WorkItem", item.pk)},
                    }
                },
            ]
        },
    }
    assert found["succeedingWorkItems"] == {
        "totalCount": 1,
        "edges": [{"node": {"status": "READY"}}],
    }

    second = WorkItem.objects.get(task="second")
    last = api.mutate("completeWorkItem", selection, id=str(second.pk))
    assert last.data["completeWorkItem"]["workItem"]["case"]["status"] == "COMPLETED"


def test_the_other_transitions(api, item):
    def status(name):
        answer = api.mutate(name, "{ workItem { status } }", id=str(item.pk), context='{"a": 1}')
        return answer.data[name]["workItem"]["status"]

    assert status("suspendWorkItem") == "SUSPENDED"
    assert status("resumeWorkItem") == "READY"
    assert status("skipWorkItem") == "SKIPPED"
    second = WorkItem.objects.get(task="second")
    answer = api.mutate("cancelWorkItem", "{ workItem { status } }", id=str(second.pk))
    assert answer.data["cancelWorkItem"]["workItem"]["status"] == "CANCELED"


def test_redo(api, item):
    design.add_workflow_flow("linear", ["second"], "[]|tasks", "'first'|task", USER)
    workflow_api.complete_work_item(item.pk, USER)
    redoable = "{ allWorkItems { edges { node { isRedoable } } } }"

    edges = api(redoable).data["allWorkItems"]["edges"]
    assert [edge["node"]["isRedoable"] for edge in edges] == [True, False]
    answer = api.mutate(
        "redoWorkItem",
        "{ workItem { status isRedoable case { workItems { edges { node { status } } } } } }",
        id=str(item.pk),
    )

    found = answer.data["redoWorkItem"]["workItem"]
    assert (found["status"], found["isRedoable"]) == ("READY", False)
    statuses = [edge["node"]["status"] for edge in found["case"]["workItems"]["edges"]]
    assert statuses == ["READY", "REDO"]


@pytest.mark.parametrize(
    "name",
    [
        "completeWorkItem",
        "skipWorkItem",
        "cancelWorkItem",
        "suspendWorkItem",
        "resumeWorkItem",
        "redoWorkItem",
    ],
)
def test_what_every_transition_refuses(api, item, name):
    for members, code in (
        ({"id": str(uuid7())}, "NOT_FOUND"),
        ({"id": "x"}, "INVALID_INPUT"),
        ({"id": to_global_id("Case", item.case_id)}, "INVALID_INPUT"),
        ({"id": str(item.pk), "context": "{"}, "INVALID_INPUT"),
    ):
        answer = api.mutate(name, "{ workItem { id } }", **members)
        assert (answer.status, answer.code) == (200, code)
        assert answer.body["data"] == {name: None}
    item.refresh_from_db()
    assert item.status == "ready"


def test_complete_twice(api, item):
    workflow_api.complete_work_item(item.pk, USER)

    answer = api.mutate("completeWorkItem", "{ workItem { id } }", id=str(item.pk))

    assert answer.code == "INVALID_TRANSITION"
    assert WorkItem.objects.count() == 2


def created(api, mutation, case, /, **members):
    return api.mutate(mutation, ITEM, case=str(case.pk), multipleInstanceTask="many", **members)


@pytest.mark.parametrize("name", ["createWorkItem", "saveWorkItem"])
def test_create(api, case, name):
    answer = created(
        api,
        name,
        case,
        name="Mine",
        description="Do it",
        assignedUsers=["u"],
        addressedGroups=["a", "b"],
        controllingGroups=["c"],
        deadline="2030-01-02T03:04:05+02:00",
        meta='{"a": 1}',
    )

    assert answer.data[name]["workItem"] == {
        "name": "Mine",
        "description": "Do it",
        "deadline": "2030-01-02T01:04:05+00:00",
        "meta": {"a": 1},
        "assignedUsers": ["u"],
        "addressedGroups": ["a", "b"],
        "controllingGroups": ["c"],
        "status": "READY",
        "task": {"slug": "many"},
        "case": {"status": "RUNNING"},
    }
    assert WorkItem.objects.count() == 2


@pytest.mark.parametrize("name", ["createWorkItem", "saveWorkItem"])
def test_create_with_the_values_of_the_task(api, case, name):
    found = created(api, name, case, name=None, description="").data[name]["workItem"]

    assert (found["name"], found["description"]) == ("Many", None)
    assert found["deadline"] is not None
    assert created(api, name, case, deadline=None).data[name]["workItem"]["deadline"] is None


@pytest.mark.parametrize(
    ("name", "sender"), [("createWorkItem", CreateWorkItem), ("saveWorkItem", SaveWorkItem)]
)
def test_the_sender_is_the_mutation_and_create_work_item_hears_both(api, case, name, sender):
    heard = []

    @on([pre_create_work_item, post_create_work_item], sender=CreateWorkItem)
    def hear(event, sender, context):
        heard.append((event.event_name, sender, context))

    created(api, name, case, context="[1]")

    assert heard == [
        ("pre_create_work_item", sender, [1]),
        ("post_create_work_item", sender, [1]),
    ]


def test_a_work_item_is_changed_without_events(api, item, events):
    answer = api.mutate(
        "saveWorkItem",
        ITEM,
        workItem=to_global_id("WorkItem", item.pk),
        name="Mine",
        assignedUsers=["u", "v"],
        deadline="2030-01-02T03:04:05Z",
        meta='{"a": 1}',
        context="{}",
    )

    found = answer.data["saveWorkItem"]["workItem"]
    assert (found["name"], found["assignedUsers"], found["meta"]) == ("Mine", ["u", "v"], {"a": 1})
    assert found["deadline"] == "2030-01-02T03:04:05+00:00"
    assert events.names() == []
    back = api.mutate("saveWorkItem", ITEM, workItem=str(item.pk), name="", deadline=None)
    assert back.data["saveWorkItem"]["workItem"]["name"] == "First"
    assert back.data["saveWorkItem"]["workItem"]["deadline"] is None
    assert back.data["saveWorkItem"]["workItem"]["meta"] == {"a": 1}


@pytest.mark.parametrize(
    ("members", "message"),
    [
        ({}, '"workItem"'),
        ({"case": str(uuid7())}, '"multipleInstanceTask"'),
        ({"multipleInstanceTask": "many"}, '"case"'),
        ({"workItem": str(uuid7()), "case": str(uuid7())}, '"case"'),
        ({"workItem": str(uuid7()), "multipleInstanceTask": "many"}, '"multipleInstanceTask"'),
        ({"workItem": str(uuid7()), "addressedGroups": []}, '"addressedGroups"'),
    ],
)
def test_save_work_item_needs_either_an_item_or_a_case_and_task(api, case, members, message):
    answer = api.mutate("saveWorkItem", ITEM, **members)

    assert answer.code == "INVALID_INPUT"
    assert message in answer.error["message"]
    assert WorkItem.objects.count() == 1


@pytest.mark.parametrize(
    ("members", "expected"),
    [
        ({"name": "x" * 256}, ("INVALID_INPUT", '"name"')),
        ({"name": "a\0"}, ("INVALID_INPUT", '"name"')),
        ({"description": "a\0"}, ("INVALID_INPUT", '"description"')),
        ({"assignedUsers": None}, ("INVALID_INPUT", '"assignedUsers"')),
        ({"assignedUsers": ["u", None]}, ("INVALID_INPUT", '"assignedUsers"')),
        ({"addressedGroups": ["\ud800"]}, ("INVALID_INPUT", '"addressedGroups"')),
        ({"controllingGroups": [None]}, ("INVALID_INPUT", '"controllingGroups"')),
        ({"meta": "1"}, ("INVALID_INPUT", '"meta"')),
        ({"meta": "{]"}, ("INVALID_INPUT", '"meta"')),
        ({"context": "{]"}, ("INVALID_INPUT", '"context"')),
        ({"deadline": "9999-12-31T23:59:59-14:00"}, ("INVALID_INPUT", '"deadline"')),
        ({"case": str(uuid7())}, ("NOT_FOUND", "case")),
        ({"case": "x"}, ("INVALID_INPUT", '"case"')),
        ({"multipleInstanceTask": "none"}, ("NOT_FOUND", "none")),
        ({"multipleInstanceTask": "first"}, ("INVALID_TRANSITION", "multiple-instance")),
    ],
)
@pytest.mark.parametrize("name", ["createWorkItem", "saveWorkItem"])
@pytest.mark.usefixtures("linear")
def test_creating_refuses_bad_input(api, case, name, members, expected):
    code, message = expected
    given = {"case": str(case.pk), "multipleInstanceTask": "many", **members}

    answer = api.mutate(name, ITEM, **given)

    assert answer.status == 200
    assert answer.code == code
    assert message in answer.error["message"]
    assert WorkItem.objects.count() == 1


def test_a_work_item_without_a_ready_sibling(api, case):
    workflow_api.cancel_case(case, USER)

    answer = created(api, "createWorkItem", case)

    assert answer.code == "INVALID_TRANSITION"
    assert WorkItem.objects.count() == 1


def test_a_deadline_that_is_no_moment(api, case):
    answer = created(api, "createWorkItem", case, deadline="tomorrow")

    assert (answer.status, answer.code) == (400, "INVALID_INPUT")
    assert WorkItem.objects.count() == 1
