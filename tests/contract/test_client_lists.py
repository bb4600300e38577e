"""Lists as clients in the field ask for them, in our own words (facts 1.7).

Filters and orders are put together at run time and sent as variables, empty ones included; pages
follow a cursor, which is null at first; `__typename` is everywhere.
"""

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from django.conf import settings
from django.test import Client, override_settings

from tests.graphql.rows import make_case, make_item
from tests.workflow.builders import ANN, workflow
from workflow_events.graphql.ids import to_global_id
from workflow_events.workflow import design
from workflow_events.workflow.models import Case, WorkItem

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("access")]

ITEMS = """query Items($filter: [WorkItemFilterSetType], $order: [WorkItemOrderSetType],
    $cursor: String, $pageSize: Int) {
  allWorkItems(filter: $filter, order: $order, after: $cursor, first: $pageSize) {
    pageInfo { hasNextPage endCursor __typename } totalCount __typename
    edges { cursor node { id __typename ...Shown } __typename } } }
fragment Shown on WorkItem { name status task { slug __typename } }"""

CASES = """query Cases($filter: [CaseFilterSetType], $order: [CaseOrderSetType], $pageSize: Int) {
  allCases(filter: $filter, order: $order, first: $pageSize) { totalCount edges { node { meta } } }
}"""


def names(data: dict[str, Any]) -> list[str]:
    """The names in a list of work items."""
    return [edge["node"]["name"] for edge in data["allWorkItems"]["edges"]]


class TestLists:
    """Lists whose filter and order are variables."""

    @pytest.fixture(autouse=True)
    def rows(self, db: None) -> Case:
        root = make_case(meta={"dossier": 7, "year": "2026-10"})
        inner = make_case("inner", family_id=root.pk)
        due = datetime(2026, 12, 1, 8, tzinfo=UTC)
        make_item(root, name="a", deadline=due, addressed_groups=["12", "x"], meta={"new": True})
        make_item(
            root, "u", name="b", status="completed", controlling_groups=["12"], child_case=inner
        )
        make_item(inner, name="c", addressed_groups=["12"], assigned_users=["ann"])
        make_item(make_case(meta={"dossier": 70, "year": "2026-9"}), name="d", status="redo")
        return root

    def test_everything_when_the_variables_are_null(self, api):
        data = api(ITEMS, filter=[], order=[], pageSize=None).data

        assert data["allWorkItems"].pop("edges")[0] == {
            "cursor": "YXJyYXljb25uZWN0aW9uOjA=",
            "node": {
                "id": to_global_id("WorkItem", WorkItem.objects.get(name="a").pk),
                "__typename": "WorkItem",
                "name": "a",
                "status": "READY",
                "task": {"slug": "t", "__typename": "SimpleTask"},
            },
            "__typename": "WorkItemEdge",
        }
        assert data["allWorkItems"] == {
            "pageInfo": {
                "hasNextPage": False,
                "endCursor": "YXJyYXljb25uZWN0aW9uOjM=",
                "__typename": "PageInfo",
            },
            "totalCount": 4,
            "__typename": "WorkItemConnection",
        }
        assert names(api(ITEMS, filter=None, order=None, cursor=None).data) == ["a", "b", "c", "d"]
        assert names(api(ITEMS).data) == ["a", "b", "c", "d"]

    def test_page_after_page(self, api):
        asked = {"order": [{"attribute": "NAME", "direction": "DESC"}], "pageSize": 3}
        first = api(ITEMS, **asked).data
        assert names(first) == ["d", "c", "b"]
        assert first["allWorkItems"]["pageInfo"]["hasNextPage"] is True

        cursor = first["allWorkItems"]["pageInfo"]["endCursor"]
        second = api(ITEMS, cursor=cursor, **asked).data
        assert names(second) == ["a"]
        assert second["allWorkItems"]["totalCount"] == 4
        assert second["allWorkItems"]["pageInfo"]["hasNextPage"] is False

    @pytest.mark.parametrize(
        ("entries", "found"),
        [
            ([{"hasDeadline": True}, {"addressedGroups": ["12"], "invert": False}], "a"),
            ([{"addressedGroups": ["12"], "invert": True}, {"controllingGroups": ["12"]}], "b"),
            ([{"rootCaseMetaValue": [{"key": "dossier", "value": 7}]}], "abc"),
            ([{"rootCaseMetaValue": {"key": "dossier", "value": 7}}, {"tasks": ["u"]}], "b"),
            ([{"caseMetaValue": [{"key": "dossier", "value": 7}]}, {"status": "READY"}], "a"),
            ([{"metaHasKey": "new", "invert": True}], "bcd"),
            ([{"metaValue": {"key": "new", "value": True, "lookup": "EXACT"}}], "a"),
            ([{"tasks": []}, {"assignedUsers": []}, {}, None, {"addressedGroups": None}], "abcd"),
            ([{"status": "REDO", "invert": True}, {"status": "COMPLETED", "invert": True}], "ac"),
            ([{"assignedUsers": ["ann", "bob"]}], "c"),
            ([{"deadlineBefore": "2026-12-01T08:00:00.001Z"}], "a"),
            ([{"deadline": "2026-12-01T09:00:00.000+01:00"}], "a"),
            ([{"createdAfter": "2999-01-01T00:00:00.000Z"}], ""),
            ({"task": "u"}, "b"),
        ],
    )
    def test_filters_put_together_at_run_time(self, api, entries, found):
        assert names(api(ITEMS, filter=entries).data) == list(found)

    def test_by_case_and_family_in_every_form_of_an_id(self, api, rows):
        for form in (to_global_id("Case", rows.pk), str(rows.pk)):
            assert names(api(ITEMS, filter=[{"case": form}]).data) == ["a", "b"]
            assert names(api(ITEMS, filter=[{"caseFamily": form}]).data) == ["a", "b", "c"]
        for form in ("t", to_global_id("Task", "t"), to_global_id("SimpleTask", "t")):
            assert names(api(ITEMS, filter=[{"task": form}]).data) == ["a", "c", "d"]

    def test_cases_ordered_by_what_their_meta_holds(self, api):
        roots = [{"excludeChildCases": True}, {"metaHasKey": "dossier"}]
        for key, direction, found in (
            ("dossier", "ASC", [7, 70]),
            ("dossier", "DESC", [70, 7]),
            ("year", "ASC", [7, 70]),
        ):
            order = [{"meta": key, "direction": direction}]
            data = api(CASES, filter=roots, order=order, pageSize=10).data["allCases"]
            assert data["totalCount"] == 2
            assert [edge["node"]["meta"]["dossier"] for edge in data["edges"]] == found
        assert (
            api(CASES, filter=[{"status": ["RUNNING"]}], order=[]).data["allCases"]["totalCount"]
            == 3
        )

    def test_counts_under_aliases_some_of_them_left_out(self, api):
        query = """query Counts($dossier: GenericScalar!, $old: Boolean!) {
          open: allWorkItems(filter: [{status: READY}
            {rootCaseMetaValue: {key: "dossier", value: $dossier}}]) { totalCount }
          old: allCases(filter: {metaValue: [{key: "dossier", value: $dossier}]})
            @include(if: $old) { edges { node { workItems(filter: [{task: "u"}] first: 1) {
              edges { node { status } } } } } }
          new: allWorkItems(filter: [{task: "none"}]) @skip(if: $old) { totalCount } }"""

        item_of = {"workItems": {"edges": [{"node": {"status": "COMPLETED"}}]}}
        assert api(query, dossier=7, old=True).data == {
            "open": {"totalCount": 2},
            "old": {"edges": [{"node": item_of}]},
        }
        assert api(query, dossier=70, old=False).data == {
            "open": {"totalCount": 0},
            "new": {"totalCount": 0},
        }

    def test_filters_and_orders_as_variables_of_both_kinds(self, api, rows):
        query = """query A($a: [WorkItemFilterSetType], $b: [WorkItemFilterSetType]!,
            $o: [WorkItemOrderSetType], $p: [WorkItemOrderSetType]!, $groups: [String]!) {
            a: allWorkItems(filter: $a, order: $o) { edges { node { name } } }
            b: allWorkItems(filter: $b, order: $p) { edges { node { name } } }
            c: allWorkItems(filter: [{addressedGroups: $groups}, {case: "%s"}]) {
              edges { node { name } } } }"""

        data = api(
            query % rows.pk,
            a=[{"task": to_global_id("SimpleTask", "t")}, {"status": "READY"}],
            b=[{"case": to_global_id("Case", rows.pk)}, {"status": "READY"}],
            o=[{"attribute": "DEADLINE", "direction": "ASC"}],
            p=[{"attribute": "NAME"}],
            groups=["x"],
        ).data

        only_a = {"edges": [{"node": {"name": "a"}}]}
        assert data == {
            "a": {"edges": [{"node": {"name": "a"}}, {"node": {"name": "c"}}]},
            "b": only_a,
            "c": only_a,
        }


