"""The probes over HTTP."""

import pytest
from django.test import Client, override_settings

from workflow_events.observability import health


class Fixed:
    """Results that are known beforehand."""

    def __init__(self, figures, **results):
        self.figures = figures
        self._results = results

    def results(self):
        return self._results


@pytest.mark.parametrize("method", ["get", "head"])
@pytest.mark.parametrize("path", ["/healthz", "/healthz/"])
def test_a_living_process_says_so_without_a_database(path, method):
    # Without the fixture `db`, a statement would fail.
    response = getattr(Client(), method)(path)

    assert response.status_code == 200
    assert response["Content-Type"] == "application/json"
    if method == "get":
        assert response.json() == {"status": "ok"}


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("path", ["/readyz", "/readyz/"])
def test_a_process_that_is_ready(path):
    response = Client().get(path)

    assert response.status_code == 200
    assert response["Cache-Control"] == "no-store"
    assert response.json() == {
        "status": "ok",
        "checks": {"database": "ok", "migrations": "ok", "receivers": "ok", "deliveries": "ok"},
        "deliveries": {"due": 0, "oldest_due_seconds": None, "dead": 0},
    }


@pytest.mark.parametrize("method", ["get", "head"])
def test_one_check_that_fails_is_enough(monkeypatch, method):
    monkeypatch.setattr(health, "readiness", Fixed({}, database=True, migrations=False))

    response = getattr(Client(), method)("/readyz")

    assert response.status_code == 503
    if method == "get":
        assert response.json() == {
            "status": "failed",
            "checks": {"database": "ok", "migrations": "failed"},
        }


def test_dead_deliveries_take_no_process_away(monkeypatch):
    figures = {"due": 9_000, "oldest_due_seconds": 86_400.0, "dead": 800}
    monkeypatch.setattr(health, "readiness", Fixed({"deliveries": figures}, deliveries=True))

    response = Client().get("/readyz")

    assert response.status_code == 200
    assert response.json() == {
        "status": "ok",
        "checks": {"deliveries": "ok"},
        "deliveries": figures,
    }


def test_figures_of_a_check_that_fails_by_now_are_left_out(monkeypatch):
    figures = {"due": 1, "oldest_due_seconds": 1.0, "dead": 0}
    monkeypatch.setattr(health, "readiness", Fixed({"deliveries": figures}, deliveries=False))

    response = Client().get("/readyz")

    assert response.status_code == 503
    assert response.json() == {"status": "failed", "checks": {"deliveries": "failed"}}


@pytest.mark.parametrize("path", ["/healthz", "/readyz"])
def test_probes_only_read(path):
    assert Client().post(path).status_code == 405


@pytest.mark.parametrize("path", ["/healthz/x", "/x/readyz", "/healthzz"])
def test_other_paths_are_no_probes(path):
    assert Client().get(path).status_code == 404


@override_settings(ALLOWED_HOSTS=["workflow.example"])
def test_probes_come_by_address_and_the_rest_by_name():
    client = Client(headers={"host": "10.0.0.7:8000"})

    assert client.get("/healthz").status_code == 200
    assert client.get("/graphql", {"query": "{ __typename }"}).status_code == 400


def test_a_path_that_contains_graphql_is_no_probe(db):
    response = Client().get("/graphql/healthz", {"query": "{ __typename }"})

    assert response.json() == {"data": {"__typename": "Query"}}
