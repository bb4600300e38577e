"""Filters and orders (facts 1.5 and 1.6, and section 0)."""

from datetime import UTC, datetime, timedelta

import pytest

from tests.graphql.rows import make_case, make_item
from workflow_events.workflow import design
from workflow_events.workflow.models import Task, Workflow
from workflow_events.workflow.users import BaseUser

AUTHOR = BaseUser("author")
DAY = datetime(2024, 5, 1, tzinfo=UTC)

ITEMS = """query ($filter: [WorkItemFilterSetType], $order: [WorkItemOrderSetType]) {
    allWorkItems(filter: $filter, order: $order) { totalCount edges { node { name } } } }"""
CASES = """query ($filter: [CaseFilterSetType]!, $order: [CaseOrderSetType]) {
    allCases(filter: $filter, order: $order) { edges { node { meta } } } }"""


@pytest.fixture
def items(api):
    """Ask for the names of the items that pass."""
    root = make_case("w", meta="root")
    child = make_case("v", meta="child", family_id=root.pk, status="suspended")
    other = make_case("v", meta="other", status="canceled")
    a = make_item(root, "t", name="a", child_case=child, created_by_user="u")
    b = make_item(root, "u", name="b", status="completed", deadline=DAY, created_by_group="g")
    c = make_item(child, "t", name="c", status="redo", deadline=DAY + timedelta(days=1))
    make_item(other, "v", name="d", status="suspended", previous_work_item=c)

    def names(*entries, order=None):
        data = api(ITEMS, filter=list(entries), order=order).data["allWorkItems"]
        assert data["totalCount"] == len(data["edges"])
        return "".join(edge["node"]["name"] for edge in data["edges"])

    names.root, names.child, names.other, names.a, names.b = root, child, other, a, b
    return names


def test_work_items(items):
    root, child, other = str(items.root.pk), str(items.child.pk), str(items.other.pk)
    for entry, expected in (
        ({"status": "READY"}, "a"),
        ({"status": "REDO", "invert": True}, "abd"),
        ({"task": "t"}, "ac"),
        ({"task": "t", "invert": True}, "bd"),
        ({"tasks": ["t", "u"]}, "abc"),
        ({"tasks": ["t", None]}, "ac"),
        ({"tasks": ["nothing"]}, ""),
        ({"case": root}, "ab"),
        ({"caseFamily": root}, "abc"),
        ({"rootCase": root}, "abc"),
        ({"caseFamily": child}, ""),
        ({"rootCase": other}, "d"),
        ({"workflow": "v"}, "cd"),
        ({"id": str(items.a.pk)}, "a"),
        ({"ids": [str(items.a.pk), str(items.b.pk)]}, "ab"),
        ({"ids": [str(items.a.pk)], "invert": True}, "bcd"),
        ({"name": "b"}, "b"),
        ({"createdByUser": "u"}, "a"),
        ({"createdByUser": "u", "invert": True}, "bcd"),
        ({"createdByGroup": "g"}, "b"),
        ({"hasDeadline": True}, "bc"),
        ({"hasDeadline": False}, "ad"),
        ({"hasDeadline": False, "invert": True}, "bc"),
        ({"deadline": DAY.isoformat()}, "b"),
        ({"deadline": DAY.isoformat(), "invert": True}, "acd"),
        ({"deadlineBefore": (DAY + timedelta(days=1)).isoformat()}, "b"),
        ({"deadlineAfter": DAY.isoformat()}, "bc"),
        ({"deadlineAfter": "2024-05-01T00:00:00"}, "bc"),
        ({"deadlineAfter": DAY.isoformat(), "invert": True}, "ad"),
        ({"createdAfter": DAY.isoformat()}, "abcd"),
        ({"createdBefore": DAY.isoformat()}, ""),
    ):
        assert items(entry) == expected, entry


def test_several_keys_of_an_entry_must_all_match(items):
    assert items({"task": "t", "status": "READY"}) == "a"
    assert items({"task": "t", "status": "READY", "invert": True}) == "bcd"


