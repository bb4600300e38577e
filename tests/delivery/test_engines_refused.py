"""Engines that cannot work, and what is said of them."""

import pytest
from django.core.exceptions import ImproperlyConfigured
from django.db import connection
from django_tasks_db import DatabaseBackend

from tests.delivery.backends import DUMMY, PROCRASTINATE
from workflow_events.delivery import engines
from workflow_events.delivery.tasks import QUEUE


class Derived(DatabaseBackend):
    """A backend of a deployment."""


def refusal(settings, path):
    """Return what is said of an engine that cannot work."""
    settings.TASKS = {"default": {"BACKEND": path, "QUEUES": [QUEUE]}}
    with pytest.raises(ImproperlyConfigured) as refused:
        engines.current()
    return str(refused.value)


@pytest.mark.parametrize(
    ("path", "reason"),
    [
        ("nowhere.Backend", "cannot import 'nowhere.Backend': No module named 'nowhere'"),
        ("django_tasks_db.Missing", "cannot import 'django_tasks_db.Missing'"),
        ("Backend", "cannot import 'Backend'"),
        ("", "cannot import ''"),
        ("django.apps.AppConfig", "'django.apps.AppConfig' is no backend of django.tasks"),
        ("django.db.connection", "'django.db.connection' is no backend of django.tasks"),
        (DUMMY, "DummyBackend runs nothing"),
    ],
)
def test_what_is_no_engine(settings, path, reason):
    assert refusal(settings, path).startswith(f"EVENT_ENGINE: {reason}")


@pytest.mark.skipif(connection.vendor != "sqlite", reason="is about other databases")
def test_procrastinate_needs_postgresql(settings):
    assert refusal(settings, PROCRASTINATE).startswith(
        "EVENT_ENGINE: ProcrastinateBackend needs PostgreSQL"
    )


@pytest.mark.skipif(connection.vendor != "sqlite", reason="procrastinate cannot start twice")
def test_tables_that_no_app_brings(settings):
    settings.INSTALLED_APPS = [app for app in settings.INSTALLED_APPS if app != "django_tasks_db"]
    said = refusal(settings, f"{__name__}.Derived")
    assert said.startswith("EVENT_ENGINE: Derived needs the tables of django_tasks_db")
