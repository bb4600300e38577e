"""Documents as real clients send them (facts 1.7)."""

from tests.graphql.rows import make_case, make_item
from workflow_events.graphql.ids import to_global_id


def test_typename_everywhere(api):
    make_item(make_case())
    query = """query { __typename allWorkItems { __typename pageInfo { __typename }
        edges { __typename cursor node { __typename id task { __typename slug } case {
            __typename } } } } }"""

    data = api(query).data

    assert data["__typename"] == "Query"
    assert data["allWorkItems"]["__typename"] == "WorkItemConnection"
    [edge] = data["allWorkItems"]["edges"]
    assert edge["__typename"] == "WorkItemEdge"
    assert edge["node"]["task"]["__typename"] == "SimpleTask"


def test_filters_and_orders_as_variables_of_both_kinds(api):
    case = make_case()
    make_item(case, "t", name="x")
    query = """query A($a: [WorkItemFilterSetType], $b: [WorkItemFilterSetType]!,
        $o: [WorkItemOrderSetType], $p: [WorkItemOrderSetType]!) {
        a: allWorkItems(filter: $a, order: $o) { edges { node { name } } }
        b: allWorkItems(filter: $b, order: $p) { edges { node { name } } } }"""

    data = api(
        query,
        a=[{"task": to_global_id("SimpleTask", "t")}],
        b=[{"case": to_global_id("Case", case.pk)}, {"status": "READY"}],
        o=[{"attribute": "DEADLINE", "direction": "ASC"}],
        p=[{"attribute": "NAME"}],
    ).data

    expected = {"edges": [{"node": {"name": "x"}}]}
    assert data == {"a": expected, "b": expected}


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


def test_inline_and_named_fragments_on_a_payload(api, linear):
    query = """mutation Save($input: SaveCaseInput!) { saveCase(input: $input) { ...payload
        __typename } } fragment payload on SaveCasePayload { clientMutationId case { ...c } }
        fragment c on Case { __typename ... on Node { id } workItems { edges { node {
            ... on WorkItem { task { ... on Task { slug } } } } } } }"""

    saved = api(query, input={"workflow": "linear", "clientMutationId": "1"}).data["saveCase"]

    assert saved["clientMutationId"] == "1"
    [edge] = saved["case"]["workItems"]["edges"]
    assert edge["node"]["task"] == {"slug": "first"}


def test_introspection(api):
    query = '{ __schema { types { name } } __type(name: "Task") { possibleTypes { name } } }'

    data = api(query).data

    names = {found["name"] for found in data["__type"]["possibleTypes"]}
    assert names == {"SimpleTask", "CompleteWorkflowFormTask", "CompleteTaskFormTask"}