def test_tasks_and_workflows_by_slug(api):
    workflow("first -> second", slug="linear")
    query = """query ($slugs: [String], $filter: [WorkflowFilterSetType]) {
      allTasks(filter: [{slugs: $slugs}]) { edges { node { __typename slug name } } }
      allWorkflows(filter: $filter) { edges { node { slug startTasks { slug } } } } }"""

    data = api(query, slugs=["second"], filter=[{"slug": "linear"}]).data

    second = {"__typename": "SimpleTask", "slug": "second", "name": "SECOND"}
    assert data["allTasks"]["edges"] == [{"node": second}]
    linear_node = {"slug": "linear", "startTasks": [{"slug": "first"}]}
    assert data["allWorkflows"]["edges"] == [{"node": linear_node}]
    assert len(api(query, slugs=None, filter=None).data["allTasks"]["edges"]) == 2


def test_a_region_is_sent_as_the_language(api):
    middleware = [*settings.MIDDLEWARE, "workflow_events.graphql.languages.LanguageMiddleware"]
    with override_settings(LANGUAGES=[("en", "en"), ("de", "de")], MIDDLEWARE=middleware):
        client = Client(headers={"language": "de-ch", "accept-language": "de-ch"})
        save = """mutation { saveSimpleTask(input: {slug: "t", name: "Prüfen"}) {
            clientMutationId } }"""
        design.save_task("t", ANN, name="Check")
        for document in (save, "{ allTasks { edges { node { name } } } }"):
            body = json.dumps({"query": document, "variables": {}})
            response = client.post("/graphql/", body, content_type="application/json")
        assert response.json()["data"] == {"allTasks": {"edges": [{"node": {"name": "Prüfen"}}]}}
        data = api("{ allTasks { edges { node { name } } } }").data
        assert data == {"allTasks": {"edges": [{"node": {"name": "Check"}}]}}
