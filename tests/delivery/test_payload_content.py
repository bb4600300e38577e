"""What people read of a stored event, without anything being called or loaded."""

from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from tests.graphql.rows import make_case, make_event, make_item
from tests.workflow.builders import statements
from workflow_events.delivery.models import LoggedEvent
from workflow_events.delivery.payload import content
from workflow_events.workflow.models import Case, WorkItem
from workflow_events.workflow.users import AnonymousUser, BaseUser

pytestmark = pytest.mark.django_db


def stored(event: LoggedEvent) -> LoggedEvent:
    """The event as the database gives it."""
    return LoggedEvent.objects.get(pk=event.pk)


@pytest.mark.parametrize(
    ("given", "read"),
    [
        (None, None),
        ("text", "text"),
        ([1, 2.5, True, None], [1, 2.5, True, None]),
        ({"b": {"a": 1}, "a": []}, {"b": {"a": 1}, "a": []}),
        ({"$row": {"model": "x"}, "$order": 1}, {"$row": {"model": "x"}, "$order": 1}),
        ({"$date": "2026-01-02"}, {"$date": "2026-01-02"}),
        ({"on": date(2026, 1, 2), 5: ("a", "b")}, {"on": "2026-01-02", "5": ["a", "b"]}),
        ({"price": Decimal("1.50"), "all": {3}}, {"price": "1.50", "all": [3]}),
    ],
)
def test_context(given: Any, read: Any) -> None:
    event = stored(make_event(make_case(), context=given))

    with statements() as sql:
        found = content.context_of(event)
    assert found == read
    assert len(sql) == 0
    if isinstance(read, dict):
        assert list(found) == list(read)


def test_rows_in_a_context_are_null() -> None:
    """Who sees the event need not see them."""
    event = stored(make_event(make_case(), context={"case": make_case(), "n": 1}))

    with statements() as sql:
        assert content.context_of(event) == {"case": None, "n": 1}
    assert len(sql) == 0


@pytest.mark.parametrize(
    ("user", "group"),
    [
        (BaseUser("ann", ["clerks", "people"]), "clerks"),
        (BaseUser("ann"), None),
        (AnonymousUser(), None),
        (None, None),
    ],
)
def test_group(user: Any, group: str | None) -> None:
    assert content.group_of(stored(make_event(make_case(), user=user))) == group


def test_keys_of_instances() -> None:
    case = make_case()
    item = make_item(case)
    completed, created = stored(make_event(case, item)), stored(make_event(case))

    assert content.key_of(completed, WorkItem, "work_item", "instance") == item.pk
    assert content.key_of(completed, WorkItem, "instance") is None
    assert content.key_of(created, WorkItem, "work_item", "case") is None
    assert content.key_of(created, Case, "work_item", "case") == case.pk


def test_an_event_without_user_and_context() -> None:
    event = stored(make_event())

    assert content.group_of(event) is None
    assert content.context_of(event) is None
    assert content.key_of(event, WorkItem, "work_item") is None
