"""The endpoint: methods, bodies, statuses (facts 1.1)."""

import io
import json
import re

import pytest
from django.test import Client, override_settings

from workflow_events.workflow.models import Task

TYPENAME = "{ __typename }"
FORM = "application/x-www-form-urlencoded"


@pytest.mark.parametrize(
    "path", ["/graphql", "/graphql/", "/api/graphql", "/x/graphql/", "/graphql-v1"]
)
def test_any_path_that_contains_graphql(path, db):
    response = Client().get(path, {"query": TYPENAME})

    assert response.status_code == 200
    assert response.json() == {"data": {"__typename": "Query"}}


@pytest.mark.parametrize(
    ("body", "content_type"),
    [
        (json.dumps({"query": TYPENAME}), "application/json"),
        (json.dumps({"query": TYPENAME, "variables": None}), "application/json; charset=utf-8"),
        (json.dumps({"query": TYPENAME, "variables": "{}"}), "application/json"),
        (TYPENAME, "application/graphql"),
        ("query=%7B%20__typename%20%7D&variables=%7B%7D", FORM),
    ],
)
def test_the_kinds_of_bodies(api, body, content_type):
    assert api.post(body, content_type).data == {"__typename": "Query"}


def test_a_multipart_form(db):
    assert Client().post("/graphql", {"query": TYPENAME}).json()["data"]


def test_an_operation_is_chosen_by_name(api):
    query = "query a { __typename } query b { allTasks { totalCount } }"

    assert api(query, "b").data == {"allTasks": {"totalCount": 0}}


@pytest.mark.parametrize(
    ("body", "content_type", "expected"),
    [
        ("{", "application/json", (400, "INVALID_DOCUMENT", "not valid JSON")),
        ("[" * 100_000, "application/json", (400, "INVALID_DOCUMENT", "not valid JSON")),
        ("[]", "application/json", (400, "INVALID_DOCUMENT", "Batches")),
        ("1", "application/json", (400, "INVALID_DOCUMENT", "JSON object")),
        (b"\xff", "application/json", (400, "INVALID_DOCUMENT", "UTF-8")),
        (b"\xff", "application/graphql", (400, "INVALID_DOCUMENT", "UTF-8")),
        ("{}", "application/json", (400, "INVALID_DOCUMENT", 'no "query"')),
        ('{"query": 1}', "application/json", (400, "INVALID_DOCUMENT", '"query"')),
        ("x", "text/plain", (415, "INVALID_DOCUMENT", "text/plain")),
        ("a&" * 1001, FORM, (400, "INVALID_DOCUMENT", "form")),
        ("query=x", f"{FORM}; charset=utf-7", (400, "INVALID_DOCUMENT", "UTF-8")),
        ('{"query": "{"}', "application/json", (400, "INVALID_DOCUMENT", "Syntax Error")),
        ('{"query": "{ nothing }"}', "application/json", (400, "INVALID_DOCUMENT", "nothing")),
        (
            '{"query": "{ __typename }", "operationName": "x"}',
            "application/json",
            (400, "INVALID_DOCUMENT", "no operation named 'x'"),
        ),
        (
            '{"query": "{ __typename }", "operationName": 1}',
            "application/json",
            (400, "INVALID_DOCUMENT", "operationName"),
        ),
        (
            '{"query": "query a { __typename } query b { __typename }"}',
            "application/json",
            (400, "INVALID_DOCUMENT", "operationName"),
        ),
        (
            '{"query": "{ __typename }", "variables": []}{',
            "application/json",
            (400, "INVALID_DOCUMENT", "JSON"),
        ),
        (
            '{"query": "{ __typename }", "variables": [1]}',
            "application/json",
            (400, "INVALID_INPUT", "variables"),
        ),
        (
            '{"query": "{ __typename }", "variables": "{"}',
            "application/json",
            (400, "INVALID_INPUT", "variables"),
        ),
        (
            '{"query": "query ($n: Int!) { allTasks(first: $n) { totalCount } }"}',
            "application/json",
            (400, "INVALID_INPUT", "$n"),
        ),
    ],
)
def test_what_cannot_be_executed_has_no_data(api, body, content_type, expected):
    status, code, message = expected

    answer = api.post(body, content_type)

    assert answer.status == status
    assert "data" not in answer.body
    assert answer.code == code
    assert message in answer.error["message"]


