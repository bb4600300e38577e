"""``@on(…, concurrent=True)``: what receivers see of the event and of each other."""

import asyncio
import contextvars
from collections.abc import Callable
from typing import Any

import pytest
from django.db import transaction

from tests.events.tables import Child, Note
from workflow_events.events import Event, emit, filter_events, on
from workflow_events.events.emission.frames import beside
from workflow_events.events.errors import (
    ConcurrentAssignment,
)


def test_assignments_are_refused(child_seen: type[Event], errors: Any) -> None:
    @on(child_seen, concurrent=True)
    async def assigns(event: Any) -> None:
        event.label = "assigned"

    event: Any = emit(child_seen, sender=None, child=None)
    assert event.label == "label"
    [record] = errors()
    assert isinstance(record.exc_info[1], ConcurrentAssignment)
    assert "assigns child_seen.label" in str(record.exc_info[1])


@pytest.mark.usefixtures("tables")
def test_changes_in_place_are_undone(
    child_seen: type[Event], child: Child, statements: Any
) -> None:
    """Whether it fails or not; later receivers find all as it was."""
    got = []

    @on(child_seen, concurrent=True)
    async def changes(child: Child, data: dict[str, Any]) -> None:
        child.name = "changed"
        data["deep"].append(1)

    @on(child_seen, concurrent=True)
    async def fails(child: Child, data: dict[str, Any]) -> None:
        child.data["more"] = 1
        data["other"] = 1
        raise ValueError

    @on(child_seen, order=1)
    def later(child: Child, data: dict[str, Any]) -> None:
        got.append((child.name, child.data, data))

    data: dict[str, Any] = {"deep": []}
    deep = data["deep"]
    with statements() as sent:
        emit(child_seen, sender=None, child=child, data=data)
    assert got == [("child", {"deep": [1]}, {"deep": []})]
    assert data["deep"] is deep
    assert sent.verbs == []


def test_filters_are_asked_before(matter: type[Event], errors: Any) -> None:
    """In order, before any of them runs; one that fails is the failure of its receiver."""
    got = []

    def asks(name: str, answer: bool) -> Callable[..., bool]:
        def asking() -> bool:
            got.append(f"ask {name}")
            assert beside.get() is None
            return answer

        return asking

    def fails() -> bool:
        raise ValueError("no")

    @on(matter, concurrent=True)
    async def unfiltered() -> None:
        got.append("unfiltered")

    @on(matter, concurrent=True)
    @filter_events(asks("a", True))
    async def chosen() -> None:
        got.append("chosen")

    @on(matter, concurrent=True)
    @filter_events(asks("b", False))
    async def filtered() -> None:
        got.append("filtered")

    @on(matter, concurrent=True)
    @filter_events(fails)
    async def failing() -> None:
        got.append("failing")

    emit(matter, sender=None)
    assert got == ["ask a", "ask b", "unfiltered", "chosen"]
    [record] = errors()
    assert record.receiver.endswith("failing")


@pytest.mark.usefixtures("tables")
def test_filters_may_use_the_database(matter: type[Event], errors: Any) -> None:
    """They run in the ordinary, isolated way."""
    got = []

    def writes() -> bool:
        Note.write("filter")
        return True

    def fails() -> bool:
        Note.write("failing filter")
        raise ValueError

    @on(matter, concurrent=True, atomic=False)
    @filter_events(writes)
    @filter_events(lambda: Note.objects.count() == 1)
    async def receiver() -> None:
        got.append("receiver")

    @on(matter, concurrent=True, atomic=False)
    @filter_events(fails)
    async def failing() -> None:
        got.append("failing")

    with transaction.atomic():
        emit(matter, sender=None)
    assert got == ["receiver"]
    assert Note.all_by() == ["filter"]
    assert len(errors()) == 1


def test_filters_that_keep_all_from_running(matter: type[Event]) -> None:
    got = []

    @on(matter, concurrent=True)
    @filter_events(lambda: got.append("asked"))
    async def receiver() -> None:
        got.append("ran")

    emit(matter, sender=None)
    assert got == ["asked"]


def test_context_does_not_leak(matter: type[Event]) -> None:
    variable = contextvars.ContextVar("variable", default="nothing")
    got = []

    @on(matter, concurrent=True)
    async def sets() -> None:
        got.append(variable.get())
        variable.set("set")

    @on(matter, concurrent=True)
    async def reads() -> None:
        await asyncio.sleep(0)
        got.append(variable.get())

    variable.set("outside")
    emit(matter, sender=None, robust=False)
    assert got == ["outside", "outside"]
    assert (variable.get(), beside.get()) == ("outside", None)
