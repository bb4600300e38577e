"""Expecting events without running their receivers."""

from typing import Any, Generic, TypeVar

import pytest
from django.db.models.signals import post_save
from django.dispatch import Signal

from tests.testing.matters import heard, matter, other
from workflow_events.events import Event, emit, on
from workflow_events.testing import Emissions, UnknownEvent, recorded_events

__all__ = ["heard", "matter", "other"]
pytestmark = pytest.mark.any_database

T = TypeVar("T")
asked = Signal()


def test_expected_events_come_and_their_receivers_do_not_run(
    matter: Any, other: Any, heard: list[int], events: Emissions
) -> None:
    others = []
    on(other)(lambda: others.append(1))
    emit(matter, sender=None, number=1)
    with events.expect(matter) as emitted:
        emit(matter, sender=None, number=2)
        emit(other, sender=None)
        assert emitted.names() == ["matter", "other"]
    emit(matter, sender=None, number=3)
    assert heard == [1, 3]
    assert others == [1]
    assert events.names() == ["matter", "matter", "other", "matter"]
    emitted.assert_emitted(matter, number=2)


def test_receivers_are_kept_from_these_events_alone(matter: Any, other: Any) -> None:
    got: list[str] = []
    on([matter, other])(lambda event: got.append(event.event_name))
    on("*")(lambda event: got.append(f"* {event.event_name}"))
    with recorded_events() as events, events.expect(other):
        emit(matter, sender=None, number=1)
        emit(other, sender=None)
    assert got == ["matter", "* matter"]


def test_events_of_one_sender_are_expected_of_that_one_alone() -> None:
    got: list[object] = []

    class Stored(Event, Generic[T], subscript_is_sender=True):
        pass

    class Page:
        pass

    class Letter:
        pass

    @on(Stored)
    def note(sender: object) -> None:
        got.append(sender)

    with recorded_events() as events, events.expect(Stored[Page]):
        emit(Stored, sender=Page)
        emit(Stored, sender=Letter)
    assert got == [Letter]


def test_signals_go_on_while_events_are_expected(matter: Any) -> None:
    got: list[int] = []
    on([matter, asked])(lambda event: got.append(event.number))
    with recorded_events() as events, events.expect("*"):
        emit(matter, sender=None, number=1)
        asked.send(None, number=2)
    assert got == [2]


def test_those_that_never_came_are_listed(
    matter: Any, other: Any, heard: list[int], events: Emissions
) -> None:
    emit(other, sender=None)
    with pytest.raises(AssertionError) as caught, events.expect("mat*", "othe?"):
        emit(matter, sender=None, number=2)
    assert str(caught.value).splitlines() == [
        "Never emitted: othe?.",
        "  expected                                    | emitted",
        f"  {'-' * 43} | {'-' * 44}",
        "  mat*                                        | matter from None",
        "! othe?                                       |",
    ]
    instead = r"! other +\| matter from None"
    with pytest.raises(AssertionError, match=instead), events.expect(other):
        emit(matter, sender=None, number=2)
    assert heard == [2]


def test_what_the_block_raises_comes_first(
    matter: Any, heard: list[int], events: Emissions
) -> None:
    with pytest.raises(ZeroDivisionError), events.expect(matter):
        _ = 1 / 0
    emit(matter, sender=None, number=1)
    assert heard == [1]


def test_what_cannot_come_is_refused(events: Emissions) -> None:
    with pytest.raises(UnknownEvent), events.expect("payment::*"):
        pass
    with pytest.raises(TypeError, match="Name the events"), events.expect():
        pass
    with pytest.raises(TypeError, match="is a signal"), events.expect(post_save):
        pass
