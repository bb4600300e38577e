"""Documents as clients in the field send them, end to end, in our own words (facts 1.7).

A front end, and the portals of public administrations: mutations that ask for `clientMutationId`
only, or for all that they may have changed; fragments that use variables of the operation; aliases;
JSON as strings; ids in every form.
"""

import json

import pytest

from tests.graphql.rows import make_case, make_item
from tests.workflow.builders import item, start, workflow
from workflow_events.graphql.ids import to_global_id
from workflow_events.workflow.models import Case, WorkItem

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("access")]


def gid(row: Case | WorkItem) -> str:
    return to_global_id(type(row).__name__, row.pk)


@pytest.fixture
def linear(db: None) -> None:
    workflow("first -> second", slug="linear")


def test_inline_and_named_fragments_on_a_payload(api, linear):
    query = """mutation Save($input: SaveCaseInput!) { saveCase(input: $input) { ...payload
        __typename } } fragment payload on SaveCasePayload { clientMutationId case { ...c } }
        fragment c on Case { __typename meta ... on Node { id } workItems { edges { node {
            ... on WorkItem { task { ... on Task { slug } } } } } } }"""
    given = {"workflow": "linear", "clientMutationId": "1", "meta": json.dumps({"dossier": 7})}

    saved = api(query, input=given).data["saveCase"]

    assert saved == {
        "clientMutationId": "1",
        "case": {
            "__typename": "Case",
            "meta": {"dossier": 7},
            "id": gid(Case.objects.get()),
            "workItems": {"edges": [{"node": {"task": {"slug": "first"}}}]},
        },
        "__typename": "SaveCasePayload",
    }
    changed = {"id": saved["case"]["id"], "workflow": "linear", "meta": "{}"}
    assert api(query, input=changed).data["saveCase"]["case"]["meta"] == {}


def test_an_item_is_made_and_changed(api):
    workflow("extra", tasks={"extra": {"is_multiple_instance": True}})
    case = start()
    made = {
        "case": gid(case),
        "multipleInstanceTask": "extra",
        "name": "Look again",
        "description": None,
        "addressedGroups": ["12"],
        "controllingGroups": [],
        "deadline": "2026-12-24T22:59:59.999Z",
        "meta": json.dumps({"not-viewed": True}),
    }
    query = "mutation Make($input: CreateWorkItemInput!) { createWorkItem(input: $input) { %s } }"
    answer = api(query % "clientMutationId", input=made).data
    assert answer == {"createWorkItem": {"clientMutationId": None}}

    new = item(case, "extra", name="Look again")
    change = """mutation Change($input: SaveWorkItemInput!) { saveWorkItem(input: $input) {
        clientMutationId workItem { id assignedUsers meta name deadline addressedGroups } } }"""
    given = {"workItem": gid(new), "assignedUsers": ["ann"], "meta": '{"not-viewed": false}'}
    assert api(change, input=given).data["saveWorkItem"] == {
        "clientMutationId": None,
        "workItem": {
            "id": gid(new),
            "assignedUsers": ["ann"],
            "meta": {"not-viewed": False},
            "name": "Look again",
            "deadline": "2026-12-24T22:59:59.999000+00:00",
            "addressedGroups": ["12"],
        },
    }
    cleared = {"workItem": str(new.pk), "deadline": None, "assignedUsers": []}
    found = api(change, input=cleared).data["saveWorkItem"]["workItem"]
    assert (found["deadline"], found["assignedUsers"]) == (None, [])


def test_an_end_is_taken_back(api, linear):
    case = start("linear")
    by_id = """mutation ($id: ID!) { %s(input: {id: $id}) { workItem { id status } } }"""
    first = gid(item(case, "first"))
    skipped = api(by_id % "skipWorkItem", id=first).data["skipWorkItem"]
    assert skipped == {"workItem": {"id": first, "status": "SKIPPED"}}
    cancel = "mutation ($id: ID!) { cancelCase(input: {id: $id}) { clientMutationId } }"
    assert api(cancel, id=gid(case)).data == {"cancelCase": {"clientMutationId": None}}

    second = gid(item(case, "second"))
    reopen = """mutation Again($input: ReopenCaseInput!) { reopenCase(input: $input) {
        case { status workItems(filter: [{status: READY}]) { edges { node { id } } } } } }"""
    assert api(reopen, input={"id": gid(case), "workItems": [second]}).data["reopenCase"] == {
        "case": {"status": "RUNNING", "workItems": {"edges": [{"node": {"id": second}}]}}
    }
    ended = api(by_id % "completeWorkItem", id=second).data["completeWorkItem"]
    assert ended["workItem"]["status"] == "COMPLETED"
    case.refresh_from_db()
    assert case.status == "completed"


def test_many_aliases_in_one_document(api):
    items = [make_item(make_case(), status="suspended") for _ in range(3)]
    mutations = "".join(
        f' a{index}: resumeWorkItem(input: {{id: "{item.pk}"}}) {{ clientMutationId }}'
        for index, item in enumerate(items)
    )

    assert api(f"mutation {{ {mutations} }}").data == {
        f"a{index}": {"clientMutationId": None} for index in range(3)
    }
    query = " ".join(f"a{index}: allCases {{ totalCount }}" for index in range(5))
    assert api(f"{{ {query} }}").data == {f"a{index}": {"totalCount": 3} for index in range(5)}


def test_introspection(api):
    query = '{ __schema { types { name } } __type(name: "Task") { possibleTypes { name } } }'

    data = api(query).data

    found = {each["name"] for each in data["__type"]["possibleTypes"]}
    assert found == {"SimpleTask", "CompleteWorkflowFormTask", "CompleteTaskFormTask"}


@pytest.mark.parametrize(
    ("document", "said"),
    [
        (
            "mutation ($input: ReopenCaseInput) { reopenCase(input: $input) { case { id } } }",
            "of type 'ReopenCaseInput' used in position expecting type 'ReopenCaseInput!'",
        ),
        (
            "query ($g: GenericScalar!) { allWorkItems(filter: [{addressedGroups: [$g]}]) {"
            " totalCount } }",
            "of type 'GenericScalar!' used in position expecting type 'String'",
        ),
        ("query ($id: ID) { allCases { totalCount } }", "Variable '$id' is never used"),
        ("{ allCases { totalCount } } fragment F on Case { id }", "Fragment 'F' is never used"),
    ],
)
def test_what_only_a_service_without_validation_lets_pass(api, document, said):
    answer = api(document, input={"id": "1", "workItems": []}, g="1")
    assert (answer.status, answer.code) == (400, "INVALID_DOCUMENT")
    assert said in answer.error["message"]
