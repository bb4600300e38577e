"""The access log: what was asked and how it ended, and no values."""

import json
import logging
from datetime import UTC, datetime, timedelta

import pytest
from django.test import Client, override_settings

from tests.graphql.rows import make_case
from workflow_events.graphql import access_log, view
from workflow_events.workflow.users import BaseUser


@pytest.fixture
def lines():
    """The entries that are written; the logger passes nothing on to others."""
    records: list[logging.LogRecord] = []
    handler = logging.Handler()
    handler.emit = records.append
    logger = logging.getLogger("workflow_events.access")
    logger.addHandler(handler)
    with override_settings(ENABLE_ACCESS_LOG=True):
        yield lambda: [json.loads(record.getMessage()) for record in records]
    logger.removeHandler(handler)


def entry(**expected):
    """Return an entry without what differs each time."""
    return {
        "username": None,
        "method": "POST",
        "path": "/graphql/",
        "operation": "query",
        "operation_name": None,
        "selection": [],
        "status_code": 200,
        "error_codes": [],
        **expected,
    }


def only(lines):
    """Return the only line, without time and sizes; these are checked here."""
    [line] = lines()
    time = datetime.fromisoformat(line.pop("timestamp"))
    assert timedelta(0) <= datetime.now(UTC) - time < timedelta(minutes=1)
    assert line.pop("duration_ms") >= 0
    assert line.pop("bytes") > 0
    return line


def test_a_query(api, lines):
    make_case()
    query = """query Mine { a: allCases { ...f } ...rest allCases { totalCount } __typename }
        fragment rest on Query { ... { allTasks { totalCount } } ...more }
        fragment more on Query { allWorkflows { totalCount } }
        fragment f on CaseConnection { totalCount }"""

    assert api(query).data

    line = only(lines)
    assert set(line.pop("selection")) == {"allCases", "allTasks", "allWorkflows", "__typename"}
    expected = entry(operation_name="Mine")
    del expected["selection"]
    assert line == expected


def test_a_mutation_says_nothing_of_its_values(api, linear, lines):
    query = """mutation Go($input: SaveCaseInput!) { saveCase(input: $input) { case { id } }
        saveSimpleTask(input: {slug: "secret-slug", name: "secret"}) { task { id } } }"""

    assert api(query, input={"workflow": "linear", "context": '"secret"'}).data

    line = only(lines)
    assert line == entry(
        operation="mutation", operation_name="Go", selection=["saveCase", "saveSimpleTask"]
    )


def test_who_asks(api, lines, monkeypatch):
    monkeypatch.setattr(view, "authenticate", lambda _request: BaseUser("ann", ["clerks"]))

    api.http.post(
        "/graphql/",
        {"query": "{ __typename }"},
        content_type="application/json",
        headers={"Authorization": "Bearer secret-token"},
    )

    assert only(lines) == entry(username="ann", selection=["__typename"])


def test_errors_of_fields_are_told_though_the_status_is_200(api, lines):
    api('{ a: node(id: "x") { id } b: node(id: "y") { id } allTasks { totalCount } }')

    assert only(lines) == entry(selection=["node", "allTasks"], error_codes=["INVALID_INPUT"])


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        ("{", 400, "INVALID_DOCUMENT"),
        ('{"query": "{ nothing }"}', 400, "INVALID_DOCUMENT"),
        ('{"query": "{ ' + "a: b " * 1_001 + '}"}', 400, "LIMIT_EXCEEDED"),
    ],
)
def test_a_refusal(api, lines, body, status, code):
    api.post(body)

    assert only(lines) == entry(operation=None, status_code=status, error_codes=[code])


def test_values_of_variables_that_are_refused(api, lines):
    api("query Q($n: Int!) { allTasks(first: $n) { totalCount } }", n="secret")

    assert only(lines) == entry(
        operation_name="Q",
        selection=["allTasks"],
        status_code=400,
        error_codes=["INVALID_INPUT"],
    )


def test_other_methods(db, lines):
    client = Client()
    client.get("/graphql/", {"query": "mutation { saveCase(input: {}) { clientMutationId } }"})
    client.put("/graphql/")
    client.get("/graphql/", {"query": "{ __typename }"})

    told = [(line["method"], line["status_code"], line["operation"]) for line in lines()]
    assert told == [("GET", 400, None), ("PUT", 405, None), ("GET", 200, "query")]


def test_what_clients_choose_is_cut_and_stays_on_its_line(api, lines):
    name = "x" * 5_000
    api(f"query {name} {{ __typename }}")
    api.http.post("/graphql/a%0Ab%22%1b" + "y" * 500, "{", content_type="application/json")

    first, second = lines()
    assert first["operation_name"] == "x" * 200
    assert second["path"] == ('/graphql/a\nb"\x1b' + "y" * 500)[:200]


def test_the_line_itself_has_no_line_break(api, caplog):
    records = []
    handler = logging.Handler()
    handler.emit = records.append
    access_log.access.addHandler(handler)
    with override_settings(ENABLE_ACCESS_LOG=True):
        api.http.post("/graphql/a%0Ab%E2%80%A8c", "{", content_type="application/json")
    access_log.access.removeHandler(handler)

    [record] = records
    assert record.getMessage().isprintable()


class Unprintable:
    """A user name that cannot be written."""

    def __str__(self):
        raise RuntimeError("no text")


def test_what_cannot_be_logged_breaks_no_request(api, lines, monkeypatch, caplog):
    monkeypatch.setattr(view, "authenticate", lambda _request: BaseUser(Unprintable(), []))

    assert api("{ __typename }").data

    assert lines() == []
    assert "could not be written to the access log" in caplog.text


def test_an_unexpected_error_is_a_line_too(api, lines, monkeypatch):
    def fail(*_):
        raise RuntimeError("unexpected")

    monkeypatch.setattr(view.documents, "get", fail)

    with pytest.raises(RuntimeError):
        api("{ __typename }")

    [line] = lines()
    assert (line["status_code"], line["bytes"]) == (500, None)


def test_there_is_no_line_unless_it_is_switched_on(api, lines):
    with override_settings(ENABLE_ACCESS_LOG=False):
        assert api("{ __typename }").data

    assert lines() == []
