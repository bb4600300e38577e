"""What methods of visibilities may give, and what becomes of it in lists and operations."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from tests.graphql.conftest import AUTHOR
from tests.graphql.policies import hiding, in_force
from tests.graphql.rows import make_case, make_item
from workflow_events.access.visibilities import BaseVisibility, Union, filter_queryset_for
from workflow_events.graphql.nodes import Case, Task, WorkItem
from workflow_events.workflow import design, models


@pytest.fixture
def items(db):
    """An item in each of two cases."""
    return [make_item(make_case(meta=name), name=name) for name in ("a", "b")]


class KeysOnly(BaseVisibility):
    """Shows cases and items by what looks like fewer columns."""

    @filter_queryset_for(WorkItem)
    def items(self, node, queryset, info):
        return queryset.only("pk")

    @filter_queryset_for(Case)
    def cases(self, node, queryset, info):
        return queryset.defer("meta", "status")


class KeysOnlyOrNothing(Union):
    visibility_classes = (KeysOnly, type(hiding(WorkItem, name__isnull=False)))


@pytest.mark.parametrize("visibility", [KeysOnly, KeysOnlyOrNothing])
def test_a_visibility_decides_on_rows_and_not_on_columns(api, items, visibility):
    _, second = items
    query = "{ allWorkItems { edges { node { name status case { meta status } } } } }"
    complete = "{ workItem { status case { meta } } }"

    with in_force(visibility()):
        with CaptureQueriesContext(connection) as queries:
            edges = api(query).data["allWorkItems"]["edges"]
        assert len(queries) == 1
        done = api.mutate("completeWorkItem", complete, id=str(second.pk))

    assert [edge["node"]["case"]["meta"] for edge in edges] == ["a", "b"]
    assert done.data["completeWorkItem"]["workItem"] == {
        "status": "COMPLETED",
        "case": {"meta": "b"},
    }


class Afresh(BaseVisibility):
    """Starts from all items, instead of those that it is given."""

    @filter_queryset_for(WorkItem)
    def named(self, node, queryset, info):
        return models.WorkItem.objects.exclude(name="nobody")


@pytest.mark.parametrize("first", [1, 2])
def test_items_of_other_cases_are_never_shown_below_a_case(api, items, caplog, first):
    query = (
        f"{{ allCases(first: {first}) {{ edges {{ node {{ workItems {{ totalCount }} }} }} }} }}"
    )

    with in_force(Afresh()):
        assert api(query).code == "INTERNAL_ERROR"

    assert "Afresh.named gave a queryset of its own; it must narrow" in caplog.text


@pytest.mark.parametrize("visibilities", [[hiding(Task, slug="a")], []])
def test_flows_are_ordered_by_the_first_task_that_is_visible(api, linear, visibilities):
    for slug in ("a", "b", "z"):
        design.save_task(slug, AUTHOR, name=slug)
    design.add_workflow_flow("linear", ["b"], "'b'|task", None, AUTHOR)
    design.add_workflow_flow("linear", ["a", "z"], "'b'|task", None, AUTHOR)
    query = """{ allWorkflows { edges { node {
        flows(order: [{attribute: TASK}]) { edges { node { tasks { slug } } } } } } } }"""

    with in_force(*visibilities):
        [workflow] = api(query).data["allWorkflows"]["edges"]

    flows = [edge["node"]["tasks"] for edge in workflow["node"]["flows"]["edges"]]
    slugs = [[task["slug"] for task in tasks] for tasks in flows]
    if visibilities:
        assert slugs == [["b"], ["first"], ["z"]]
    else:
        assert slugs == [["a", "z"], ["b"], ["first"]]
