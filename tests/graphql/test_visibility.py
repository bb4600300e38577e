"""Every path to a row leads to visible rows only."""

from contextlib import ExitStack

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from tests.graphql.policies import hiding, in_force
from tests.graphql.rows import make_case, make_item
from workflow_events.access.visibilities import BaseVisibility, Union, filter_queryset_for
from workflow_events.graphql.ids import to_global_id
from workflow_events.graphql.nodes import Case, Task, Workflow, WorkItem


@pytest.fixture
def hide():
    """Hide rows of a type, beside those that are hidden already."""
    hidden = []
    with ExitStack() as stack:

        def hide_rows(node_type, **options):
            hidden.append(hiding(node_type, **options))
            stack.enter_context(in_force(*hidden))

        yield hide_rows


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


NAMES = """query ($id: ID!) { allWorkItems { totalCount edges { node { name
    case { meta workflow { slug } } task { slug } } } } node(id: $id) { id } }"""


@pytest.mark.parametrize(
    ("node_type", "lookups"),
    [
        pytest.param(Case, {"meta": "secret"}, id="case"),
        pytest.param(Task, {"slug": "b"}, id="task"),
        pytest.param(Workflow, {"slug": "other"}, id="workflow of the case"),
    ],
)
def test_a_row_whose_required_relation_is_hidden_is_absent(api, rows, hide, node_type, lookups):
    Workflow.model.objects.create(slug="other", name="other")
    Case.model.objects.filter(meta="secret").update(workflow="other")
    hide(node_type, **lookups)

    assert api(NAMES, id=to_global_id("WorkItem", rows[3].pk)).data == {
        "allWorkItems": {
            "totalCount": 1,
            "edges": [
                {
                    "node": {
                        "name": "parent",
                        "case": {"meta": "root", "workflow": {"slug": "w"}},
                        "task": {"slug": "a"},
                    }
                }
            ],
        },
        "node": None,
    }


def test_a_suppressed_required_relation_shows_what_is_hidden_elsewhere(api, rows, hide):
    hide(Case, suppress=("WorkItem.case",), meta="secret")
    query = "{ allCases { totalCount } allWorkItems { edges { node { name case { meta } } } } }"

    data = api(query).data

    assert data["allCases"] == {"totalCount": 1}
    assert [edge["node"] for edge in data["allWorkItems"]["edges"]] == [
        {"name": "parent", "case": {"meta": "root"}},
        {"name": "inner", "case": {"meta": "secret"}},
    ]


def test_what_a_suppressed_relation_leads_to_still_needs_its_own_required_ones(api, rows, hide):
    Workflow.model.objects.create(slug="other", name="other")
    Case.model.objects.filter(meta="secret").update(workflow="other")
    hide(Case, suppress=("WorkItem.case",), meta="secret")
    hide(Workflow, slug="other")

    names = [
        edge["node"]["name"]
        for edge in api("{ allWorkItems { edges { node { name } } } }").data["allWorkItems"][
            "edges"
        ]
    ]

    assert names == ["parent"]


@pytest.mark.parametrize("suppressed", [True, False])
def test_suppressed_relations_are_joined_again(api, rows, hide, suppressed):
    hide(Case, suppress=("WorkItem.child_case",) if suppressed else (), meta="secret")
    query = "{ allWorkItems { edges { node { name childCase { meta } } } } }"

    with CaptureQueriesContext(connection) as queries:
        node = api(query).data["allWorkItems"]["edges"][0]["node"]

    assert node["childCase"] == ({"meta": "secret"} if suppressed else None)
    assert len(queries) == (1 if suppressed else 2)


def test_the_family_of_a_case_whose_root_is_hidden_is_its_own(api, rows, hide):
    root, *_ = rows
    other = make_case("w", meta="other", family_id=root.pk)
    make_item(other, "c", name="of the other")
    hide(Case, meta="root")
    query = """{ allCases { edges { node { meta family { meta }
        familyWorkItems { totalCount edges { node { name } } } } } } }"""

    def family(name):
        return {"totalCount": 1, "edges": [{"node": {"name": name}}]}

    assert [edge["node"] for edge in api(query).data["allCases"]["edges"]] == [
        {"meta": "secret", "family": None, "familyWorkItems": family("inner")},
        {"meta": "other", "family": None, "familyWorkItems": family("of the other")},
    ]


