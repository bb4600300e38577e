"""`emit` where an event loop runs in the thread."""

import asyncio
from typing import Any

import pytest
from asgiref.sync import async_to_sync, sync_to_async
from django.core.exceptions import SynchronousOnlyOperation
from django.db import connection
from django.db.models.signals import post_init
from django.dispatch import Signal
from django.http import HttpRequest, HttpResponse
from django.test import AsyncClient, Client, override_settings
from django.urls import path

from tests.events.emission.loops import run
from tests.events.tables import Note
from workflow_events.events import Event, aemit, emit, on
from workflow_events.events.emission.running_loop import scheduled
from workflow_events.events.errors import (
    SynchronousEmission,
)
from workflow_events.events.registration.registry import registry
from workflow_events.workflow.api import start_case

REFUSED = {
    "sync": {"function": "sync"},
    "sync, atomic=False": {"function": "sync", "atomic": False},
    "async": {},
    "async, raise_exception": {"atomic": False, "raise_exception": True},
    "after COMMIT": {"atomic": False, "delivery": "commit"},
    "background": {"atomic": False, "background": True},
}


@pytest.mark.parametrize("options", REFUSED.values(), ids=REFUSED)
def test_refused(matter: type[Event], notebook: Any, options: dict[str, Any]) -> None:
    """The error names `aemit` and the receivers, and is raised before any receiver ran."""
    got = []
    options = dict(options)
    is_sync = options.pop("function", None) == "sync"

    @on(matter, atomic=False)
    async def may() -> None:
        got.append("may")

    def sync() -> None:
        got.append("sync")

    async def asynchronous() -> None:
        got.append("async")

    on(matter, order=1, **options)(sync if is_sync else asynchronous)

    async def main() -> None:
        with pytest.raises(SynchronousEmission, match="await aemit") as caught:
            emit(matter, sender=None)
        assert f".{'sync' if is_sync else 'asynchronous'}" in str(caught.value)
        assert isinstance(caught.value, SynchronousOnlyOperation)
        assert not scheduled

    asyncio.run(main())
    assert got == []
    assert notebook.stored == []


def test_refused_by_the_event_log(matter: type[Event], notebook: Any) -> None:
    """An event that nobody hears is stored where there is a log: that is SQL."""
    notebook.wanted = {matter}

    async def main() -> None:
        with pytest.raises(SynchronousEmission, match="the event log"):
            emit(matter, sender=None)

    asyncio.run(main())


def test_nobody_listens(matter: type[Event]) -> None:
    async def main() -> None:
        assert emit(matter, sender=None).sender is None
        with registry.watched_by(seen):
            emit(matter, sender=None)

    got = []

    class seen:  # noqa: N801
        def __init__(self, event: Event) -> None:
            got.append(event)

        def __enter__(self) -> None:
            pass

        def __exit__(self, *_: object) -> None:
            pass

    asyncio.run(main())
    assert len(got) == 1


def test_without_robust(matter: type[Event]) -> None:
    """Nobody would get the exception."""

    @on(matter, atomic=False)
    async def receiver() -> None: ...

    async def main() -> None:
        with pytest.raises(SynchronousEmission):
            emit(matter, sender=None, robust=False)

    asyncio.run(main())


def test_inside_a_receiver(matter: type[Event]) -> None:
    """The loop of an async receiver may end with it, so that `aemit` is the way there."""

    class Inner(Event):
        pass

    @on(Inner, atomic=False)
    async def inner() -> None: ...

    @on(matter)
    async def receiver() -> None:
        emit(Inner, sender=None)

    with pytest.raises(SynchronousEmission, match="inner was emitted"):
        emit(matter, sender=None, robust=False)


@pytest.mark.usefixtures("tables")
def test_signals() -> None:
    """`send` is refused, `asend` is the way."""
    signal = Signal()
    got = []

    @on(signal)
    def receiver() -> None:
        Note.write("signal")
        got.append("receiver")

    async def main() -> None:
        with pytest.raises(SynchronousEmission, match=r"await signal\.asend"):
            signal.send(None)
        assert got == []
        await signal.asend(None)
        assert got == ["receiver"]

    run(main)
    assert Note.all_by() == ["signal"]


def test_signal_of_a_model() -> None:
    """Making an instance sends signals, in async code too."""

    @on(post_init, sender=Note)
    def receiver() -> None: ...

    async def main() -> None:
        with pytest.raises(SynchronousEmission):
            Note(by="async")

    asyncio.run(main())


@pytest.mark.usefixtures("tables")
def test_threads_without_a_loop(matter: type[Event]) -> None:
    """Sync code below async code is not refused: neither in Django's views nor its async ORM."""
    got = []

    @on(matter)
    def receiver() -> None:
        got.append("receiver")

    def view(request: HttpRequest) -> HttpResponse:
        emit(matter, sender=None)
        return HttpResponse()

    async def async_view(request: HttpRequest) -> HttpResponse:
        with pytest.raises(SynchronousEmission):
            emit(matter, sender=None)
        await aemit(matter, sender=None)
        return HttpResponse()

    urls: Any = type("urls", (), {"urlpatterns": [path("sync", view), path("async", async_view)]})

    async def ask() -> None:
        for place in ("/sync", "/async"):
            response = await AsyncClient().get(place)
            assert response.status_code == 200
        await sync_to_async(emit)(matter, sender=None)

    with override_settings(ROOT_URLCONF=urls, MIDDLEWARE=[]):
        assert Client().get("/sync").status_code == 200
        assert Client().get("/async").status_code == 200
        assert len(got) == 2
        run(ask)
        async_to_sync(ask)()
    assert len(got) == 8


@pytest.mark.usefixtures("tables")
def test_allowed_by_django(matter: type[Event], monkeypatch: pytest.MonkeyPatch) -> None:
    """`DJANGO_ALLOW_ASYNC_UNSAFE` lets sync receivers run, isolated as ever; async ones not."""
    monkeypatch.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "1")

    @on(matter)
    def fails() -> None:
        Note.write("fails")
        raise ValueError("no")

    @on(matter)
    def writes() -> None:
        Note.write("writes")

    async def main() -> None:
        emit(matter, sender=None)
        connection.close()

    asyncio.run(main())
    assert Note.all_by() == ["writes"]
    emit(matter, sender="sync code, on its own connection")

    @on(matter)
    async def asynchronous() -> None: ...

    async def refused() -> None:
        with pytest.raises(SynchronousEmission):
            emit(matter, sender=None)

    asyncio.run(refused())


def test_operations_are_refused_by_django(db: None) -> None:
    """The Python API is synchronous: Django says so before anything is done."""

    async def main() -> None:
        with pytest.raises(SynchronousOnlyOperation, match="sync_to_async"):
            start_case("application", None)

    asyncio.run(main())
