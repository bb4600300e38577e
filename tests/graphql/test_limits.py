"""Documents, values and bodies that ask for too much are refused, before anything is executed."""

import re

import pytest
from django.test import override_settings
from graphql import get_introspection_query, parse

from workflow_events.graphql.documents import DocumentCache, InvalidDocument
from workflow_events.graphql.limits.document import check_document
from workflow_events.graphql.limits.text import check_text
from workflow_events.graphql.schema import schema
from workflow_events.workflow.errors import LimitExceeded
from workflow_events.workflow.models import Task

SCHEMA = schema.graphql_schema


def refused(text, check=None):
    """Return why the text is refused, or None if it is not."""
    try:
        if check is None:
            DocumentCache().get(SCHEMA, text)
        else:
            check(text)
    except LimitExceeded as error:
        return str(error)
    return None


def check_parsed(text):
    """Check the expanded document only, not its text."""
    check_document(SCHEMA, parse(text))


def exactly(setting, text, found, check=None):
    """Assert that a limit of what is found passes, and that one less does not."""
    with override_settings(**{setting: found}):
        assert refused(text, check) is None
    with override_settings(**{setting: found - 1}):
        message = refused(text, check)
    assert message is not None
    assert f" {found:,} " in f"{message.replace(';', ' ')} "
    assert message.endswith(f"{setting} allows {found - 1:,}.")


def nested_lists(number, fields="id"):
    """Return a query of lists in lists, as clients write them."""
    query = fields
    for _ in range(number - 1):
        query = f"workItems(first: null) {{ edges {{ node {{ childCase {{ {query} }} }} }} }}"
    return f"{{ allCases(first: null) {{ edges {{ node {{ {query} }} }} }} }}"


# What the text shows.


@pytest.mark.parametrize(
    ("text", "tokens"),
    [
        ("{ __typename }", 3),
        ("{__typename}", 3),
        ("\ufeff{ a, b,,, }", 4),
        ("{ a # comment { } : \n }", 4),
        ('{ a(b: "x { } # \\" : ( y") }', 8),
        ('{ a(b: """x " { \\""" \n # : """) }', 8),
        ("{ a(b: -1.5e+3, c: [1 2]) ...f @skip(if: $v) }", 24),
        ("query q($v: [Int!]! = [1]) { a }", 19),
    ],
)
def test_tokens_are_counted(text, tokens):
    exactly("QUERY_TOKEN_LIMIT", text, tokens, check_text)


def test_characters_are_counted():
    exactly("QUERY_LENGTH_LIMIT", "{ __typename }", 14)


@pytest.mark.parametrize(
    ("text", "aliases"),
    [
        ("{ a: __typename b: __typename }", 2),
        ("{ a: __typename b: __typename ... { c: __typename } }", 3),
        ('query ($v: ID = "a: b") { a: node(id: $v) { b: id } }', 2),
        ("{ a: allCases(first: 1, filter: [{status: RUNNING}]) { b: totalCount } }", 2),
        ("query a { x: __typename } query b { x: __typename }", 2),
    ],
)
@pytest.mark.parametrize("check", [check_text, check_parsed])
def test_aliases_are_counted_before_and_after_parsing(text, aliases, check):
    exactly("QUERY_ALIAS_LIMIT", text, aliases, check)


@pytest.mark.parametrize(
    ("text", "levels"),
    [
        ("{ allCases { edges { node { id } } } }", 4),
        ("{ allCases(filter: [{status: RUNNING}]) { totalCount } }", 2),
        ('{ node(id: "{{{") { ... on Case { id } } }', 3),
        ("query a { __typename } query b { allCases { totalCount } }", 2),
    ],
)
@pytest.mark.parametrize("check", [check_text, check_parsed])
def test_levels_are_counted_before_and_after_parsing(text, levels, check):
    exactly("QUERY_DEPTH_LIMIT", text, levels, check)


@pytest.mark.parametrize(
    ("text", "levels"),
    [
        ("{ f(a: [[[1]]]) }", 3),
        ("{ f(a: {b: {c: {d: 1}}}) }", 3),
        ("query ($v: [[[Int]]]) { f }", 3),
        ("{ f @d(a: [[[1]]]) }", 3),
    ],
)
def test_values_of_a_document_are_measured(text, levels):
    exactly("QUERY_DEPTH_LIMIT", text, levels, check_text)


