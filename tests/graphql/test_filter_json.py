"""Filters by what `meta` holds (facts 1.5.1): exact results, the same on every database."""

import pytest
from django.db import connection
from django.db.models import JSONField, Value
from django.test.utils import CaptureQueriesContext

from tests.graphql.rows import make_case, make_item
from workflow_events.workflow.models import Case, WorkItem

CASES = """query ($filter: [CaseFilterSetType]) {
    allCases(filter: $filter) { totalCount edges { node { createdByUser } } } }"""
ITEMS = """query ($filter: [WorkItemFilterSetType]) {
    allWorkItems(filter: $filter) { totalCount edges { node { name } } } }"""
BIG = 2**70
STORED = {
    "a": {"k": "Zürich"},
    "b": {"k": "zürich west"},
    "c": {"k": 5},
    "d": {"k": "5"},
    "e": {"k": 5.0, "l": "x"},
    "f": {"k": True},
    "g": {"k": "true"},
    "h": {"k": None},
    "i": {},
    "j": {"k": [1, "2", {"x": 1}]},
    "k": {"k": {"x": 1, "y": [1.0]}},
    "l": ["k"],
    "m": "k",
    "n": 5,
    "o": Value(None, JSONField()),
    "p": [{"k": 5}],
    "q": {"k": BIG},
    "r": {"k": ""},
    "s": {"k": []},
    "t": {"K": 5, "x": {"k": 5}},
    "u": {"k": "2024-05-01"},
    "v": {"k": 1},
    "w": {"k": [5]},
}
EVERYTHING = "".join(STORED)


@pytest.fixture
def found(api):
    """Ask for the names of the cases that pass."""
    for name, meta in STORED.items():
        make_case(meta=meta, created_by_user=name)

    def names(**entry):
        data = api(CASES, filter=[entry]).data["allCases"]
        assert data["totalCount"] == len(data["edges"])
        return "".join(edge["node"]["createdByUser"] for edge in data["edges"])

    return names


@pytest.mark.parametrize(
    ("lookup", "value", "expected"),
    [
        (None, "Zürich", "a"),
        ("EXACT", "zürich", ""),
        ("EXACT", "ZÜRICH", ""),
        ("EXACT", 5, "ce"),
        ("EXACT", 5.0, "ce"),
        ("EXACT", "5", "cde"),
        ("EXACT", "5.0", "ce"),
        ("EXACT", "0.5e1", "ce"),
        ("EXACT", "05", ""),
        ("EXACT", " 5", ""),
        ("EXACT", "+5", ""),
        ("EXACT", True, "f"),
        ("EXACT", "true", "fg"),
        ("EXACT", "True", ""),
        ("EXACT", False, ""),
        ("EXACT", 1, "v"),
        ("EXACT", "1", "v"),
        ("EXACT", "null", ""),
        ("EXACT", "", "r"),
        ("EXACT", BIG, "q"),
        ("EXACT", str(BIG), "q"),
        ("EXACT", BIG + 1, ""),
        ("EXACT", "1e999999", ""),
        ("EXACT", "9" * 5000, ""),
        ("EXACT", [1, "2", {"x": 1}], "j"),
        ("EXACT", [1.0, "2", {"x": 1}], "j"),
        ("EXACT", [1, "2"], ""),
        ("EXACT", ["2", 1, {"x": 1}], ""),
        ("EXACT", [], "s"),
        ("EXACT", {"x": 1, "y": [1]}, "k"),
        ("EXACT", {"x": 1}, ""),
        ("EXACT", {}, ""),
        ("STARTSWITH", "Zü", "a"),
        ("STARTSWITH", "2024-", "u"),
        ("STARTSWITH", "5", "d"),
        ("STARTSWITH", "%", ""),
        ("STARTSWITH", "", "abdgru"),
        ("CONTAINS", "ürich", "ab"),
        ("CONTAINS", "Ürich", ""),
        ("CONTAINS", "_", ""),
        ("CONTAINS", "5", "du"),
        ("ICONTAINS", "ÜRICH", "ab"),
        ("ICONTAINS", "zü", "ab"),
        ("ICONTAINS", "%", ""),
        ("ICONTAINS", "", "abdgru"),
        ("IN", ["Zürich", "5", None], "acdeh"),
        ("IN", [1, [5], {"y": [1], "x": 1}], "kvw"),
        ("IN", [], ""),
        ("INTERSECTS", [1, "x"], "j"),
        ("INTERSECTS", ["5"], "w"),
        ("INTERSECTS", ["2", 5], "jw"),
        ("INTERSECTS", [2], ""),
        ("INTERSECTS", ["Zürich"], ""),
        ("INTERSECTS", [{"x": 1}], "j"),
        ("INTERSECTS", [{}], ""),
        ("INTERSECTS", [[]], ""),
        ("INTERSECTS", [], ""),
        ("GT", 1, "ceq"),
        ("GTE", 1, "ceqv"),
        ("GT", BIG - 1, "q"),
        ("GT", BIG, ""),
        ("LT", 5, "v"),
        ("LTE", 5, "cev"),
        ("LTE", 0.5, ""),
        ("GT", "2024-04-30", "abdgu"),
        ("GTE", "2024-05-01", "abdgu"),
        ("LT", "2024-05-02", "ru"),
        ("LTE", "Z", "dru"),
    ],
)
def test_of_one_value(found, lookup, value, expected):
    entry = {"metaValue": [{"key": "k", "value": value, "lookup": lookup}]}

    assert found(**entry) == expected
    assert found(**entry, invert=True) == "".join(c for c in EVERYTHING if c not in expected)