class Joining(BaseVisibility):
    """Shows cases with items, by a join that repeats those with several."""

    @filter_queryset_for(Case)
    def with_items(self, node, queryset, info):
        return queryset.filter(work_items__isnull=False)


class Distinct(BaseVisibility):
    """Shows the same, by rows that are made distinct."""

    @filter_queryset_for(Case)
    def with_items(self, node, queryset, info):
        return queryset.filter(work_items__isnull=False).distinct()


class Either(Union):
    """Shows the same twice."""

    visibility_classes = (Joining, Distinct)


@pytest.mark.parametrize("visibility", [Joining, Distinct, Either])
def test_a_visibility_that_repeats_rows_shows_them_once(api, rows, visibility):
    make_item(rows[0], "a", name="second")
    make_case("w", meta="empty")
    query = """{ allCases(first: 2) { totalCount pageInfo { hasNextPage } edges { node { meta
        parentWorkItem { name } family { workItems(first: 1) { totalCount } } } } } }"""

    with in_force(visibility()):
        data = api(query).data["allCases"]

    assert data == {
        "totalCount": 2,
        "pageInfo": {"hasNextPage": False},
        "edges": [
            {
                "node": {
                    "meta": "root",
                    "parentWorkItem": None,
                    "family": {"workItems": {"totalCount": 2}},
                }
            },
            {
                "node": {
                    "meta": "secret",
                    "parentWorkItem": {"name": "parent"},
                    "family": {"workItems": {"totalCount": 2}},
                }
            },
        ],
    }


class TwoOfUs(Union):
    """Shows items of either name, in pages below several parents."""

    visibility_classes = (
        type(hiding(WorkItem, name="parent")),
        type(hiding(WorkItem, name="inner")),
    )


def test_a_union_below_several_parents(api, rows):
    query = "{ allCases { edges { node { workItems(last: 1) { edges { node { name } } } } } } }"

    with in_force(TwoOfUs()):
        edges = api(query).data["allCases"]["edges"]

    names = [[e["node"]["name"] for e in edge["node"]["workItems"]["edges"]] for edge in edges]
    assert names == [["parent"], ["inner"]]


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

    assert counts == [2, 2]


def test_what_many_rows_lead_to_is_counted_once(api, rows, hide):
    """One family, whose members share its lists."""
    root, *_ = rows
    hide(Case, meta="secret")
    query = """{ allCases { edges { node { family { workItems(offset: 9) {
        totalCount again: totalCount pageInfo { hasPreviousPage } } } } } } }"""
    counts = []
    for _ in range(2):
        for _ in range(3):
            make_case("w", family_id=root.pk)
        with CaptureQueriesContext(connection) as queries:
            assert api(query).data
        counts.append(len(queries))

    assert counts == [5, 5]


def test_a_payload_whose_required_relation_has_become_hidden_is_null(api, rows, hide):
    """Hidden as soon as it is completed: nothing is left to show it by, and no error tells."""
    case = make_case("w")
    item = make_item(case, "t")
    hide(Case, status="completed")

    def payload(selection):
        answer = api.mutate(
            "completeWorkItem", f"{{ workItem {{ {selection} }} }}", id=str(item.pk)
        )
        WorkItem.model.objects.filter(pk=item.pk).write_protected(status="ready")
        Case.model.objects.filter(pk=case.pk).write_protected(status="running")
        return answer.data["completeWorkItem"]["workItem"]

    assert payload("status") == {"status": "COMPLETED"}
    assert payload("status case { id }") is None
    assert payload("status task { slug }") == {"status": "COMPLETED", "task": {"slug": "t"}}
