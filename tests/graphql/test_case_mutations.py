"""The mutations of cases: what they do, what they return, what they refuse."""

import json
from uuid import UUID

import pytest

from workflow_events.events import on
from workflow_events.events.declaration.identifiers import uuid7
from workflow_events.graphql.ids import to_global_id
from workflow_events.graphql.mutations import SaveCase, StartCase
from workflow_events.workflow import api as workflow_api
from workflow_events.workflow.events import post_create_case
from workflow_events.workflow.models import Case, WorkItem
from workflow_events.workflow.users import BaseUser

USER = BaseUser("user", ["group"])
NESTED = '{"a": ' + "[" * 100 + "]" * 100 + "}"
SAVED = "{ case { id status meta workflow { slug } workItems { edges { node { status } } } } }"


@pytest.fixture
def case(linear):
    return workflow_api.start_case("linear", USER)


@pytest.mark.parametrize("name", ["saveCase", "startCase"])
def test_a_case_is_started(api, linear, name):
    answer = api.mutate(name, SAVED, workflow="linear", meta='{"a": [1]}', clientMutationId="x")

    found = Case.objects.get()
    assert answer.data[name]["case"] == {
        "id": to_global_id("Case", found.pk),
        "status": "RUNNING",
        "meta": {"a": [1]},
        "workflow": {"slug": "linear"},
        "workItems": {"edges": [{"node": {"status": "READY"}}]},
    }
    assert found.created_by_user is None


def test_the_client_mutation_id_comes_back(api, linear):
    selection = "{ clientMutationId __typename }"

    answer = api.mutate("saveCase", selection, workflow="linear", clientMutationId="mine")
    other = api.mutate("saveCase", selection, workflow="linear")

    assert answer.data["saveCase"] == {"clientMutationId": "mine", "__typename": "SaveCasePayload"}
    assert other.data["saveCase"]["clientMutationId"] is None


def test_a_child_case_is_started(api, case):
    item = WorkItem.objects.get()

    answer = api.mutate(
        "saveCase",
        "{ case { family { id } parentWorkItem { id childCase { id } } } }",
        workflow=to_global_id("Workflow", "linear"),
        parentWorkItem=to_global_id("WorkItem", item.pk),
    )

    child = Case.objects.latest("pk")
    assert answer.data["saveCase"]["case"] == {
        "family": {"id": to_global_id("Case", case.pk)},
        "parentWorkItem": {
            "id": to_global_id("WorkItem", item.pk),
            "childCase": {"id": to_global_id("Case", child.pk)},
        },
    }


def test_a_case_is_changed(api, case, multiple):
    answer = api.mutate(
        "saveCase",
        SAVED,
        id=to_global_id("Case", case.pk),
        workflow="multiple",
        meta='{"new": true}',
        parentWorkItem=None,
    )

    assert answer.data["saveCase"]["case"]["workflow"] == {"slug": "multiple"}
    case.refresh_from_db()
    assert (case.workflow_id, case.meta) == ("multiple", {"new": True})
    assert Case.objects.count() == 1


def test_an_omitted_meta_is_kept(api, linear):
    case = workflow_api.start_case("linear", USER, meta={"kept": 1})

    api.mutate("saveCase", SAVED, id=str(case.pk), workflow="linear")

    case.refresh_from_db()
    assert case.meta == {"kept": 1}


def test_a_null_id_means_a_new_case(api, linear):
    query = 'mutation { saveCase(input: {id: null, workflow: "linear"}) { case { id } } }'

    assert api(query).data
    assert Case.objects.count() == 1


@pytest.mark.parametrize(("name", "sender"), [("saveCase", SaveCase), ("startCase", StartCase)])
def test_the_sender_is_the_mutation_and_the_context_is_parsed(api, linear, name, sender):
    heard = []

    @on(post_create_case, sender=SaveCase)
    def hear(sender, context, user):
        heard.append((sender, context, user.username))

    api.mutate(name, SAVED, workflow="linear", context='{"b": null}')

    assert heard == [(sender, {"b": None}, None)]


def test_suspend_resume_cancel_and_reopen(api, case):
    item = WorkItem.objects.get()
    selection = "{ case { status closedAt workItems { edges { node { status } } } } }"

    def status(name, **members):
        found = api.mutate(name, selection, id=str(case.pk), **members).data[name]["case"]
        [edge] = found["workItems"]["edges"]
        return found["status"], edge["node"]["status"], found["closedAt"] is not None

    assert status("suspendCase") == ("SUSPENDED", "SUSPENDED", False)
    assert status("resumeCase") == ("RUNNING", "READY", False)
    assert status("cancelCase", context="null") == ("CANCELED", "CANCELED", True)
    assert status("reopenCase", workItems=[str(item.pk)]) == ("RUNNING", "READY", False)


def test_a_transition_that_the_state_does_not_allow(api, case):
    answer = api.mutate("resumeCase", "{ case { id } }", id=str(case.pk))

    assert answer.status == 200
    assert answer.body["data"] == {"resumeCase": None}
    assert answer.code == "INVALID_TRANSITION"
    assert answer.error["path"] == ["resumeCase"]
    case.refresh_from_db()
    assert case.status == "running"


