"""Every path to a row goes through get_queryset of its type."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from tests.graphql.rows import make_case, make_item
from workflow_events.graphql.ids import to_global_id
from workflow_events.graphql.types.case import Case
from workflow_events.graphql.types.task import Task
from workflow_events.graphql.types.work_item import WorkItem


@pytest.fixture
def hide(monkeypatch):
    """Hide rows of a type."""

    def hide_rows(node_type, **lookups):
        def get_queryset(cls, queryset, info):
            assert info.context.user is not None
            return queryset.exclude(**lookups)

        monkeypatch.setattr(node_type, "get_queryset", classmethod(get_queryset))

    return hide_rows


@pytest.fixture
def rows(db):
    """A root case with an item whose child case is secret, and that one's item."""
    root = make_case("w", meta="root")
    secret = make_case("w", meta="secret", family_id=root.pk)
    parent = make_item(root, "a", name="parent", child_case=secret)
    inner = make_item(secret, "b", name="inner", previous_work_item=parent)
    return root, secret, parent, inner


def test_roots_and_node(api, rows, hide):
    hide(Case, meta="secret")
    query = """query ($id: ID!) { allCases { totalCount edges { node { meta } } }
        node(id: $id) { id } }"""

    assert api(query, id=to_global_id("Case", rows[1].pk)).data == {
        "allCases": {"totalCount": 1, "edges": [{"node": {"meta": "root"}}]},
        "node": None,
    }


def test_nested_connections(api, rows, hide):
    hide(WorkItem, name="inner")
    query = """{ allCases { edges { node { meta
        workItems { totalCount edges { node { name
            succeedingWorkItems { totalCount } } } }
        familyWorkItems { totalCount } } } } }"""

    nodes = [edge["node"] for edge in api(query).data["allCases"]["edges"]]

    assert [node["workItems"]["totalCount"] for node in nodes] == [1, 0]
    assert [node["familyWorkItems"]["totalCount"] for node in nodes] == [1, 1]
    [parent] = nodes[0]["workItems"]["edges"]
    assert parent["node"] == {"name": "parent", "succeedingWorkItems": {"totalCount": 0}}


@pytest.mark.parametrize("first", ["", "(first: 1)"])
def test_relations(api, rows, hide, first):
    hide(Case, meta="secret")
    query = f"""{{ allWorkItems{first} {{ edges {{ node {{ name
        childCase {{ meta }} previousWorkItem {{ name }} }} }} }} }}"""

    nodes = [edge["node"] for edge in api(query).data["allWorkItems"]["edges"]]

    assert nodes[0] == {"name": "parent", "childCase": None, "previousWorkItem": None}


def test_the_reverse_of_a_relation(api, rows, hide):
    query = "{ allCases { edges { node { parentWorkItem { name } } } } }"

    def parents():
        edges = api(query).data["allCases"]["edges"]
        return [edge["node"]["parentWorkItem"] for edge in edges]

    assert parents() == [None, {"name": "parent"}]
    hide(WorkItem, name="parent")
    assert parents() == [None, None]


def test_a_required_relation_that_is_hidden_leaves_nothing_of_its_row(api, rows, hide):
    hide(Case, meta="secret")

    answer = api("{ allWorkItems { edges { node { name case { meta } } } } }")

    assert [edge["node"] for edge in answer.body["data"]["allWorkItems"]["edges"]] == [
        {"name": "parent", "case": {"meta": "root"}},
        None,
    ]


def test_lists_of_tasks(api, linear, hide):
    hide(Task, slug="second")
    query = """{ allTasks { edges { node { slug } } } allWorkflows { edges { node {
        startTasks { slug } tasks { slug } flows { edges { node { tasks { slug } } } } } } } }"""
    first = {"slug": "first"}

    assert api(query).data == {
        "allTasks": {"edges": [{"node": first}]},
        "allWorkflows": {
            "edges": [
                {
                    "node": {
                        "startTasks": [first],
                        "tasks": [first],
                        "flows": {"edges": [{"node": {"tasks": [first]}}]},
                    }
                }
            ]
        },
    }


def test_what_a_mutation_returns_leads_to_nothing_hidden(api, rows, hide):
    hide(Case, meta="secret")

    answer = api.mutate(
        "suspendWorkItem", "{ workItem { status childCase { meta } } }", id=str(rows[2].pk)
    )

    assert answer.data["suspendWorkItem"]["workItem"] == {"status": "SUSPENDED", "childCase": None}


def test_statements_do_not_grow_with_the_rows(api, hide):
    hide(Case, meta="secret")
    hide(Task, slug="secret")
    query = """{ allWorkItems { edges { node { task { slug }
        case { meta workItems(first: 1) { edges { node { task { slug } } } } } } } } }"""
    counts = []
    for _ in range(2):
        for _ in range(3):
            make_item(make_case())
        with CaptureQueriesContext(connection) as queries:
            assert api(query).data
        counts.append(len(queries))

    assert counts == [5, 5]
