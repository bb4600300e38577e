"""Pages: offset, cursors, first, last, and what they say of the list (facts 1.1)."""

import base64

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from tests.graphql.rows import make_case, make_item

ROOT = """query ($offset: Int, $before: String, $after: String, $first: Int, $last: Int) {
    list: allWorkItems(
        offset: $offset, before: $before, after: $after, first: $first, last: $last
    ) { totalCount edges { cursor node { name } }
        pageInfo { hasNextPage hasPreviousPage startCursor endCursor } } }"""
NESTED = """query ($offset: Int, $before: String, $after: String, $first: Int, $last: Int) {
    allCases { edges { node { list: workItems(
        offset: $offset, before: $before, after: $after, first: $first, last: $last
    ) { totalCount edges { cursor node { name } }
        pageInfo { hasNextPage hasPreviousPage startCursor endCursor } } } } } }"""

NAMES = ["a", "b", "c", "d", "e"]


def cursor(index: int) -> str:
    return base64.b64encode(f"arrayconnection:{index}".encode()).decode()


PAGES = [
    # arguments, (first index, names, next page, previous page)
    ({}, (0, "abcde", False, False)),
    ({"first": None}, (0, "abcde", False, False)),
    ({"first": 2}, (0, "ab", True, False)),
    ({"first": 5}, (0, "abcde", False, False)),
    ({"first": 9}, (0, "abcde", False, False)),
    ({"first": 0}, (0, "", True, False)),
    ({"first": 0, "offset": 2}, (2, "", True, True)),
    ({"offset": 2}, (2, "cde", False, True)),
    ({"offset": 2, "first": 2}, (2, "cd", True, True)),
    ({"offset": 5}, (5, "", False, True)),
    ({"offset": 9, "first": 1}, (9, "", False, True)),
    ({"after": ""}, (0, "abcde", False, False)),
    ({"after": cursor(1)}, (2, "cde", False, True)),
    ({"after": cursor(1), "first": 1}, (2, "c", True, True)),
    ({"after": cursor(0), "offset": 1}, (2, "cde", False, True)),
    ({"after": cursor(9)}, (10, "", False, True)),
    ({"before": cursor(2)}, (0, "ab", True, False)),
    ({"before": cursor(9)}, (0, "abcde", False, False)),
    ({"before": cursor(3), "after": cursor(0)}, (1, "bc", True, True)),
    ({"before": cursor(1), "after": cursor(3)}, (4, "", True, True)),
    ({"before": cursor(3), "first": 1}, (0, "a", True, False)),
    ({"last": 2}, (3, "de", False, True)),
    ({"last": 9}, (0, "abcde", False, False)),
    ({"last": 0}, (5, "", False, True)),
    ({"last": 2, "before": cursor(3)}, (1, "bc", True, True)),
    ({"last": 2, "before": cursor(9)}, (3, "de", False, True)),
    ({"last": 1, "after": cursor(1)}, (4, "e", False, True)),
    ({"last": 9, "after": cursor(1)}, (2, "cde", False, True)),
    ({"first": 3, "last": 2}, (1, "bc", True, True)),
    ({"offset": 1, "last": 9}, (1, "bcde", False, True)),
]


CAPPED = [
    # most rows, arguments, (first index, names, next page, previous page)
    (2, {}, (0, "ab", True, False)),
    (2, {"first": None, "last": None}, (0, "ab", True, False)),
    (2, {"first": 9}, (0, "ab", True, False)),
    (2, {"first": 1}, (0, "a", True, False)),
    (2, {"first": 0}, (0, "", True, False)),
    (2, {"offset": 3}, (3, "de", False, True)),
    (2, {"offset": 2}, (2, "cd", True, True)),
    (2, {"offset": 9}, (9, "", False, True)),
    (2, {"after": cursor(1)}, (2, "cd", True, True)),
    (2, {"after": cursor(3), "first": 9}, (4, "e", False, True)),
    (2, {"before": cursor(4)}, (0, "ab", True, False)),
    (2, {"before": cursor(1)}, (0, "a", True, False)),
    (2, {"last": 9}, (3, "de", False, True)),
    (2, {"last": 1}, (4, "e", False, True)),
    (2, {"last": 0}, (5, "", False, True)),
    (2, {"last": 9, "before": cursor(4)}, (2, "cd", True, True)),
    (2, {"first": 9, "last": 1}, (1, "b", True, True)),
    (2, {"first": 9, "last": 9}, (0, "ab", True, False)),
    (5, {}, (0, "abcde", False, False)),
    (5, {"last": 9}, (0, "abcde", False, False)),
    (9, {}, (0, "abcde", False, False)),
    (2**31 - 1, {"first": 2**31 - 1, "offset": 1}, (1, "bcde", False, True)),
]


def page(start: int, names: str, has_next: bool, has_previous: bool) -> dict[str, object]:
    return {
        "totalCount": 5,
        "edges": [
            {"cursor": cursor(index), "node": {"name": name}}
            for index, name in enumerate(names, start)
        ],
        "pageInfo": {
            "hasNextPage": has_next,
            "hasPreviousPage": has_previous,
            "startCursor": cursor(start) if names else None,
            "endCursor": cursor(start + len(names) - 1) if names else None,
        },
    }


