"""How many SQL statements a document takes, exactly; it does not grow with the rows."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from tests.graphql.rows import make_case, make_item
from workflow_events.workflow import api as workflow_api
from workflow_events.workflow import design
from workflow_events.workflow.models import WorkItem
from workflow_events.workflow.users import BaseUser

USER = BaseUser("user", ["group"])


@pytest.fixture(params=[1, 7])
def cases(request, db):
    """One case, or several: of two workflows, each with three items of two tasks."""
    found = [make_case(f"w{number % 2}") for number in range(request.param)]
    for case in found:
        first = make_item(case, "a", status="completed")
        make_item(case, "b", previous_work_item=first)
        make_item(case, "b", previous_work_item=first, child_case=make_case("child"))
    return found


def statements(api, query, **variables):
    with CaptureQueriesContext(connection) as queries:
        assert api(query, **variables).data is not None
    return len(queries)


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("{ allWorkItems { edges { node { task { slug } case { id workflow { slug } } } } } }", 1),
        (
            "{ allCases { edges { node { id"
            " workItems { edges { node { id task { slug } } } } } } } }",
            2,
        ),
        (
            "{ allCases { edges { node { workItems(first: 2, offset: 1,"
            ' filter: [{task: "b"}], order: [{attribute: NAME}])'
            " { totalCount pageInfo { hasPreviousPage } edges { node { task { slug } } } } } } } }",
            3,
        ),
        ("{ allCases { edges { node { workItems(last: 1) { edges { node { id } } } } } } }", 3),
        ("{ allCases { edges { node { workItems { totalCount } } } } }", 2),
        (
            "{ allCases { edges { node { a: workItems { edges { node { id } } }"
            " b: workItems(first: 1) { edges { node { case { id } } } } } } } }",
            3,
        ),
        (
            "{ allCases { edges { node { family { workflow { slug } } parentWorkItem { id"
            " previousWorkItem { task { slug } } } familyWorkItems { edges { node { id } } } } } }"
            " }",
            2,
        ),
        (
            "{ allWorkItems { edges { node { childCase { workItems { edges { node { id } } } }"
            " succeedingWorkItems { edges { node { task { slug } } } } } } } }",
            3,
        ),
        (
            "query ($yes: Boolean = true, $no: Boolean = false) { allCases { ...cases } }"
            " fragment cases on CaseConnection { edges { ...edge } }"
            " fragment edge on CaseEdge { node { ... on Case { workflow @include(if: $no)"
            " { startTasks { slug } } workItems @skip(if: $no) { edges { node {"
            " ... on Node { id } ... on WorkItem { task @include(if: $yes) { slug } } } } } } } }",
            2,
        ),
        ("{ allCases { edges { node { workflow { startTasks { slug } } } } } }", 2),
        ("{ allCases { edges { node { workflow { tasks { slug } } } } } }", 4),
        (
            "{ allWorkflows { edges { node { flows { totalCount edges { node { tasks { slug } } } }"
            " } } } }",
            4,
        ),
        ("{ allTasks { edges { node { slug ... on SimpleTask { leadTime } } } } }", 1),
        ("{ allWorkItems { edges { node { isRedoable } } } }", 4),
        (
            "{ allCases { edges { node { ...c } } } } fragment c on Case { family { family {"
            " family { family { id } } } } }",
            1,
        ),
    ],
)
def test_a_list(api, cases, query, expected):
    design.save_workflow("w0", USER, name="w", start_tasks=["a"])
    design.add_workflow_flow("w0", ["a"], "'b'|task", None, USER)
    design.add_workflow_flow("w0", ["b"], "[]|tasks", "'a'|task", USER)

    found = statements(api, query)

    assert found == expected


def test_a_hundred_work_items_and_fifty_cases(api):
    for _ in range(50):
        case = make_case()
        make_item(case, "a")
        make_item(case, "b")

    assert (
        statements(
            api,
            "{ allWorkItems { edges { node { task { slug } case { id workflow { slug } } } } } }",
        )
        == 1
    )
    assert (
        statements(
            api,
            "{ allCases(first: 50) { edges { node { workItems { edges { node {"
            " task { slug } } } } } } } }",
        )
        == 2
    )


def test_more_relations_than_one_statement_should_join(api, cases):
    deep = "case { family { family { family { family { family { id } } } } } }"
    query = f"{{ allWorkItems {{ edges {{ node {{ {deep} previousWorkItem {{ {deep} }} }} }} }} }}"

    assert statements(api, query) <= 4


@pytest.mark.parametrize(
    ("name", "selection", "more"),
    [
        ("suspendCase", "case { id status }", 0),
        ("suspendCase", "case { id status meta workflow { slug } }", 1),
        ("cancelCase", "case { workItems { edges { node { task { slug } status } } } }", 1),
    ],
)
def test_what_a_mutation_returns_costs_only_what_is_selected(api, linear, name, selection, more):
    cases = [str(workflow_api.start_case("linear", USER).pk) for _ in range(2)]

    with CaptureQueriesContext(connection) as bare:
        assert api.mutate(name, "{ clientMutationId }", id=cases[0]).data
    with CaptureQueriesContext(connection) as full:
        assert api.mutate(name, f"{{ {selection} }}", id=cases[1]).data

    assert len(full) - len(bare) == more


def test_a_new_case_is_returned_with_its_workflow(api, linear):
    with CaptureQueriesContext(connection) as bare:
        assert api.mutate("saveCase", "{ clientMutationId }", workflow="linear").data
    with CaptureQueriesContext(connection) as full:
        selection = "{ case { id status family { id } workflow { slug } } }"
        assert api.mutate("saveCase", selection, workflow="linear").data

    assert len(full) - len(bare) <= 1


def test_work_items_of_mutations_need_no_statement_for_case_and_task(api, linear):
    workflow_api.start_case("linear", USER)
    item = str(WorkItem.objects.get().pk)

    with CaptureQueriesContext(connection) as bare:
        assert api.mutate("suspendWorkItem", "{ clientMutationId }", id=item).data
    with CaptureQueriesContext(connection) as full:
        selection = "{ workItem { id status task { slug } case { status workflow { slug } } } }"
        assert api.mutate("resumeWorkItem", selection, id=item).data

    assert len(full) - len(bare) == 1  # the workflow