def test_all_entries_must_match(items):
    assert items({"task": "t"}, {"status": "READY", "invert": True}) == "c"
    assert items({"task": "t"}, {"task": "u"}) == ""


@pytest.mark.parametrize(
    "entry",
    [
        None,
        {},
        {"invert": True},
        {"invert": None},
        {"task": None},
        {"task": ""},
        {"tasks": []},
        {"tasks": [None]},
        {"ids": [None], "invert": True},
        {"status": None, "invert": True},
    ],
)
def test_what_says_nothing_restricts_nothing(items, entry):
    assert items(entry) == "abcd"


def test_a_variable_that_is_not_supplied_restricts_nothing(api):
    make_item(make_case())
    query = """query ($task: ID, $filter: [WorkItemFilterSetType]) {
        a: allWorkItems(filter: [{task: $task, invert: true}]) { totalCount }
        b: allWorkItems(filter: $filter) { totalCount }
        c: allWorkItems(filter: null) { totalCount }
        d: allWorkItems(filter: {status: READY}) { totalCount } }"""

    assert api(query).data == {alias: {"totalCount": 1} for alias in "abcd"}


def test_cases(api, items):
    def metas(*entries):
        edges = api(CASES, filter=list(entries)).data["allCases"]["edges"]
        return [edge["node"]["meta"] for edge in edges]

    root = str(items.root.pk)
    assert metas({"workflow": "v"}) == ["child", "other"]
    assert metas({"workflow": "v", "invert": True}) == ["root"]
    assert metas({"id": root}) == ["root"]
    assert metas({"ids": [root, str(items.other.pk)]}) == ["root", "other"]
    assert metas({"rootCase": root}) == ["root", "child"]
    assert metas({"status": ["RUNNING", "CANCELED"]}) == ["root", "other"]
    assert metas({"excludeChildCases": True}) == ["root", "other"]
    assert metas({"excludeChildCases": True, "invert": True}) == ["child"]
    assert metas({"excludeChildCases": False, "invert": True}) == ["root", "child", "other"]
    assert metas({"status": []}) == ["root", "child", "other"]
    assert metas({"status": [None, "SUSPENDED"], "invert": True}) == ["root", "other"]


def test_workflows_and_tasks(api, items):
    def slugs(root, **entry):
        query = f"query ($filter: [{root[3:-1]}FilterSetType]) {{ {root}(filter: $filter)"
        data = api(query + " { edges { node { slug } } } }", filter=[entry]).data[root]
        return [edge["node"]["slug"] for edge in data["edges"]]

    Task.objects.filter(pk="v").update(type="complete_workflow_form", is_archived=True)
    Workflow.objects.filter(pk="v").update(is_published=True)
    assert slugs("allWorkflows", slug="w") == ["w"]
    assert slugs("allWorkflows", slug="w", invert=True) == ["v"]
    assert slugs("allWorkflows", slugs=["v", "x"]) == ["v"]
    assert slugs("allWorkflows", ids=["v"]) == ["v"]
    assert slugs("allWorkflows", isPublished=False) == ["w"]
    assert slugs("allWorkflows", name="v") == ["v"]
    assert slugs("allTasks") == ["t", "u", "v"]
    assert slugs("allTasks", slug="t") == ["t"]
    assert slugs("allTasks", slugs=["t", "v"], invert=True) == ["u"]
    assert slugs("allTasks", id="t") == ["t"]
    assert slugs("allTasks", type="SIMPLE") == ["t", "u"]
    assert slugs("allTasks", isArchived=True) == ["v"]
    assert slugs("allTasks", description="x", invert=True) == ["t", "u", "v"]


def test_flows(api, linear):
    design.add_workflow_flow("linear", ["second"], "'first'|task", None, AUTHOR)
    query = """query ($filter: [FlowFilterSetType], $order: [FlowOrderSetType]) {
        allWorkflows { edges { node {
            flows(filter: $filter, order: $order) { edges { node { tasks { slug } } } } } } } }"""

    def tasks(order=None, **entry):
        [edge] = api(query, filter=[entry], order=order).data["allWorkflows"]["edges"]
        return [flow["node"]["tasks"][0]["slug"] for flow in edge["node"]["flows"]["edges"]]

    assert tasks() == ["first", "second"]
    assert tasks(task="second") == ["second"]
    assert tasks(task="second", invert=True) == ["first"]
    assert tasks(id=str(design.Flow.objects.first().pk), invert=True) == ["second"]
    assert tasks([{"attribute": "TASK", "direction": "DESC"}]) == ["second", "first"]