def test_has_key(found):
    assert found(metaHasKey="k") == "abcdefghjkqrsuvw"
    assert found(metaHasKey="k", invert=True) == "ilmnopt"
    assert found(metaHasKey="x") == "t"
    assert found(metaHasKey="nothing") == ""
    assert found(metaHasKey="") == EVERYTHING


def test_all_of_a_list_must_match(found):
    both = [{"key": "k", "value": 5}, {"key": "l", "value": "x"}]

    assert found(metaValue=both) == "e"
    assert found(metaValue=[None, *both]) == "e"
    assert found(metaValue=both, invert=True) == EVERYTHING.replace("e", "")
    assert found(metaValue=both, createdByUser="c") == ""
    assert found(metaValue=[]) == EVERYTHING
    assert found(metaValue=[None], invert=True) == EVERYTHING


@pytest.mark.parametrize(
    "key",
    ["a.b", "$", "$.k", "k[0]", "0", "-1", '"', 'a"b', "\\", "'", "%s", "{k}", "*", "ä", "😀", " "],
)
def test_a_key_is_any_text(api, key):
    make_case(meta={key: "here"}, created_by_user="a")
    make_case(meta={"a": {"b": "here"}, "k": ["here"]}, created_by_user="b")
    make_case(meta=["here", {key: "here"}], created_by_user="c")

    for lookup in ("EXACT", "CONTAINS", "ICONTAINS", "STARTSWITH", "GTE"):
        entry = {"metaValue": [{"key": key, "value": "here", "lookup": lookup}]}
        edges = api(CASES, filter=[entry]).data["allCases"]["edges"]
        assert [edge["node"]["createdByUser"] for edge in edges] == ["a"]
    assert api(CASES, filter=[{"metaHasKey": key}]).data["allCases"]["totalCount"] == 1


@pytest.mark.parametrize(
    ("wanted", "stored", "matches"),
    [
        ("STRASSE", "Hauptstraße", True),
        ("straße", "HAUPTSTRASSE", True),
        ("ΟΔΌΣ", "η οδός", True),
        ("ёлка", "ЁЛКА", True),
        ("É", "é", True),
        ("e", "é", False),
    ],
)
def test_upper_and_lower_case_of_all_letters_are_the_same(api, wanted, stored, matches):
    make_case(meta={"k": stored})
    entry = {"metaValue": [{"key": "k", "value": wanted, "lookup": "ICONTAINS"}]}

    assert api(CASES, filter=[entry]).data["allCases"]["totalCount"] == matches


@pytest.mark.parametrize(
    ("value", "lookup", "said"),
    [
        ("a", "IN", "IN takes a list of values."),
        ({"a": 1}, "INTERSECTS", "INTERSECTS takes a list of values."),
        (5, "STARTSWITH", "STARTSWITH takes a text."),
        (["a"], "CONTAINS", "CONTAINS takes a text."),
        (True, "ICONTAINS", "ICONTAINS takes a text."),
        (True, "GT", "GT takes a number or a text."),
        ([1], "GTE", "GTE takes a number or a text."),
        ({}, "LT", "LT takes a number or a text."),
        ("\0", "EXACT", "NUL character"),
        (["\ud800"], "IN", "surrogate"),
    ],
)
def test_a_value_that_the_lookup_cannot_take_is_a_clear_error(api, value, lookup, said):
    make_case()
    entry = {"metaValue": [{"key": "k", "value": value, "lookup": lookup}]}

    answer = api(CASES, filter=[entry])

    assert answer.code == "INVALID_INPUT"
    assert answer.error["message"].startswith('"metaValue"')
    assert said in answer.error["message"]


def test_a_value_nested_too_deeply_is_a_clear_error(api, settings):
    settings.QUERY_DEPTH_LIMIT = 0
    value = []
    for _ in range(101):
        value = [value]

    answer = api(CASES, filter=[{"metaValue": [{"key": "k", "value": value}]}])

    assert answer.code == "INVALID_INPUT"
    assert "nested more than 100 deep" in answer.error["message"]


def test_null_is_refused_by_the_schema(api):
    answer = api(CASES, filter=[{"metaValue": [{"key": "k", "value": None}]}])

    assert answer.status == 400