def test_a_form_in_what_is_no_encoding_of_texts(api):
    form = b'--B\r\nContent-Disposition: form-data; name="query"\r\n\r\nx\r\n--B--\r\n'

    response = api.http.generic(
        "POST", "/graphql", form, content_type="multipart/form-data; boundary=B; charset=hex"
    )

    assert response.status_code == 400
    assert response.json()["errors"][0]["extensions"] == {"code": "INVALID_DOCUMENT"}


def test_a_connection_that_ends_before_the_body_is_no_unexpected_error(api):
    class Lost(io.BytesIO):
        def read(self, *_):
            raise ConnectionResetError

    response = api.http.generic(
        "POST", "/graphql", b"{}", content_type="application/json", **{"wsgi.input": Lost()}
    )

    assert response.status_code == 400
    assert response.json()["errors"][0]["message"] == "The connection ended before the body did."


def test_a_url_with_too_many_parameters(db):
    response = Client().get("/graphql?" + "a&" * 1001)

    assert response.status_code == 400
    assert response.json()["errors"][0]["extensions"] == {"code": "INVALID_DOCUMENT"}


@override_settings(QUERY_DEPTH_LIMIT=0, QUERY_TOKEN_LIMIT=0)
def test_a_document_that_is_nested_too_deeply_for_python(api):
    answer = api("{ node(id: 1) " + "{ ... on Case { family " * 3000 + "{ id }" + "}}" * 3000 + "}")

    assert (answer.status, answer.code) == (400, "INVALID_DOCUMENT")


def test_mutations_are_not_sent_by_get(db):
    query = 'mutation { saveSimpleTask(input: {slug: "t", name: "t"}) { clientMutationId } }'

    response = Client().get("/graphql", {"query": query})

    assert response.status_code == 405
    assert response["Allow"] == "POST"
    assert "data" not in response.json()
    assert Task.objects.count() == 0


def test_other_methods_are_refused(db):
    assert Client().put("/graphql").status_code == 405
    assert Client().delete("/graphql").status_code == 405


def test_no_csrf_token_is_needed(db):
    client = Client(enforce_csrf_checks=True)

    response = client.post("/graphql", {"query": TYPENAME}, content_type="application/json")

    assert response.status_code == 200


def test_an_error_of_a_field_is_still_200(api):
    answer = api('{ allTasks { totalCount } node(id: "x") { id } }')

    assert answer.status == 200
    assert answer.body["data"] == {"allTasks": {"totalCount": 0}, "node": None}
    assert answer.error["path"] == ["node"]
    assert answer.code == "INVALID_INPUT"


@pytest.mark.parametrize("debug", [True, False])
def test_graphiql_is_for_development_only(db, debug):
    with override_settings(DEBUG=debug):
        response = Client().get("/graphql", headers={"accept": "text/html,*/*;q=0.8"})

    assert (b"GraphiQL" in response.content) is debug
    assert response.status_code == (200 if debug else 400)


@override_settings(DEBUG=True)
def test_graphiql_takes_a_token_and_says_where_it_comes_from(db):
    page = Client().get("/graphql", headers={"accept": "text/html"}).content.decode()

    assert "isHeadersEditorEnabled: true" in page
    assert set(re.findall(r"https?://[a-z.]+", page)) == {"https://unpkg.com"}
    assert page.count("https://unpkg.com/") == page.count('integrity="sha384-') == 4
    assert "GraphiQL cannot be loaded from https://unpkg.com" in page


def test_a_query_in_a_browser_is_answered(db):
    with override_settings(DEBUG=True):
        response = Client().get(
            "/graphql", {"query": TYPENAME}, headers={"accept": "text/html,*/*;q=0.8"}
        )

    assert response.json()["data"]


def test_a_chunked_body_is_refused(api):
    """RFC 9110 section 15.5.12: without a length, none would be read."""
    response = api.http.post(
        "/graphql",
        '{"query": "{ __typename }"}',
        content_type="application/json",
        headers={"Transfer-Encoding": "chunked"},
    )
    assert response.status_code == 411
    assert response.json()["errors"][0]["extensions"] == {"code": "INVALID_DOCUMENT"}