# What shows when fragments are expanded.


def test_fragments_are_expanded_where_they_are_spread():
    text = """{ ...one x: allCases { edges { node { ...two } } } }
        fragment one on Query { a: __typename b: allCases { edges { node { ...two } } } }
        fragment two on Case { c: id ... on Case { d: status } }"""

    exactly("QUERY_ALIAS_LIMIT", text, 7)
    exactly("QUERY_DEPTH_LIMIT", text, 7)
    # one: a, b, then for each of ten rows edges, node and two fields; outside of it the same.
    exactly("QUERY_COMPLEXITY_LIMIT", text, 1 + 2 * (1 + 10 * 4))


@pytest.mark.parametrize(
    ("text", "complexity"),
    [
        ("{ __typename node(id: 1) { id } }", 3),
        ("{ allCases { totalCount } }", 11),
        ("{ allCases(first: null) { totalCount } }", 11),
        ("query ($n: Int) { allCases(first: $n) { totalCount } }", 11),
        ("{ allCases(first: 10) { totalCount } }", 11),
        ("{ allCases(first: 9) { totalCount } }", 10),
        ("{ allCases(first: 9, last: 3) { totalCount } }", 4),
        ("{ allCases(first: 0) { totalCount } }", 2),
        ("{ allCases(last: 2000000000) { totalCount } }", 11),
        ("{ allCases(first: 2) { edges { node { family { id } } } } }", 1 + 2 * 4),
        ("{ allWorkflows(first: 1) { edges { node { tasks { slug } } } } }", 1 + 3 + 10),
        ("{ __schema { types { name } } }", 1 + 1 + 10),
        ("query a { __typename } query b { a: __typename b: __typename }", 2),
    ],
)
def test_complexity_is_the_fields_of_so_many_rows(text, complexity):
    exactly("QUERY_COMPLEXITY_LIMIT", text, complexity)


def test_a_number_without_end_is_many():
    exactly(
        "QUERY_COMPLEXITY_LIMIT", f"{{ allCases(first: {'9' * 9_999}) {{ id }} }}", 11, check_parsed
    )


@pytest.mark.parametrize(
    "text",
    [
        "{ ...a } fragment a on Query { ...b } fragment b on Query { ...a }",
        "{ ...missing }",
        "{ nothing { at { all } } }",
        "{ ...a } fragment a on Nothing { x: id }",
        "{ ...a } fragment a on CaseFilterSetType { status { id } }",
    ],
)
def test_what_is_invalid_is_left_to_validation(text):
    with pytest.raises(InvalidDocument):
        DocumentCache().get(SCHEMA, text)


# Documents that are sent to do harm, and the limits as they are.


def doubling(levels, selection):
    """Return fragments of which each spreads the next one twice."""
    fragments = [
        f"fragment f{level} on Case {{ {selection.format(f'...f{level + 1}')} }}"
        for level in range(levels)
    ]
    start = '{ node(id: "x") { ...f0 } }'
    return " ".join([start, *fragments, f"fragment f{levels} on Case {{ id }}"])


