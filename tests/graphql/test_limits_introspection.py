"""The schema can be kept from clients, and nothing else changes."""

import re

import pytest
from django.test import override_settings

from tests.graphql.rows import make_case


@pytest.mark.parametrize(
    "text",
    [
        "{ __schema { types { name } } }",
        '{ __type(name: "Case") { name } }',
        "{ ...f } fragment f on Query { x: __schema { types { name } } }",
    ],
)
def test_introspection_can_be_switched_off(api, text):
    assert api(text).data

    with override_settings(DISABLE_INTROSPECTION=True):
        answer = api(text)

    assert (answer.status, answer.code) == (400, "INVALID_DOCUMENT")
    assert answer.error["message"].endswith("is not answered: DISABLE_INTROSPECTION is set here.")


@override_settings(DISABLE_INTROSPECTION=True)
def test_without_introspection_the_rest_works_as_ever(api):
    make_case()

    data = api("{ __typename allCases { edges { node { __typename } } } }").data

    assert data == {
        "__typename": "Query",
        "allCases": {"edges": [{"node": {"__typename": "Case"}}]},
    }


@pytest.mark.parametrize(
    ("text", "variables", "named"),
    [
        ("{ allCase { totalCount } }", {}, "allCases"),
        ("{ allCases(firs: 1) { totalCount } }", {}, "first"),
        ("{ allCases { edges { node { ... on Cas { id } } } } }", {}, "Case"),
        ("{ allCases(filter: [{statu: RUNNING}]) { totalCount } }", {}, "status"),
        ("{ allCases(filter: [{status: RUNNIN}]) { totalCount } }", {}, "RUNNING"),
        ("query ($v: [CaseFilterSetTyp]) { allCases(filter: $v) { totalCount } }", {}, "Type"),
        (
            "query ($v: [CaseFilterSetType]) { allCases(filter: $v) { totalCount } }",
            {"v": [{"statu": "RUNNING"}]},
            "'status'",
        ),
        (
            "query ($v: [CaseFilterSetType]) { allCases(filter: $v) { totalCount } }",
            {"v": [{"status": "RUNNIN"}]},
            "'RUNNING'",
        ),
    ],
)
def test_without_introspection_errors_suggest_no_names(api, text, variables, named):
    """Standard validation goes on; it only keeps its suggestions to itself."""
    suggestion = f"Did you mean.*{named}"
    answer = api(text, **variables)
    assert answer.status == 400
    with override_settings(DISABLE_INTROSPECTION=True):
        discreet = api(text, **variables)

    assert (discreet.status, discreet.code) == (400, answer.code)
    assert re.search(suggestion, answer.body["errors"][0]["message"])
    assert "Did you mean" not in str(discreet.body)
