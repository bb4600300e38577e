"""What pytest loads by itself where this package is installed (docs/how-to/test-a-receiver.md)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import pytest

from workflow_events.events.registration.registry import registry
from workflow_events.testing.background_engine import engine_in_memory
from workflow_events.testing.commits import commits_of_tests
from workflow_events.testing.deliveries import Deliveries
from workflow_events.testing.emissions import Emissions, recorded_events


@pytest.fixture(autouse=True, scope="session")
def _commits_of_tests() -> Iterator[None]:
    # For the whole session: a TestCase sets its class up before the fixtures of a test.
    with commits_of_tests():
        yield


@pytest.fixture(autouse=True, scope="session")
def _engine_in_memory() -> Iterator[None]:
    with engine_in_memory():
        yield


@pytest.fixture(autouse=True, scope="class")
def _registry_of_class() -> Iterator[None]:
    """Forget after each class what its set-up has registered and declared."""
    with registry.scoped():
        yield


@pytest.fixture(autouse=True)
def _registry() -> Iterator[None]:
    """Forget after each test the receivers and events that it has registered and declared."""
    with registry.scoped():
        yield


@pytest.fixture
def events() -> Iterator[Emissions]:
    """Return what is emitted in this test, in order."""
    with recorded_events() as emissions:
        yield emissions


@pytest.fixture
def deliveries() -> Deliveries:
    """Return what is recorded in this test for receivers in the background, and run it.

    Works with the database that the test asks for; without one, with that of ``db``.
    """
    return Deliveries()


DATABASES: Final = frozenset({"db", "transactional_db", "live_server"})
"""The fixtures of pytest-django by which a test asks for a database."""


def pytest_itemcollected(item: pytest.Item) -> None:
    """Ask for the database of tests with deliveries, which is prepared for those that ask only."""
    used = set(getattr(item, "fixturenames", ()))
    if (
        "deliveries" in used
        and not used & DATABASES
        and item.get_closest_marker("django_db") is None
        and item.config.pluginmanager.has_plugin("django")
    ):
        item.add_marker(pytest.mark.django_db)
