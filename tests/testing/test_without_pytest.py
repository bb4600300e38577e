"""The test kit where neither pytest nor anything but the event core is installed."""

import subprocess
import sys
from pathlib import Path

import pytest

from tests.project.processes import ROOT

pytestmark = pytest.mark.any_database

PREPARE = """
import sys

class Absent:
    def find_spec(self, name, path=None, target=None):
        if any(f"{name}.".startswith(f"{absent}.") for absent in BLOCKED):
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)

sys.meta_path.insert(0, Absent())

import django
from django.conf import settings

settings.configure(
    INSTALLED_APPS=["workflow_events.events"],
    DATABASES={"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": ":memory:"}},
    EVENT_RECEIVER_MODULES=[],
)
django.setup()
"""
NOT_IN_THE_CORE = [
    *(f"workflow_events.{part}" for part in ("workflow", "delivery", "graphql", "access", "auth")),
    *("graphene", "graphql", "environ", "django_tasks", "procrastinate"),
]
PYTEST = ["pytest", "_pytest", "pytest_django"]
WITHOUT_PYTEST = """
import unittest
from django.test import TestCase
from workflow_events.events import Event, emit, on
from workflow_events.testing import EventTestMixin, call, mute_all

class Ping(Event):
    number: int

class PingTest(EventTestMixin, TestCase):
    def test_it(self):
        heard = []
        @on(Ping, delivery="commit")
        def hear(number):
            heard.append(number)
        with mute_all():
            emit(Ping, sender=None, number=1)
        emit(Ping, sender=None, number=2)
        assert call(hear, Ping, number=3)
        self.events.assert_emitted(Ping, times=2)
        assert heard == [2, 3], heard
        with self.assertRaisesRegex(LookupError, "workflow_events.delivery in INSTALLED_APPS"):
            self.deliveries

from django.test.runner import DiscoverRunner
suite = unittest.defaultTestLoader.loadTestsFromTestCase(PingTest)
runner = DiscoverRunner(verbosity=0)
runner.setup_test_environment()
old = runner.setup_databases()
assert runner.run_suite(suite).wasSuccessful()
runner.teardown_databases(old)
runner.teardown_test_environment()
print("passed without pytest")
"""
WITH_PYTEST = """
import pathlib

BLOCKED = [name for name in BLOCKED if name not in PYTEST]
import pytest

pathlib.Path("test_pong.py").write_text('''
from workflow_events.events import Event, emit

class Pong(Event):
    pass

def test_pong(events):
    with events.expect(Pong):
        emit(Pong, sender=None)

def test_deliveries(deliveries):
    pass
''')
pytest.main(["-q", "-p", "no:cacheprovider", "-p", "no:syrupy", "-p", "no:xdist"])
"""


def test_with_the_core_alone_without_pytest_and_with_it(tmp_path: Path) -> None:
    lists = f"PYTEST = {PYTEST!r}\nBLOCKED = {[*NOT_IN_THE_CORE, *PYTEST]!r}\n"
    ended = subprocess.run(
        [sys.executable, "-c", lists + PREPARE + WITHOUT_PYTEST + WITH_PYTEST],
        cwd=tmp_path,
        env={"PYTHONPATH": str(ROOT), "PYTHONDONTWRITEBYTECODE": "1"},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert ended.returncode == 0, ended.stdout + ended.stderr
    assert ended.stdout.startswith("passed without pytest\n")
    assert "ERROR test_pong.py::test_deliveries" in ended.stdout
    assert "\nE.  " in ended.stdout
    assert "workflow_events.delivery is not among INSTALLED_APPS" in ended.stdout
