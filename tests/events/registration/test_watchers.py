"""Watching what is emitted, and following who listens."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from django.dispatch import Signal

from workflow_events.events import Event, ReceiverError, emit, on
from workflow_events.events.emission.dispatch import is_heard
from workflow_events.events.registration.registry import registry

pytestmark = pytest.mark.any_database
fired = Signal()


class Watching:
    """Notes when emissions begin and end."""

    def __init__(self, name: str = "") -> None:
        self.name = name
        self.seen: list[str] = []

    @contextmanager
    def __call__(self, event: Event) -> Iterator[None]:
        self.seen.append(f"begin {event.event_name}")
        try:
            yield
        except Exception as error:
            self.seen.append(type(error).__name__)
            raise
        finally:
            self.seen.append(f"end {event.event_name}")


@pytest.fixture
def inner() -> type[Event]:
    class Inner(Event):
        pass

    return Inner


def test_its_body_is_the_emission(matter: type[Event], inner: type[Event]) -> None:
    """Also of events that nobody hears; nested ones inside the emission around them."""
    watching = Watching()
    on(matter)(lambda: watching.seen.append("receiver"))
    on(matter)(lambda: emit(inner, sender=None))
    with registry.watched_by(watching):
        emit(matter, sender=int)
    emit(matter, sender=int)
    assert watching.seen == [
        *("begin matter", "receiver", "begin inner", "end inner", "end matter"),
        "receiver",
    ]


def test_prepared_plans_are_watched_too(matter: type[Event]) -> None:
    """What has been emitted before, is watched from now on, and no longer afterwards."""
    watching = Watching()
    emit(matter, sender=int)
    with registry.watched_by(watching):
        emit(matter, sender=int)
        assert is_heard(matter, int)
    emit(matter, sender=int)
    assert watching.seen == ["begin matter", "end matter"]
    assert not is_heard(matter, int)


def test_several(matter: type[Event]) -> None:
    """The first stands around the second; each ends by itself."""
    first, second = Watching(), Watching()
    second.seen = first.seen
    with registry.watched_by(first):
        with registry.watched_by(second):
            emit(matter, sender=None)
        emit(matter, sender=None)
    assert first.seen == ["begin matter"] * 2 + ["end matter"] * 2 + ["begin matter", "end matter"]


def test_an_error_passes_it(matter: type[Event]) -> None:
    @on(matter, raise_exception=True)
    def fails() -> None:
        raise ValueError("no")

    watching = Watching()
    with registry.watched_by(watching), pytest.raises(ReceiverError):
        emit(matter, sender=None)
    assert watching.seen == ["begin matter", "ReceiverError", "end matter"]


def test_signals() -> None:
    watching = Watching()
    on(fired)(lambda: None)
    with registry.watched_by(watching):
        fired.send(sender=None)
    assert watching.seen == [f"begin {__name__}.fired", f"end {__name__}.fired"]


def test_followers_hear_of_receivers(matter: type[Event]) -> None:
    """Called whenever receivers came or went, also when a scope ends."""
    counts: list[int] = []

    def follow() -> None:
        counts.append(len(registry.receivers) - before)

    before = len(registry.receivers)
    registry.followers.append(follow)
    try:
        on(matter)(lambda: None)
        with registry.scoped():
            on([matter, "*"])(lambda: None)
    finally:
        registry.followers.remove(follow)
    on(matter)(lambda: None)
    assert counts == [1, 2, 1]


def test_a_scope_restores(matter: type[Event]) -> None:
    """What was registered or declared inside is forgotten, plans and bridges included."""
    got: list[Any] = []
    bridged = len(fired.receivers)
    with registry.scoped() as same:
        assert same is registry

        class Passing(Event):
            pass

        on([matter, Passing, fired])(lambda: got.append("inside"))
        emit(matter, sender=int)
        assert len(fired.receivers) == bridged + 1
    emit(matter, sender=int)
    assert got == ["inside"]
    assert len(fired.receivers) == bridged

    class Passing(Event):  # type: ignore[no-redef]
        """Of the same name, which is free again."""