@pytest.mark.parametrize(("arguments", "expected"), PAGES)
class TestPages:
    def test_of_a_root(self, api, arguments, expected):
        case = make_case()
        for name in NAMES:
            make_item(case, name=name)

        assert api(ROOT, **arguments).data["list"] == page(*expected)

    def test_below_one_row(self, api, arguments, expected):
        case = make_case()
        for name in NAMES:
            make_item(case, name=name)

        [edge] = api(NESTED, **arguments).data["allCases"]["edges"]
        assert edge["node"]["list"] == page(*expected)

    def test_below_many_rows(self, api, arguments, expected):
        cases = [make_case(), make_case(), make_case()]
        for name in NAMES:
            make_item(cases[0], name=name)
            make_item(cases[2], name=name)

        edges = api(NESTED, **arguments).data["allCases"]["edges"]
        lists = [edge["node"]["list"] for edge in edges]
        assert lists[0] == lists[2] == page(*expected)
        assert lists[1]["totalCount"] == 0
        assert lists[1]["edges"] == []
        assert lists[1]["pageInfo"] == {
            "hasNextPage": False,
            "hasPreviousPage": False,
            "startCursor": None,
            "endCursor": None,
        }


@pytest.mark.parametrize(("most", "arguments", "expected"), CAPPED)
def test_no_page_is_larger_than_the_setting(api, settings, most, arguments, expected):
    cases = [make_case(), make_case()]
    for case in cases:
        for name in NAMES:
            make_item(case, name=name)
    settings.MAX_PAGE_SIZE = most

    of_all = api(ROOT, **arguments).data["list"]
    below = [edge["node"]["list"] for edge in api(NESTED, **arguments).data["allCases"]["edges"]]

    assert len(of_all["edges"]) <= most
    assert below == [page(*expected)] * 2
    cases[0].delete()
    assert api(ROOT, **arguments).data["list"] == page(*expected)
    [edge] = api(NESTED, **arguments).data["allCases"]["edges"]
    assert edge["node"]["list"] == page(*expected)


def test_pages_reach_every_row(api, settings):
    case = make_case()
    for name in NAMES:
        make_item(case, name=name)
    settings.MAX_PAGE_SIZE = 2

    pages, after, more = [], None, True
    while more:
        found = api(ROOT, first=100, after=after).data["list"]
        pages.append("".join(edge["node"]["name"] for edge in found["edges"]))
        after, more = found["pageInfo"]["endCursor"], found["pageInfo"]["hasNextPage"]

    assert pages == ["ab", "cd", "e"]


@pytest.mark.parametrize("query", [ROOT, NESTED])
@pytest.mark.parametrize(
    ("arguments", "name"),
    [
        ({"first": -1}, "first"),
        ({"last": -1}, "last"),
        ({"offset": -1}, "offset"),
        ({"after": "x"}, "after"),
        ({"before": "x"}, "before"),
        ({"after": base64.b64encode(b"arrayconnection:-1").decode()}, "after"),
        ({"after": base64.b64encode(b"arrayconnection:x").decode()}, "after"),
        ({"after": base64.b64encode(b"arrayconnection:" + b"9" * 50).decode()}, "after"),
        ({"after": base64.b64encode("arrayconnection:²".encode()).decode()}, "after"),
        ({"after": base64.b64encode(b"other:1").decode()}, "after"),
    ],
)
def test_a_wrong_argument_is_a_clear_error(api, query, arguments, name):
    make_item(make_case())

    answer = api(query, **arguments)

    assert answer.status == 200
    assert answer.code == "INVALID_INPUT"
    assert f'"{name}"' in answer.error["message"]
    assert "list" in answer.error["path"]


def test_a_wrong_nested_argument_is_reported_below_each_row(api):
    make_item(make_case())
    make_item(make_case())

    answer = api(NESTED, first=-1)

    assert [error["path"] for error in answer.body["errors"]] == [
        ["allCases", "edges", index, "node", "list"] for index in range(2)
    ]


@pytest.mark.parametrize(
    ("selection", "statements"),
    [
        ("edges { cursor }", 1),
        ("pageInfo { hasNextPage }", 1),
        ("totalCount", 1),
        ("totalCount edges { cursor }", 2),
        ("__typename", 0),
    ],
)
def test_only_what_is_selected_is_asked_for(api, selection, statements):
    make_item(make_case())

    with CaptureQueriesContext(connection) as queries:
        assert api(f"{{ allWorkItems(first: 1) {{ {selection} }} }}").data

    assert len(queries) == statements
    counted = [query for query in queries.captured_queries if "COUNT(" in query["sql"]]
    assert len(counted) == ("totalCount" in selection)


def test_a_page_is_cut_by_the_database(api):
    for _ in range(3):
        make_case()

    with CaptureQueriesContext(connection) as queries:
        api("{ allCases(first: 1, offset: 1) { edges { cursor } } }")

    assert "LIMIT 2 OFFSET 1" in queries.captured_queries[0]["sql"]