def test_a_literal_is_read_as_a_variable_is(api):
    make_case(meta={"k": [BIG, {"x": None, "y": "z"}]})
    query = """query ($z: String) { allCases(filter: {metaValue: {
        key: "k", value: [1180591620717411303424, {x: null, y: $z}]}}) { totalCount } }"""

    assert api(query, z="z").data["allCases"]["totalCount"] == 1
    assert api(query, z="y").data["allCases"]["totalCount"] == 0


def test_of_the_case_and_of_the_root_case(api):
    root = make_case(meta={"k": "root"})
    child = make_case(meta={"k": "child"}, family_id=root.pk)
    other = make_case(meta=[])
    make_item(root, name="a")
    make_item(child, name="b")
    make_item(other, name="c")

    def names(member, *values, **entry):
        entry[member] = [{"key": "k", "value": value, "lookup": "CONTAINS"} for value in values]
        data = api(ITEMS, filter=[entry]).data["allWorkItems"]
        assert data["totalCount"] == len(data["edges"])
        return "".join(edge["node"]["name"] for edge in data["edges"])

    assert names("caseMetaValue", "root") == "a"
    assert names("caseMetaValue", "child") == "b"
    assert names("caseMetaValue", "child", "d") == "b"
    assert names("caseMetaValue", "child", "root") == ""
    assert names("caseMetaValue", "root", invert=True) == "bc"
    assert names("rootCaseMetaValue", "root") == "ab"
    assert names("rootCaseMetaValue", "child") == ""
    assert names("rootCaseMetaValue", "root", invert=True) == "c"
    assert names("rootCaseMetaValue") == "abc"
    data = api(ITEMS, filter=[{"rootCaseMetaValue": [None], "invert": True}]).data
    assert data["allWorkItems"]["totalCount"] == 3
    answer = api(ITEMS, filter=[{"rootCaseMetaValue": [{"key": "k", "value": 1, "lookup": "IN"}]}])
    assert answer.error["message"] == '"rootCaseMetaValue": IN takes a list of values.'


def test_groups_and_users(api):
    case = make_case()
    lists = ("addressed_groups", "controlling_groups", "assigned_users")
    for name, members in {"a": ["g"], "b": ["g", "h"], "c": [], "d": ["ä"]}.items():
        make_item(case, name=name, **dict.fromkeys(lists, members))

    def names(**entry):
        edges = api(ITEMS, filter=[entry]).data["allWorkItems"]["edges"]
        return "".join(edge["node"]["name"] for edge in edges)

    for member in ("addressedGroups", "controllingGroups", "assignedUsers"):
        assert names(**{member: ["g"]}) == "ab"
        assert names(**{member: ["h", "ä", None]}) == "bd"
        assert names(**{member: ["h"], "invert": True}) == "acd"
        assert names(**{member: ["x"]}) == ""
        assert names(**{member: [None]}) == "abcd"
        assert names(**{member: [None], "invert": True}) == "abcd"
        assert names(**{member: []}) == "abcd"
    assert names(addressedGroups=["h"], assignedUsers=["g"]) == "b"


@pytest.mark.skipif(connection.vendor != "postgresql", reason="the indexes are of PostgreSQL")
@pytest.mark.parametrize(
    ("entry", "index"),
    [
        ({"metaValue": [{"key": "k", "value": "v"}]}, "case_meta"),
        ({"metaValue": [{"key": "k", "value": "5"}]}, "case_meta"),
        ({"metaValue": [{"key": "k", "value": {"x": 1}}]}, "case_meta"),
        ({"metaValue": [{"key": "k", "value": [1, 2], "lookup": "IN"}]}, "case_meta"),
        ({"metaValue": [{"key": "k", "value": [1], "lookup": "INTERSECTS"}]}, "case_meta"),
    ],
)
def test_an_index_serves_it(api, entry, index):
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off")
        with CaptureQueriesContext(connection) as queries:
            assert api(CASES, filter=[entry]).data
        for query in queries.captured_queries:
            cursor.execute(f"EXPLAIN {query['sql']}")
            plan = "\n".join(row for (row,) in cursor.fetchall())
            assert f"Bitmap Index Scan on {index}" in plan


def test_filters_add_no_statements(api):
    make_item(make_case())
    entry = {
        "metaValue": [{"key": "k", "value": [1], "lookup": "IN"}],
        "caseMetaValue": [{"key": "k", "value": "v"}],
        "rootCaseMetaValue": [{"key": "k", "value": "v"}],
        "addressedGroups": ["g"],
        "metaHasKey": "k",
        "invert": True,
    }
    with CaptureQueriesContext(connection) as queries:
        assert api(ITEMS, filter=[entry, entry]).data["allWorkItems"]["totalCount"] == 1

    assert len(queries) == 2
    assert Case.objects.count() == WorkItem.objects.count() == 1
