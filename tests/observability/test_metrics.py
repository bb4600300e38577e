"""The figures of the ledger, as Prometheus reads them."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test import Client, override_settings
from django.utils import timezone
from prometheus_client.parser import text_string_to_metric_families

from tests.delivery.deliveries import ago, deliveries
from workflow_events.delivery.models import State
from workflow_events.events import Event, on

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _enabled(settings):
    settings.ENABLE_METRICS = True

    class Matter(Event):
        pass

    @on(Matter, delivery="background", name="receiver")
    def receiver(): ...


def read(path="/metrics"):
    """Return all samples: name and labels → value."""
    response = Client().get(path)
    assert response.status_code == 200
    assert response["Content-Type"].startswith("text/plain; version=")
    assert response["Cache-Control"] == "no-store"
    return {
        (sample.name, *sample.labels.values()): sample.value
        for family in text_string_to_metric_families(response.content.decode())
        for sample in family.samples
    }


@pytest.mark.parametrize("path", ["/metrics", "/metrics/"])
def test_nothing_but_the_ledger_and_zeros_where_it_is_empty(path):
    assert read(path) == {
        ("workflow_events_deliveries", "pending"): 0,
        ("workflow_events_deliveries", "running"): 0,
        ("workflow_events_deliveries", "dead"): 0,
        ("workflow_events_deliveries_due",): 0,
        ("workflow_events_delivery_oldest_due_seconds",): 0,
    }


def test_each_reading_asks_the_ledger():
    later = timezone.now() + timedelta(hours=1)
    deliveries(None, None, due=ago(60))
    deliveries(None, state=State.RUNNING, due=later, lease=later)
    deliveries(None, state=State.DEAD)
    deliveries(None, state=State.DONE)
    assert read() == {
        ("workflow_events_deliveries", "pending"): 2,
        ("workflow_events_deliveries", "running"): 1,
        ("workflow_events_deliveries", "dead"): 1,
        ("workflow_events_deliveries_due",): 2,
        ("workflow_events_delivery_oldest_due_seconds",): pytest.approx(60, abs=30),
    }
    deliveries(None, receiver='renamed "so"', due=later)
    found = read()
    assert found["workflow_events_deliveries", "pending"] == 3
    assert found["workflow_events_deliveries_unknown_receiver", 'renamed "so"'] == 1


def test_nobody_reads_them_where_they_are_off(settings, django_assert_num_queries):
    settings.ENABLE_METRICS = False
    with django_assert_num_queries(0):
        assert Client().get("/metrics").status_code == 404


def test_they_are_only_read():
    assert Client().post("/metrics").status_code == 405


@override_settings(ALLOWED_HOSTS=["workflow.example"])
def test_prometheus_comes_by_address():
    assert Client(headers={"host": "10.0.0.7:8000"}).get("/metrics").status_code == 200


def test_without_a_database_there_are_none_and_one_line_says_why(caplog):
    with connection.execute_wrapper(_fail):
        response = Client().get("/metrics")
    assert (response.status_code, response.content) == (503, b"")
    [record] = [r for r in caplog.records if r.name == "workflow_events.metrics"]
    assert record.getMessage() == "No metrics: OperationalError: server closed the connection"
    assert record.exc_info is None


def _fail(*_):
    from django.db import OperationalError

    raise OperationalError("server closed\nthe connection")
