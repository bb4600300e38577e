"""After every test nothing is left on the connection."""

import logging
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from tests.events.notebook import Notebook
from tests.events.tables import Child, Parent, Tables
from workflow_events.events import Event
from workflow_events.events.emission.frames import current
from workflow_events.events.registration.registry import registry


def state_of_connection() -> dict[str, Any]:
    """Return what an emission changes for a while."""
    return {
        "in_atomic_block": connection.in_atomic_block,
        "autocommit": connection.connection is None or connection.autocommit,
        # Of a connection that a TestCase has closed both stay until the next one is made.
        "needs_rollback": connection.connection is not None and connection.needs_rollback,
        "closed_in_transaction": (
            connection.connection is not None and connection.closed_in_transaction
        ),
        "savepoint_ids": list(connection.savepoint_ids),
        "atomic_blocks": list(connection.atomic_blocks),
        "execute_wrappers": list(connection.execute_wrappers),
        "run_on_commit": type(connection.run_on_commit),
        "frame": current.get(),
    }


@pytest.fixture(autouse=True)
def _clean_connection(_django_db_marker: None) -> Iterator[None]:
    before = state_of_connection()
    yield
    assert state_of_connection() == before
    if not connection.in_atomic_block:
        assert connection.run_on_commit == []


@pytest.fixture(scope="session")
def _made_tables(django_db_setup: None, django_db_blocker: Any) -> Iterator[None]:
    with django_db_blocker.unblock():
        Tables.make()
    yield
    with django_db_blocker.unblock():
        Tables.drop()


@pytest.fixture
def tables(transactional_db: None, _made_tables: None) -> Iterator[None]:
    """Empty tables of tables.py, and a database where COMMIT is COMMIT."""
    Tables.empty()
    yield
    Tables.empty()


@pytest.fixture
def errors(caplog: pytest.LogCaptureFixture) -> Callable[[], list[logging.LogRecord]]:
    """Return the records that failures of receivers have left so far."""
    caplog.set_level(logging.ERROR, logger="workflow_events.events")
    return lambda: [r for r in caplog.records if r.name == "workflow_events.events"]


@pytest.fixture
def statements() -> type[CaptureQueriesContext]:
    """A context manager that collects what is sent to the database."""
    return Statements


class Statements(CaptureQueriesContext):
    """Statements without BEGIN and COMMIT, cut down to what they do."""

    def __init__(self) -> None:
        super().__init__(connection)

    @property
    def verbs(self) -> list[str]:
        """The first word of every statement, of ROLLBACK and SET the first two."""
        found = []
        for query in self.captured_queries:
            words = query["sql"].split()
            count = 2 if words[0] in ("ROLLBACK", "SET", "PRAGMA") else 1
            found.append(" ".join(words[:count]).rstrip(";"))
        return [verb for verb in found if verb not in ("BEGIN", "COMMIT", "ROLLBACK")]


@pytest.fixture
def matter() -> type[Event]:
    """An event without payload."""

    class Matter(Event):
        pass

    return Matter


@pytest.fixture
def child_seen() -> type[Event]:
    """An event with a row, something that can be changed in place, and a label."""

    class ChildSeen(Event):
        child: Child
        data: Any = None
        label: str = "label"

    return ChildSeen


@pytest.fixture
def child() -> Child:
    """A stored row with its parent loaded; another parent is there."""
    Parent.objects.create(slug="p")
    Parent.objects.create(slug="q", name="other")
    made = Child.objects.create(parent_id="p", data={"deep": [1]})
    return Child.objects.select_related("parent").get(pk=made.pk)


@pytest.fixture
def notebook() -> Iterator[Notebook]:
    before = registry.recorder
    registry.recorder = book = Notebook()
    yield book
    registry.recorder = before
