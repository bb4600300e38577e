"""Global ids, and the ids that inputs accept (facts 1.1)."""

import base64

import pytest

from tests.graphql.rows import make_case, make_item
from workflow_events.events.declaration.identifiers import uuid7
from workflow_events.workflow import design
from workflow_events.workflow.users import BaseUser

AUTHOR = BaseUser("author")
# The same in every process of pytest-xdist, which compare what they collect.
MISSING = "019aa1d3-1c74-74b0-8c4c-6e0d75e3a2f1"

NODE = "query ($id: ID!) { node(id: $id) { __typename id } }"


def gid(type_name: str, key: object) -> str:
    return base64.b64encode(f"{type_name}:{key}".encode()).decode()


def test_a_node_of_every_type(api, linear):
    case = make_case("linear")
    item = make_item(case, "first")
    design.save_task("form", AUTHOR, name="Form", type="complete_workflow_form")
    flow = design.Flow.objects.get()

    for type_name, key in (
        ("Case", case.pk),
        ("WorkItem", item.pk),
        ("Workflow", "linear"),
        ("Flow", flow.pk),
        ("SimpleTask", "first"),
        ("CompleteWorkflowFormTask", "form"),
    ):
        node = api(NODE, id=gid(type_name, key)).data["node"]
        assert node == {"__typename": type_name, "id": gid(type_name, key)}


def test_a_node_that_is_missing_is_null(api):
    assert api(NODE, id=gid("Case", uuid7())).data == {"node": None}
    assert api(NODE, id=gid("Workflow", "none")).data == {"node": None}


def test_a_node_with_fragments(api):
    case = make_case("w", meta={"a": 1})
    item = make_item(case)
    query = """query ($id: ID!) { node(id: $id) {
        ... on Case { meta workItems { edges { node { ...item } } } }
        ... on WorkItem { case { id } }
    } } fragment item on WorkItem { id task { __typename slug ... on SimpleTask { leadTime } } }"""

    data = api(query, id=gid("Case", case.pk)).data

    [edge] = data["node"]["workItems"]["edges"]
    assert data["node"]["meta"] == {"a": 1}
    assert edge["node"] == {
        "id": gid("WorkItem", item.pk),
        "task": {"__typename": "SimpleTask", "slug": "t", "leadTime": None},
    }
    assert api(query, id=gid("WorkItem", item.pk)).data == {
        "node": {"case": {"id": gid("Case", case.pk)}}
    }


@pytest.mark.parametrize(
    "value", ["", "x", "123", MISSING, "Q2FzZQ==", gid("Document", 1), gid("Case", "x"), "\0"]
)
def test_a_node_needs_a_global_id(api, value):
    answer = api(NODE, id=value)

    assert answer.code == "INVALID_INPUT"
    assert answer.body["data"] == {"node": None}


def test_an_input_takes_the_global_id_or_the_key(api):
    case = make_case()
    query = "query ($id: ID) { allCases(filter: [{id: $id}]) { totalCount } }"

    for value in (gid("Case", case.pk), str(case.pk), case.pk.hex):
        assert api(query, id=value).data == {"allCases": {"totalCount": 1}}
    assert api(query, id=str(uuid7())).data == {"allCases": {"totalCount": 0}}


def test_a_task_goes_by_any_of_its_type_names(api):
    make_item(make_case(), "t")
    query = "query ($id: ID) { allWorkItems(filter: [{task: $id}]) { totalCount } }"

    for value in ("t", gid("SimpleTask", "t"), gid("Task", "t"), gid("CompleteTaskFormTask", "t")):
        assert api(query, id=value).data == {"allWorkItems": {"totalCount": 1}}


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ("x", "no id of a Case"),
        (gid("Case", "x"), "no id of a Case"),
        (gid("WorkItem", MISSING), "expected the id of a Case, got a WorkItem's"),
        (gid("SimpleTask", "t"), "expected the id of a Case, got a SimpleTask's"),
        ("x" * 1000, "no id of a Case"),
    ],
)
def test_an_id_that_is_none_or_of_another_type(api, value, message):
    answer = api("query ($id: ID) { allCases(filter: [{id: $id}]) { totalCount } }", id=value)

    assert answer.code == "INVALID_INPUT"
    assert message in answer.error["message"]
    assert '"id"' in answer.error["message"]
    assert len(answer.error["message"]) < 250


@pytest.mark.parametrize("value", ["no slug", "ä", "x" * 128, gid("Case", MISSING)])
def test_a_slug_that_is_none(api, value):
    answer = api("query ($id: ID) { allWorkItems(filter: [{task: $id}]) { totalCount } }", id=value)

    assert answer.code == "INVALID_INPUT"