def side_by_side(number):
    """Return fragments that are spread in one place."""
    spreads = " ".join(f"...f{n}" for n in range(number))
    fragments = (f"fragment f{n} on Query {{ allCases {{ totalCount }} }}" for n in range(number))
    return f"{{ {spreads} }} " + " ".join(fragments)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{" + " ".join(f"a{n}: __typename" for n in range(10_000)) + "}", "30,002 tokens"),
        ("{" + " ".join(f"a{n}: __typename" for n in range(1_001)) + "}", "1,001 aliases"),
        ("{" * 1_000 + "id" + "}" * 1_000, "selections 1,000 levels"),
        ("{ a(b: " + "[" * 1_000 + "]" * 1_000 + ") }", "values 1,000 levels"),
        ("{ a(b: " + "{a: " * 1_000 + "1" + "}" * 1_000 + ") }", "values 1,000 levels"),
        (doubling(40, "{0} {0}"), "complexity of more than 1,000,000,000,000;"),
        (doubling(20, "family {{ {0} }} parentWorkItem {{ case {{ {0} }} }}"), "63 levels"),
        (doubling(10, "a: family {{ {0} }} b: family {{ {0} }}"), "2,046 aliases"),
        (nested_lists(6), "complexity of 4,444,"),
        ("{ __typename " + "@skip(if: false) " * 5_000 + "}", "tokens"),
        ("query (" + "$v: Int " * 10_000 + ") { __typename }", "tokens"),
        ('{ node(id: "' + "x" * 500_000 + '") { id } }', "characters"),
        ("#\n" * 25_000 + "{ __typename }", "25,003 tokens"),
        ("(" * 100_000, "100,000 tokens"),
        ("{" + "allCases { totalCount } " * 300 + "}", "repeats fields or fragments"),
        (side_by_side(400), "repeats fields or fragments"),
    ],
    ids=[
        "many aliases",
        "one alias too many",
        "levels",
        "lists",
        "objects",
        "doubling",
        "doubling levels",
        "doubling aliases",
        "lists in lists",
        "directives",
        "variables",
        "long string",
        "comments",
        "brackets",
        "repeated fields",
        "repeated fragments",
    ],
)
def test_hostile_documents_are_refused(api, django_assert_num_queries, text, message):
    with django_assert_num_queries(0):
        answer = api(text)

    assert (answer.status, answer.code) == (400, "LIMIT_EXCEEDED")
    assert "data" not in answer.body
    assert message in answer.error["message"]
    assert re.search("_LIMIT allows|at most", answer.error["message"])


@pytest.mark.parametrize(
    "text",
    [
        get_introspection_query(),
        nested_lists(3, "id meta status createdAt createdByUser closedAt " * 6),
        nested_lists(4),
        side_by_side(80),
        "{ node(id: 1) { ... on Case {" + "family {" * 47 + "id" + "}" * 47 + "} } }",
    ],
    ids=["introspection", "three lists", "four lists", "fragments", "50 levels"],
)
def test_what_clients_send_passes(text):
    assert refused(text) is None


def test_hundreds_of_aliased_mutations_pass():
    one = 'a{0}: completeWorkItem(input: {{id: "{0}", context: "x"}}) {{ workItem {{ id }} }}'
    text = "mutation {" + " ".join(one.format(number) for number in range(500)) + "}"

    assert refused(text, check_text) is None


def test_a_limit_of_zero_is_none():
    off = dict.fromkeys(
        (
            "QUERY_LENGTH_LIMIT",
            "QUERY_TOKEN_LIMIT",
            "QUERY_DEPTH_LIMIT",
            "QUERY_ALIAS_LIMIT",
            "QUERY_COMPLEXITY_LIMIT",
            "QUERY_FILTER_LIMIT",
            "QUERY_VALUE_LIMIT",
        ),
        0,
    )
    with override_settings(**off):
        assert refused(doubling(40, "{0} {0}"), check_parsed) is None
        assert refused("{" * 1_000 + "a: b " * 20_000 + " " * 500_000, check_text) is None


def test_a_refused_document_leaves_no_trace(api):
    slugs = [f'a{n}: saveSimpleTask(input: {{slug: "t{n}", name: "t"}})' for n in range(3)]
    text = "mutation {" + " { clientMutationId } ".join([*slugs, ""]) + "}"

    with override_settings(QUERY_ALIAS_LIMIT=2):
        assert api(text).code == "LIMIT_EXCEEDED"
    assert Task.objects.count() == 0

    assert api(text).data == {f"a{n}": {"clientMutationId": None} for n in range(3)}
    assert Task.objects.count() == 3


def test_refused_documents_do_not_enter_the_cache():
    cache = DocumentCache(size=2)
    kept = cache.get(SCHEMA, "{ __typename }")

    with override_settings(QUERY_ALIAS_LIMIT=1):
        for number in range(10):
            with pytest.raises(LimitExceeded):
                cache.get(SCHEMA, f"{{ a{number}: __typename b: __typename }}")

    assert len(cache) == 1
    assert cache.get(SCHEMA, "{ __typename }") is kept
