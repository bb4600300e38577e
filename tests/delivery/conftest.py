"""What tests of deliveries share: a user, a case, an event, and the way to the log and back."""

from collections.abc import Callable
from typing import Any
from uuid import UUID

import pytest
from django.db import connection

from tests.workflow.builders import item, workflow
from workflow_events.delivery import engines, payload
from workflow_events.delivery.models import LoggedEvent
from workflow_events.events import Event, on
from workflow_events.events.declaration.event import make
from workflow_events.workflow import api
from workflow_events.workflow.models import Case, WorkItem
from workflow_events.workflow.users import BaseUser

DELIVERY_ID = UUID("0192a000-0000-7000-8000-000000000001")
TOKEN = "header.claims.signature"


@pytest.fixture
def user() -> BaseUser:
    """Somebody whose token must not be found anywhere."""
    somebody = BaseUser("max", ["clerks", "heads"])
    somebody.group = "heads"
    somebody.token = TOKEN
    somebody.claims = {"sub": "max", "roles": ["a", "b"], "exp": 1}
    return somebody


@pytest.fixture
def case(db: None, user: BaseUser) -> Case:
    """A running case: its work item "a" is ready, others may join it, and "b" comes after."""
    several = {"a": {"is_multiple_instance": True}}
    return api.start_case(workflow("a -> b", tasks=several), user)


@pytest.fixture
def work_item(case: Case) -> WorkItem:
    """The ready work item of the case."""
    return item(case, "a")


@pytest.fixture
def noticed() -> type[Event]:
    """An event that carries anything; its class declares no case."""

    class Noticed(Event):
        what: Any = None
        user: Any = None
        context: Any = None

    return Noticed


@pytest.fixture
def receiver() -> None:
    """Register a receiver in the background by this name, which nothing reaches by an emission."""

    class Matter(Event):
        pass

    @on(Matter, delivery="background", name="receiver")
    def receiver() -> None: ...


@pytest.fixture
def stored(noticed: type[Event]) -> Callable[..., LoggedEvent]:
    """Store an occurrence, and return its row as another process reads it."""

    def store(what: Any = None, sender: object = None, **payload_too: Any) -> LoggedEvent:
        logged = payload.encode(make(noticed, {"what": what, **payload_too}, sender))
        logged.save(force_insert=True)
        return LoggedEvent.objects.get(pk=logged.pk)

    return store


@pytest.fixture
def carried(stored: Callable[..., LoggedEvent]) -> Callable[[Any], Any]:
    """Return what a receiver in the background gets for a value."""
    return lambda what: payload.decode(stored(what), DELIVERY_ID).what  # type: ignore[attr-defined]


@pytest.fixture
def nudges(monkeypatch: pytest.MonkeyPatch) -> list[bool]:
    """Whether a transaction was open when a worker was woken, each time; no engine is asked."""
    woken: list[bool] = []

    def nudge() -> None:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 'nudge'")  # in place of the statement of an engine
        woken.append(connection.in_atomic_block)

    monkeypatch.setattr(engines, "nudge", nudge)
    return woken