@pytest.mark.parametrize(
    ("entry", "message"),
    [
        ({"task": "no slug"}, '"task"'),
        ({"case": "x"}, '"case"'),
        ({"ids": ["x"]}, '"ids"'),
        ({"name": "a\0"}, '"name"'),
        ({"tasks": ["a\0"]}, '"tasks"'),
        ({"name": "\ud800"}, '"name"'),
        ({"deadline": "0001-01-01T00:00:00+14:00"}, '"deadline"'),
    ],
)
def test_a_wrong_value_is_a_clear_error(api, entry, message):
    answer = api(ITEMS, filter=[entry])

    assert answer.code == "INVALID_INPUT"
    assert message in answer.error["message"]


@pytest.mark.parametrize(
    ("attribute", "ascending", "descending"),
    [
        ("CREATED_AT", "abcd", "dcba"),
        ("MODIFIED_AT", "abcd", "dcba"),
        ("NAME", "abcd", "dcba"),
        ("DEADLINE", "bcad", "dacb"),
        ("CLOSED_AT", "abcd", "dcba"),
        ("DESCRIPTION", "abcd", "dcba"),
        ("STATUS", "bacd", "dcab"),
        ("SLUG", "acbd", "dbca"),
    ],
)
def test_the_order_of_work_items(items, attribute, ascending, descending):
    assert items(order=[{"attribute": attribute}]) == ascending
    assert items(order=[{"attribute": attribute, "direction": "ASC"}]) == ascending
    assert items(order=[{"attribute": attribute, "direction": "DESC"}]) == descending


def test_later_entries_break_ties(items):
    order = [{"attribute": "SLUG"}, {"attribute": "NAME", "direction": "DESC"}]

    assert items(order=order) == "cabd"
    assert items(order=[None, {}, {"direction": "DESC"}, {"attribute": None}]) == "abcd"


@pytest.mark.parametrize(
    ("root", "attributes"),
    [
        ("Case", ["CREATED_AT", "MODIFIED_AT", "STATUS"]),
        (
            "Workflow",
            [
                "CREATED_AT",
                "MODIFIED_AT",
                "ALLOW_ALL_FORMS",
                "DESCRIPTION",
                "IS_ARCHIVED",
                "IS_PUBLISHED",
                "NAME",
                "SLUG",
            ],
        ),
        (
            "Task",
            [
                "CREATED_AT",
                "MODIFIED_AT",
                "LEAD_TIME",
                "TYPE",
                "DESCRIPTION",
                "IS_ARCHIVED",
                "NAME",
                "SLUG",
            ],
        ),
    ],
)
def test_every_attribute_orders(api, items, root, attributes):
    for attribute in attributes:
        order = f"order: [{{attribute: {attribute}, direction: DESC}}]"
        assert api(f"{{ all{root}s({order}) {{ edges {{ cursor }} }} }}").data


def test_a_nested_list_is_filtered_and_ordered(api, items):
    query = """{ allCases { edges { node { meta
        all: familyWorkItems { totalCount }
        last: workItems(first: 1, order: [{attribute: NAME, direction: DESC}]) {
            edges { node { name } } }
        t: workItems(filter: [{task: "t"}]) { edges { node { name } } } } } } }"""

    nodes = [edge["node"] for edge in api(query).data["allCases"]["edges"]]

    def names(found):
        return "".join(edge["node"]["name"] for edge in found["edges"])

    assert [node["meta"] for node in nodes] == ["root", "child", "other"]
    assert [node["all"]["totalCount"] for node in nodes] == [3, 3, 1]
    assert [names(node["last"]) for node in nodes] == ["b", "c", "d"]
    assert [names(node["t"]) for node in nodes] == ["a", "c", ""]
