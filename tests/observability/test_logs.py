"""Lines of the log."""

import logging

import pytest
from django.test import Client

from workflow_events.observability.logs import LineFormatter, WithoutTraceback


class Request:
    """What Django attaches to its record."""

    def __init__(self, refusal=None):
        if refusal is not None:
            self.refusal = refusal


def record(request=None):
    found = logging.LogRecord(
        "django.request", logging.WARNING, "x.py", 1, "Bad Request: %s", ("/graphql",), None
    )
    if request is not None:
        found.request = request
    return found


@pytest.mark.parametrize(
    ("request_", "message"),
    [
        (None, "Bad Request: /graphql"),
        (Request(), "Bad Request: /graphql"),
        (Request("CODE: why %s"), "Bad Request: /graphql: CODE: why %s"),
        (Request("CODE: a\nb\x1b[31m\r"), "Bad Request: /graphql: CODE: a b [31m "),
        (Request("x" * 1_000), "Bad Request: /graphql: " + "x" * 300),
    ],
    ids=["no request", "no reason", "reason", "control characters", "long"],
)
def test_a_refusal_carries_its_reason(request_, message):
    line = LineFormatter(colour=False).format(record(request_))

    assert line.endswith(f" WARNING django.request: {message}")


def test_the_endpoint_gives_its_reasons(db, caplog):
    Client().post("/graphql", '{"query": "{ nothing }"}', content_type="application/json")

    [found] = [found for found in caplog.records if found.name == "django.request"]
    line = LineFormatter(colour=False).format(found)
    assert line.endswith(
        " WARNING django.request: Bad Request: /graphql: "
        "INVALID_DOCUMENT: Cannot query field 'nothing' on type 'Query'."
    )


def test_a_line_is_coloured_on_a_terminal_only():
    found = record()
    plain = LineFormatter(colour=False).format(found)
    coloured = LineFormatter(colour=True).format(found)

    assert plain.endswith("WARNING django.request: Bad Request: /graphql")
    assert coloured == f"\x1b[33m{plain}\x1b[0m"


def test_a_traceback_can_be_left_out():
    found = record()
    found.exc_info = (ValueError, ValueError("x"), None)

    assert WithoutTraceback().filter(found)
    assert found.exc_info is None
