"""Documents are parsed and validated once."""

from concurrent.futures import ThreadPoolExecutor

import pytest

from workflow_events.graphql import documents
from workflow_events.graphql.documents import DocumentCache, InvalidDocument
from workflow_events.graphql.schema import schema

SCHEMA = schema.graphql_schema


@pytest.fixture
def parsed(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The texts that were really parsed and validated."""
    texts: list[str] = []
    original = documents.parsed_and_validated

    def spy(graphql_schema, text, rules):
        texts.append(text)
        return original(graphql_schema, text, rules)

    monkeypatch.setattr(documents, "parsed_and_validated", spy)
    return texts


def test_the_same_text_is_parsed_once(parsed):
    cache = DocumentCache()

    first = cache.get(SCHEMA, "{ __typename }")

    assert cache.get(SCHEMA, "{ __typename }") is first
    assert parsed == ["{ __typename }"]


def test_the_endpoint_parses_a_text_once(parsed, api):
    text = "query OnlyHere { allTasks { totalCount } }"

    for _ in range(3):
        assert api(text).data == {"allTasks": {"totalCount": 0}}

    assert parsed == [text]


def test_other_rules_make_another_entry(parsed):
    cache = DocumentCache()

    cache.get(SCHEMA, "{ __typename }")
    cache.get(SCHEMA, "{ __typename }", documents.STANDARD_RULES[:3])

    assert len(parsed) == 2


def test_the_oldest_makes_room(parsed):
    cache = DocumentCache(size=2)
    for name in "abac":
        cache.get(SCHEMA, f"query {name} {{ __typename }}")
    assert len(cache) == 2

    cache.get(SCHEMA, "query a { __typename }")
    assert len(parsed) == 3
    cache.get(SCHEMA, "query b { __typename }")
    assert len(parsed) == 4


def test_long_documents_are_not_kept(monkeypatch):
    monkeypatch.setattr(documents, "MAX_TEXT_LENGTH", 10)
    cache = DocumentCache()

    cache.get(SCHEMA, "{ __typename }")

    assert len(cache) == 0


def test_all_documents_together_have_a_largest_length(parsed, monkeypatch):
    monkeypatch.setattr(documents, "MAX_CHARACTERS", 60)
    cache = DocumentCache()
    for name in "aabca":  # 23 characters each: two have room
        cache.get(SCHEMA, f"query {name} {{  __typename }}")
    assert len(cache) == 2
    assert len(parsed) == 4

    cache.get(SCHEMA, f"query long {{ __typename {' ' * 30}}}")
    assert len(cache) == 1
    cache.get(SCHEMA, "query a {  __typename }")
    assert len(cache) == 1
    assert len(parsed) == 6


@pytest.mark.parametrize(
    ("before", "places"),
    [
        ("\n" * 2_000, [{"line": 2_001, "column": 3}]),
        ("\n" * 2_001, None),
        ("\r" * 2_001, None),
        (" " * (50_000 - len("{ nothing }")), [{"line": 1, "column": 49_992}]),
        (" " * 50_000, None),
    ],
    ids=["lines", "many lines", "old lines", "characters", "many characters"],
)
def test_errors_in_very_long_documents_name_no_place(api, before, places):
    answer = api(before + "{ nothing }")

    assert answer.error["message"] == "Cannot query field 'nothing' on type 'Query'."
    assert answer.error.get("locations") == places


def test_fields_of_very_long_documents_may_fail(api):
    answer = api("\n" * 2_001 + '{ allTasks { totalCount } node(id: "x") { id } }')

    assert answer.body["data"] == {"allTasks": {"totalCount": 0}, "node": None}
    assert (answer.error["path"], answer.code) == (["node"], "INVALID_INPUT")
    assert "locations" not in answer.error


def test_invalid_documents_are_not_kept():
    cache = DocumentCache()
    for text in ("{", "{ nothing }"):
        with pytest.raises(InvalidDocument):
            cache.get(SCHEMA, text)
    assert len(cache) == 0


def test_threads_may_share_it():
    cache = DocumentCache(size=3)

    def use(number: int) -> None:
        cache.get(SCHEMA, f"query q{number % 7} {{ __typename }}")

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(use, range(300)))

    assert len(cache) <= 3
