"""Values and bodies that are too large are refused, before anything is executed."""

import json
from uuid import uuid4

import pytest
from django.test import override_settings
from django.utils import translation

from tests.graphql.rows import make_case, make_item


def test_variables_may_not_be_nested_too_deeply(api):
    def ask(levels):
        value = 1
        for level in range(levels):
            value = [value] if level % 2 else {"a": value, "b": None}
        return api("{ __typename }", v=value, w=[[]])

    assert ask(50).data
    refusal = ask(51)
    assert (refusal.status, refusal.code) == (400, "LIMIT_EXCEEDED")
    assert refusal.error["message"] == (
        "The variables nest their values 51 levels deep; QUERY_DEPTH_LIMIT allows 50."
    )


def test_filters_in_variables_are_counted(api):
    query = "query ($v: [CaseFilterSetType]) { allCases(filter: $v) { totalCount } }"
    make_case()

    assert api(query, v=[{"status": "RUNNING"}] * 200).data == {"allCases": {"totalCount": 1}}
    refusal = api(query, v=[{"status": "RUNNING"}, *[None] * 200])
    assert (refusal.status, refusal.code) == (400, "LIMIT_EXCEEDED")
    assert refusal.error["message"] == (
        "A list in the variables has 201 objects; QUERY_FILTER_LIMIT allows 200."
    )
    assert api("{ __typename }", v=[[{"k": [{}] * 201}]]).code == "LIMIT_EXCEEDED"
    # Ids and names may be many.
    ids = "query ($v: [ID]) { allCases(filter: [{ids: $v}]) { totalCount } }"
    assert api(ids, v=[str(uuid4())] * 5_000).data == {"allCases": {"totalCount": 0}}


def test_values_in_variables_are_counted(api):
    query = "query ($v: [CaseFilterSetType]) { allCases(filter: $v) { totalCount } }"
    make_case()

    def ask(number):
        wanted = {"key": "k", "value": list(range(number)), "lookup": "IN"}
        # Also counted: the entry, metaValue, its entry and the three members of that.
        return api(query, v=[{"metaValue": [wanted]}])

    assert ask(9_994).data == {"allCases": {"totalCount": 0}}
    refusal = ask(9_995)
    assert (refusal.status, refusal.code) == (400, "LIMIT_EXCEEDED")
    assert refusal.error["message"] == (
        "The variables hold 10,001 values; QUERY_VALUE_LIMIT allows 10,000."
    )


def test_what_a_variable_holds_counts_wherever_it_stands(api):
    # SQLite takes 250,000 parameters, these would be 250,025.
    ids = [f"t{number}" for number in range(9_990)]
    entries = "{tasks: $v} " * 26
    query = f"query ($v: [String]) {{ allWorkItems(filter: [{entries}]) {{ totalCount }} }}"

    refusal = api(query, v=ids)

    assert (refusal.status, refusal.code) == (200, "LIMIT_EXCEEDED")
    assert refusal.error["message"] == (
        "The filters of a list hold 259,740 values; QUERY_VALUE_LIMIT allows 10,000."
    )
    assert api(query, v=ids[:380]).data == {"allWorkItems": {"totalCount": 0}}


@pytest.mark.parametrize("inverted", [False, True])
@pytest.mark.parametrize("language", ["en", "de"])
def test_the_conditions_of_a_list_are_counted(api, settings, language, inverted):
    settings.LANGUAGES = [("en", "English"), ("de", "German")]
    case = make_case(meta={"k": 1})
    make_item(case, name="n")
    make_item(case, name="other")
    query = "query ($v: [WorkItemFilterSetType]) { allWorkItems(filter: $v) { totalCount } }"
    texts = {"createdByUser": None, "name": "n", "tasks": ["t"], "invert": inverted}
    values = {"caseMetaValue": [{"key": "k", "value": 1}] * 100, "invert": inverted}

    def ask(*entries):
        with translation.override(language):
            return api(query, v=entries)

    assert ask(*[texts] * 100, values, values).data == {
        "allWorkItems": {"totalCount": not inverted}
    }
    refusal = ask(*[texts] * 100, values, values, {"hasDeadline": True})
    assert (refusal.status, refusal.code) == (200, "LIMIT_EXCEEDED")
    assert refusal.error["message"] == (
        "The filters of a list have 401 conditions; 400 are allowed."
    )


def test_looking_into_other_lists_is_counted(api):
    make_item(make_case(meta={"k": 1}))
    query = "query ($v: [WorkItemFilterSetType]) { allWorkItems(filter: $v) { totalCount } }"
    entry = {"caseMetaValue": [{"key": "k", "value": 1}]}

    assert api(query, v=[entry] * 20).data == {"allWorkItems": {"totalCount": 1}}
    refusal = api(query, v=[entry] * 21)
    assert (refusal.status, refusal.code) == (200, "LIMIT_EXCEEDED")
    assert refusal.error["message"] == (
        "The filters of a list look into 21 other lists; 20 are allowed."
    )


@pytest.mark.parametrize(
    "text",
    [
        "{ allCases(filter: [{status: RUNNING}, {status: RUNNING}, {}]) { totalCount } }",
        "{ ...f } fragment f on Query { allCases(filter: [{} {} {}]) { totalCount } }",
        "query ($a: CaseFilterSetType) { allCases(filter: [$a, $a, $a]) { totalCount } }",
        "query ($a: [CaseFilterSetType] = [{}, {}, {}]) { allCases(filter: $a) { totalCount } }",
        '{ allCases(filter: [{ids: ["a", "b", "c", "d"]}, {}, null]) { totalCount } }',
    ],
)
def test_filters_in_a_document_are_counted(api, text):
    with override_settings(QUERY_FILTER_LIMIT=3):
        assert "LIMIT_EXCEEDED" not in str(api(text).body)
    with override_settings(QUERY_FILTER_LIMIT=2):
        refusal = api(f"{text} ")
    assert (refusal.status, refusal.code) == (400, "LIMIT_EXCEEDED")
    assert refusal.error["message"] == (
        "A list in the document has 3 objects; QUERY_FILTER_LIMIT allows 2."
    )


def test_variables_that_python_cannot_read_are_refused(api):
    body = '{"query": "{ __typename }", "variables": {"v": ' + "[" * 500_000 + "]" * 500_000 + "}}"

    answer = api.post(body)

    assert answer.status == 400
    assert "data" not in answer.body


def test_the_bytes_of_a_body_are_limited(api):
    body = json.dumps({"query": "{ __typename }"})

    with override_settings(MAX_BODY_SIZE=len(body)):
        assert api.post(body).data
    with override_settings(MAX_BODY_SIZE=len(body) - 1):
        answer = api.post(body)

    assert (answer.status, answer.code) == (413, "LIMIT_EXCEEDED")
    assert answer.error["message"] == "The body has 27 bytes; MAX_BODY_SIZE allows 26."


def test_a_body_is_refused_before_it_is_read(api):
    # It announces more than it sends: who tried to read it would wait, or fail.
    response = api.http.post(
        "/graphql", "{}", content_type="application/json", headers={"Content-Length": "1000000000"}
    )

    assert response.status_code == 413


def test_a_length_that_is_no_number_is_refused(api):
    response = api.http.post(
        "/graphql", "{}", content_type="application/json", headers={"Content-Length": "many"}
    )

    assert response.status_code == 400
    assert response.json()["errors"][0]["extensions"] == {"code": "INVALID_DOCUMENT"}
