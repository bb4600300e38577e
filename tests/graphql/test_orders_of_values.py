"""Orders by texts and by what `meta` holds (facts 1.6): the same on every database."""

import pytest
from django.db import connection
from django.db.models import JSONField, Value
from django.test.utils import CaptureQueriesContext

from tests.graphql.rows import make_case, make_item
from workflow_events.workflow import design
from workflow_events.workflow.models import Task, Workflow
from workflow_events.workflow.users import BaseUser

AUTHOR = BaseUser("author")
METAS = {
    # in ascending order; those of one line are equal
    "a": {"k": -(10**30)},
    "b": {"k": -1.5},
    "c": {"k": -1},
    "d": {"k": -0.25},
    "e": {"k": 0},
    "f": {"k": 1e-300},
    "g": {"k": 9},
    "h": {"k": 9.5},
    "i": {"k": 10},
    "j": {"k": 2**70},
    "k": {"k": 2**70 + 1},
    "l": {"k": ""},
    "m": {"k": "10"},
    "n": {"k": "9"},
    "o": {"k": "Z"},
    "p": {"k": "a"},
    "q": {"k": "ä"},
    "r": {"k": "😀"},
    "s": {"k": False},
    "t": {"k": True},
    "uv": [{"k": [2]}, {"k": []}],
    "wx": [{"k": {"z": 1}}, {"k": {}}],
    "yzABCD": [{"k": None}, {}, ["k"], "k", 5, Value(None, JSONField())],
}
ASCENDING = "".join(METAS)
DESCENDING = "".join(reversed(METAS))
QUERY = """query ($order: [%sOrderSetType]) {
    %s(order: $order) { edges { node { %s } } } }"""


def metas():
    for names, stored in METAS.items():
        yield from zip(names, stored if len(names) > 1 else [stored], strict=True)


def ask(api, root, member, order):
    """Ask for the rows of a root in this order."""
    query = QUERY % (root[3:-1], root, member)
    return "".join(edge["node"][member] for edge in api(query, order=order).data[root]["edges"])


class TestOfMeta:
    def test_of_cases(self, api):
        for name, meta in reversed([*metas()]):
            make_case(meta=meta, created_by_user=name)
        last = {"attribute": "CREATED_AT", "direction": "DESC"}

        def names(**entry):
            return ask(api, "allCases", "createdByUser", [{"meta": "k", **entry}, last])

        assert names() == ASCENDING
        assert names(direction="ASC") == ASCENDING
        assert names(direction="DESC") == DESCENDING

    def test_of_work_items_and_of_their_cases(self, api):
        for name, meta in reversed([*metas()]):
            make_item(make_case(meta=meta), name=name, meta=meta)
        last = {"attribute": "CREATED_AT", "direction": "DESC"}

        for key in ("meta", "caseMeta"):
            order = [{key: "k"}, last]
            assert ask(api, "allWorkItems", "name", order) == ASCENDING
            order[0]["direction"] = "DESC"
            assert ask(api, "allWorkItems", "name", order) == DESCENDING

    @pytest.mark.parametrize(("root", "model"), [("allTasks", Task), ("allWorkflows", Workflow)])
    def test_of_tasks_and_workflows(self, api, root, model):
        for name, meta in reversed([*metas()]):
            model.objects.create(slug=name, name=name, meta=meta)
        last = {"attribute": "SLUG"}
        # By codepoint, capitals come first.
        ascending = ASCENDING.replace("yzABCD", "ABCDyz")
        descending = DESCENDING.replace("yzABCD", "ABCDyz")

        assert ask(api, root, "slug", [{"meta": "k"}, last]) == ascending
        assert ask(api, root, "slug", [{"meta": "k", "direction": "DESC"}, last]) == descending

    def test_flows_have_none(self, api, linear):
        design.add_workflow_flow("linear", ["second"], "'first'|task", None, AUTHOR)
        query = """query ($order: [FlowOrderSetType]) { allWorkflows { edges { node {
            flows(order: $order) { edges { node { tasks { slug } } } } } } } }"""

        def slugs(*order):
            [edge] = api(query, order=order).data["allWorkflows"]["edges"]
            return [flow["node"]["tasks"][0]["slug"] for flow in edge["node"]["flows"]["edges"]]

        assert slugs({"meta": "k"}) == ["first", "second"]
        assert slugs({"meta": "k", "direction": "DESC"}) == ["first", "second"]
        last = {"attribute": "TASK", "direction": "DESC"}
        assert slugs({"meta": "k"}, last) == ["second", "first"]

    def test_below_many_rows_pages_follow_it(self, api):
        cases = [make_case(), make_case()]
        for name, number in {"a": 2, "b": 10, "c": None, "d": "x", "e": 10}.items():
            for case in cases:
                make_item(case, name=name, meta={"k": number})
        query = """query ($order: [WorkItemOrderSetType], $first: Int, $last: Int, $offset: Int) {
            allCases { edges { node { workItems(
                order: $order, first: $first, last: $last, offset: $offset
            ) { edges { node { name } } } } } } }"""

        def names(order, **paging):
            edges = api(query, order=order, **paging).data["allCases"]["edges"]
            pages = [
                "".join(edge["node"]["name"] for edge in found["node"]["workItems"]["edges"])
                for found in edges
            ]
            assert pages[0] == pages[1]
            return pages[0]

        ascending = [{"meta": "k"}, {"attribute": "NAME", "direction": "DESC"}]
        descending = [{"meta": "k", "direction": "DESC"}, {"attribute": "NAME"}]
        assert names(ascending) == "aebdc"
        assert names(ascending, first=2) == "ae"
        assert names(ascending, last=2) == "dc"
        assert names(ascending, offset=1, first=3) == "ebd"
        assert names(descending) == "cdbea"
        assert names(descending, first=3, last=2) == "db"

    @pytest.mark.parametrize("key", ["a.b", "$", "0", '"', "\\", "'", "%s", "{k}", "ä"])
    def test_a_key_is_any_text(self, api, key):
        for name, value in {"a": 2, "b": 1, "c": 3}.items():
            make_case(meta={key: value}, created_by_user=name)

        assert ask(api, "allCases", "createdByUser", [{"meta": key}]) == "bac"

    def test_a_key_that_cannot_be_stored_is_a_clear_error(self, api):
        answer = api(QUERY % ("WorkItem", "allWorkItems", "name"), order=[{"caseMeta": "a\0"}])

        assert answer.code == "INVALID_INPUT"
        assert answer.error["message"].startswith('"caseMeta"')

    def test_one_key_at_a_time(self, api):
        order = [{"meta": "k", "caseMeta": "k"}]
        answer = api(QUERY % ("WorkItem", "allWorkItems", "name"), order=order)

        assert answer.code == "INVALID_INPUT"
        assert "meta, caseMeta" in answer.error["message"]
        assert api(QUERY % ("WorkItem", "allWorkItems", "name"), order=[{"meta": ""}]).data

    def test_it_takes_no_statement_more(self, api):
        make_item(make_case())
        with CaptureQueriesContext(connection) as queries:
            order = [{"caseMeta": "k"}, {"meta": "k", "direction": "DESC"}, {"attribute": "NAME"}]
            assert ask(api, "allWorkItems", "name", order) == "t"

        assert len(queries) == 1


