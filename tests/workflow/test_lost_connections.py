from typing import Any

import psycopg
import pytest
from django.core.signals import request_started
from django.db import OperationalError, connection, transaction
from django.test import Client

from tests.workflow.builders import statements
from workflow_events.events.database.lost_connections import close_if_lost
from workflow_events.workflow.models import Case

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.skipif(
        "connection.vendor != 'postgresql'", reason="a file does not end a connection"
    ),
]


def pid() -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        found: int = cursor.fetchone()[0]
        return found


def elsewhere() -> psycopg.Connection[Any]:
    """Another connection to the same database."""
    options = connection.get_connection_params()
    kept = {name: options.get(name) for name in ("dbname", "user", "password", "host", "port")}
    return psycopg.connect(**kept, autocommit=True)


def end_from_elsewhere(backend: int) -> None:
    with elsewhere() as other:
        # Waits until it has ended, 5 s at most.
        [ended] = other.execute("SELECT pg_terminate_backend(%s, 5000)", [backend]).fetchone()
    assert ended


def ask() -> Any:
    """What a request answers that needs the database."""
    query = {"query": "{ allCases { edges { node { id } } } }"}
    return Client().post("/graphql", query, "application/json").json()


def test_a_request_survives_that_its_connection_was_ended() -> None:
    before = pid()
    end_from_elsewhere(before)
    assert ask() == {"data": {"allCases": {"edges": []}}}
    assert pid() != before


def test_a_connection_that_the_driver_knows_to_be_closed_is_replaced() -> None:
    before = pid()
    connection.connection.close()
    assert ask() == {"data": {"allCases": {"edges": []}}}
    assert pid() != before


def test_a_connection_that_lives_costs_no_statement_and_stays() -> None:
    before = pid()
    with statements() as sql:
        request_started.send(sender=None)
    assert sql == []
    assert pid() == before


def test_one_that_said_something_else_stays() -> None:
    before = pid()
    with connection.cursor() as cursor:
        cursor.execute("LISTEN elsewhere")
    with elsewhere() as other:
        other.execute("NOTIFY elsewhere")
    close_if_lost()
    assert pid() == before


def test_within_a_transaction_it_is_left_to_fail() -> None:
    def use_it() -> None:
        with transaction.atomic():
            end_from_elsewhere(pid())
            close_if_lost()
            Case.objects.count()

    with pytest.raises(OperationalError):
        use_it()
