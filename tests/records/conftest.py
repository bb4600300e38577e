"""Tables for records, and ways to see what is emitted and sent to the database."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from tests.events.conftest import statements
from tests.records.tables import Tables
from workflow_events.events import on
from workflow_events.records import (
    PostCreateRecord,
    PostDeleteRecord,
    PostUpdateRecord,
    PreCreateRecord,
    PreDeleteRecord,
    PreUpdateRecord,
)
from workflow_events.records.heard import heard_of

__all__ = ["statements"]

EVENTS: list[Any] = [
    PreCreateRecord,
    PostCreateRecord,
    PreUpdateRecord,
    PostUpdateRecord,
    PreDeleteRecord,
    PostDeleteRecord,
]


@pytest.fixture(autouse=True)
def _nothing_stays_connected(_registry: None) -> None:
    assert heard_of == {}


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
def seen() -> Callable[..., list[Any]]:
    """Listen to the events, and return the list of what is emitted: name, sender, diff."""

    def listen(sender: Any = None, events: list[Any] = EVENTS) -> list[Any]:
        found: list[Any] = []

        @on(events, sender=sender)
        def see(event: Any) -> None:
            diff = getattr(event, "diff", None)
            without_time = {k: v for k, v in (diff or {}).items() if k != "seen_at"}
            found.append(
                (
                    event.event_name,
                    event.sender.__name__,
                    *([without_time] if diff is not None else []),
                )
            )

        return found

    return listen
