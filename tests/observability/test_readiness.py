"""Whether the process is ready to serve, in bounded time and however often it is asked."""

import logging
import threading

import pytest
from django.db import connection
from django.db.migrations.recorder import MigrationRecorder

from tests.delivery.deliveries import ago, deliveries
from workflow_events.delivery.models import Delivery, State
from workflow_events.events.registration.registry import registry
from workflow_events.observability import readiness as module
from workflow_events.observability.readiness import CHECKS, NotReady, Readiness

READY = {"database": True, "migrations": True, "receivers": True, "deliveries": True}

# Checks run in a thread of their own, which sees what is committed.
pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def _always_new(monkeypatch):
    monkeypatch.setattr(module, "FRESHNESS", 0.0)
    yield
    # What it logs at its end belongs to this test.
    end_of_check()


class Fail:
    """A check that fails while it is told to."""

    def __init__(self):
        self.reason = None

    def __call__(self):
        if self.reason:
            raise NotReady(self.reason)


@pytest.fixture
def asked_once(monkeypatch):
    """Answers stay fresh for as long as the test runs."""
    monkeypatch.setattr(module, "FRESHNESS", 3_600.0)


def test_a_service_that_can_work_is_ready():
    assert Readiness().results() == READY


def test_a_migration_that_is_missing(caplog):
    recorder = MigrationRecorder(connection)
    recorder.record_unapplied("workflow", "0001_initial")
    try:
        results = Readiness().results()
    finally:
        recorder.record_applied("workflow", "0001_initial")

    assert results == {**READY, "migrations": False}
    end_of_check()
    assert [record.getMessage() for record in caplog.records] == [
        "Check 'migrations' fails: NotReady: not applied: workflow.0001_initial"
    ]


def test_receivers_that_are_not_loaded(caplog):
    with registry.scoped():
        registry.loaded = False
        results = Readiness().results()

    assert results == {**READY, "receivers": False}


def end_of_check():
    """Wait until a check that runs has ended; it logs when the answer is out already."""
    for thread in threading.enumerate():
        if thread.name == "readiness":
            thread.join(30)


def test_who_asks_often_does_not_check_often(asked_once):
    calls = []
    readiness = Readiness({"a": lambda: calls.append(1)})

    assert [readiness.results() for _ in range(50)] == [{"a": True}] * 50

    assert len(calls) == 1


def test_who_asks_meanwhile_waits_for_the_same_check(asked_once):
    asked, answered, calls = threading.Barrier(5), threading.Event(), []

    def check():
        calls.append(1)
        assert answered.wait(30)

    readiness = Readiness({"a": check})
    results = []

    def ask():
        asked.wait(30)
        results.append(readiness.results())

    threads = [threading.Thread(target=ask) for _ in range(4)]
    for thread in threads:
        thread.start()
    asked.wait(30)
    answered.set()
    for thread in threads:
        thread.join(30)

    assert results == [{"a": True}] * 4
    assert len(calls) == 1


def test_a_check_that_hangs_holds_nobody_up(monkeypatch, caplog):
    monkeypatch.setattr(module, "PATIENCE", 0.01)
    hanging, calls = threading.Event(), []

    def hang():
        calls.append(1)
        assert hanging.wait(60)

    readiness = Readiness({"a": hang})

    assert [readiness.results() for _ in range(3)] == [{"a": False}] * 3
    # No thread piles up behind the one that hangs, and one line says it.
    assert len(calls) == 1
    assert [record.getMessage() for record in caplog.records] == [
        "Check 'a' fails: no answer within 0.01 seconds"
    ]

    monkeypatch.setattr(module, "PATIENCE", 30)
    hanging.set()
    assert readiness.results() == {"a": True}


def test_what_changes_is_logged_once(caplog):
    caplog.set_level(logging.INFO)
    check = Fail()
    readiness = Readiness({"a": check})
    told = []
    for reason in (None, None, "no\nroom", "no\nroom", None, None):
        check.reason = reason
        told.append(readiness.results()["a"])
        end_of_check()

    assert told == [True, True, False, False, True, True]
    assert [(record.levelname, record.getMessage()) for record in caplog.records] == [
        ("ERROR", "Check 'a' fails: NotReady: no room"),
        ("INFO", "Check 'a' passes again"),
    ]


def test_every_check_has_a_name_for_the_answer():
    assert set(CHECKS) == set(READY)


def test_figures_are_no_verdict():
    deliveries(None, None, due=ago(60))
    deliveries(None, state=State.DEAD)
    readiness = Readiness()

    assert readiness.results() == READY
    assert readiness.figures == {
        "deliveries": {"due": 2, "oldest_due_seconds": pytest.approx(60, abs=30), "dead": 1}
    }


def test_figures_that_cannot_be_taken_are_one(caplog):
    with connection.schema_editor() as editor:
        editor.alter_db_table(Delivery, "delivery_delivery", "elsewhere")
    try:
        readiness = Readiness()
        results = readiness.results()
        end_of_check()
    finally:
        with connection.schema_editor() as editor:
            editor.alter_db_table(Delivery, "elsewhere", "delivery_delivery")

    assert results == {**READY, "deliveries": False}
    assert readiness.figures == {}
    [record] = caplog.records
    assert record.getMessage().startswith("Check 'deliveries' fails: ")