class TestOfTexts:
    # each group by base letters first; then accents; then lower case before upper
    WORDS = (
        "",
        " b",
        "-a",
        "1",
        "10",
        "2",
        "a",
        "A",
        "à",
        "Ä",
        "ab",
        "Ab",
        "äb",
        "Äb",
        "abc",
        "äbc",
        "Æ",
        "af",
        "de\nla",
        "de la",
        "de-la",
        "dela",
        "Ève",
        "evelyn",
        "Muller",
        "Müller",
        "Muller A",
        "Mullerin",
        "Müllerin",
        "ø",
        "œuf",
        "of",
        "Strasse",
        "Straße",
        "Strassen",
        "z",
        "Zürich",
        "zz",
    )

    @pytest.mark.parametrize("attribute", ["NAME", "DESCRIPTION"])
    @pytest.mark.parametrize(("root", "model"), [("allTasks", Task), ("allWorkflows", Workflow)])
    def test_names_and_descriptions_order_as_in_a_dictionary(self, api, root, model, attribute):
        for number, word in enumerate(reversed(self.WORDS)):
            model.objects.create(slug=f"s{number}", **{"name": "n", attribute.lower(): word})
        query = QUERY % (root[3:-1], root, attribute.lower())

        def words(direction):
            order = [{"attribute": attribute, "direction": direction}]
            edges = api(query, order=order).data[root]["edges"]
            return [edge["node"][attribute.lower()] for edge in edges]

        assert words("ASC") == [*self.WORDS]
        assert words("DESC") == [*reversed(self.WORDS)]

    def test_slugs_order_by_codepoint(self, api):
        case = make_case()
        slugs = ["-", "0", "A", "Z", "_", "a", "a-b", "a-c", "aB", "a_b", "ab", "b"]
        for slug in reversed(slugs):
            make_item(case, slug, name=slug)
            Workflow.objects.get_or_create(slug=slug, defaults={"name": slug})
        by_slug = [{"attribute": "SLUG"}]

        assert ask(api, "allTasks", "slug", by_slug) == "".join(slugs)
        assert ask(api, "allWorkItems", "name", by_slug) == "".join(slugs)
        assert ask(api, "allWorkflows", "slug", by_slug) == "".join([*slugs, "w"])