@pytest.mark.parametrize(
    ("name", "members", "expected"),
    [
        ("saveCase", {"workflow": "none"}, ("NOT_FOUND", "none")),
        ("saveCase", {"workflow": "no slug"}, ("INVALID_INPUT", '"workflow"')),
        ("saveCase", {"workflow": to_global_id("Case", 1)}, ("INVALID_INPUT", '"workflow"')),
        ("saveCase", {"workflow": "linear", "id": str(uuid7())}, ("NOT_FOUND", "case")),
        ("saveCase", {"workflow": "linear", "id": "x"}, ("INVALID_INPUT", '"id"')),
        ("saveCase", {"workflow": "linear", "meta": "{"}, ("INVALID_INPUT", '"meta"')),
        ("saveCase", {"workflow": "linear", "meta": "[]"}, ("INVALID_INPUT", '"meta"')),
        ("saveCase", {"workflow": "linear", "meta": None}, ("INVALID_INPUT", '"meta"')),
        ("saveCase", {"workflow": "linear", "meta": '{"a": NaN}'}, ("INVALID_INPUT", '"meta"')),
        ("saveCase", {"workflow": "linear", "meta": '{"a": 1e999}'}, ("INVALID_INPUT", '"meta"')),
        ("saveCase", {"workflow": "linear", "meta": '{"a": "\\u0000"}'}, ("INVALID_INPUT", "NUL")),
        ("saveCase", {"workflow": "linear", "meta": '{"\\ud800": 1}'}, ("INVALID_INPUT", '"meta"')),
        ("saveCase", {"workflow": "linear", "meta": NESTED}, ("INVALID_INPUT", "nested")),
        ("saveCase", {"workflow": "linear", "context": NESTED}, ("INVALID_INPUT", "nested")),
        ("saveCase", {"workflow": "linear", "meta": "[" * 10**5}, ("INVALID_INPUT", "deeply")),
        ("saveCase", {"workflow": "linear", "context": "x"}, ("INVALID_INPUT", '"context"')),
        ("saveCase", {"workflow": "linear", "context": ""}, ("INVALID_INPUT", '"context"')),
        (
            "saveCase",
            {"workflow": "linear", "parentWorkItem": str(uuid7())},
            ("NOT_FOUND", "work item"),
        ),
        ("startCase", {"workflow": "none"}, ("NOT_FOUND", "none")),
        ("cancelCase", {"id": str(uuid7())}, ("NOT_FOUND", "case")),
        ("cancelCase", {"id": "x"}, ("INVALID_INPUT", '"id"')),
        ("cancelCase", {"id": to_global_id("WorkItem", uuid7())}, ("INVALID_INPUT", "WorkItem")),
        ("suspendCase", {"id": str(uuid7())}, ("NOT_FOUND", "case")),
        ("resumeCase", {"id": str(uuid7())}, ("NOT_FOUND", "case")),
        ("reopenCase", {"id": str(uuid7()), "workItems": [str(uuid7())]}, ("NOT_FOUND", "case")),
        ("reopenCase", {"id": str(uuid7()), "workItems": []}, ("INVALID_INPUT", '"workItems"')),
        ("reopenCase", {"id": str(uuid7()), "workItems": [None]}, ("INVALID_INPUT", "null")),
    ],
)
@pytest.mark.usefixtures("linear")
def test_bad_input_is_refused(api, name, members, expected):
    code, message = expected
    answer = api.mutate(name, "{ case { id } }", **members)

    assert answer.status == 200
    assert answer.body["data"] == {name: None}
    assert answer.code == code
    assert message in answer.error["message"]
    assert Case.objects.count() == 0


def test_start_case_takes_no_id(api, linear):
    answer = api.mutate("startCase", "{ case { id } }", workflow="linear", id=str(uuid7()))

    assert (answer.status, answer.code) == (400, "INVALID_INPUT")


def test_a_foreign_work_item_cannot_be_reopened(api, case):
    other = workflow_api.start_case("linear", USER)
    foreign = WorkItem.objects.get(case=other)
    workflow_api.cancel_case(case, USER)

    answer = api.mutate(
        "reopenCase", "{ case { id } }", id=str(case.pk), workItems=[str(foreign.pk)]
    )

    assert answer.code == "INVALID_INPUT"
    case.refresh_from_db()
    assert case.status == "canceled"


@pytest.mark.django_db(transaction=True)
def test_every_root_field_is_a_transaction_of_its_own(api, linear):
    query = """mutation ($meta: JSONString!) {
        a: saveCase(input: {workflow: "linear", meta: $meta}) { case { id } }
        b: saveCase(input: {workflow: "none"}) { case { id } }
        c: saveCase(input: {workflow: "linear"}) { case { id } } }"""

    answer = api(query, meta=json.dumps({"n": 1}))

    assert answer.status == 200
    assert answer.error["path"] == ["b"]
    assert answer.body["data"]["a"]["case"]["id"] != answer.body["data"]["c"]["case"]["id"]
    assert answer.body["data"]["b"] is None
    assert [case.meta for case in Case.objects.order_by("pk")] == [{"n": 1}, {}]
    assert all(isinstance(case.pk, UUID) for case in Case.objects.all())
