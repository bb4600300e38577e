"""Muting receivers for a while."""

import pytest
from django.db import connection
from django.dispatch import Signal

from tests.events.notebook import Notebook
from workflow_events.events import Event, emit, on
from workflow_events.events.emission.dispatch import is_heard
from workflow_events.events.registration.receivers import Receiver
from workflow_events.events.registration.registry import registry
from workflow_events.events.registration.targets import Source

fired = Signal()


def everybody(receiver: Receiver, source: Source, sender: object) -> bool:
    return True


def test_who_is_muted_gets_nothing(matter: type[Event]) -> None:
    """Those for which the question is answered with yes; also where plans were made before."""
    got: list[str] = []

    @on(matter)
    def one() -> None:
        got.append("one")

    on(matter)(lambda: got.append("two"))
    emit(matter, sender=int)
    with registry.muted(lambda receiver, *_: receiver.function is one):
        emit(matter, sender=int)
    emit(matter, sender=int)
    assert got == ["one", "two", "two", "one", "two"]


def test_muting_adds_up(matter: type[Event]) -> None:
    got: list[int] = []
    for number in range(3):
        on(matter, order=number)(lambda number=number: got.append(number))
    with registry.muted(lambda receiver, *_: receiver.order == 0):
        with registry.muted(lambda receiver, *_: receiver.order == 1):
            emit(matter, sender=None)
        emit(matter, sender=None)
    assert got == [2, 1, 2]


def test_for_one_event_or_one_sender(matter: type[Event]) -> None:
    """The question names the receiver, what is emitted, and by whom."""
    got: list[tuple[str, object]] = []
    on([matter, fired])(lambda event, sender: got.append((event.event_name, sender)))

    def is_muted(receiver: Receiver, source: Source, sender: object) -> bool:
        return (source is matter and sender is int) or source is fired

    with registry.muted(is_muted):
        emit(matter, sender=int)
        emit(matter, sender=str)
        fired.send(sender=str)
    emit(matter, sender=int)
    assert got == [("matter", str), ("matter", int)]


def test_everybody(matter: type[Event]) -> None:
    """Then nobody listens."""
    got: list[str] = []
    on([matter, fired])(lambda: got.append("x"))
    with registry.muted(everybody):
        emit(matter, sender=None)
        fired.send(sender=None)
        assert not is_heard(matter, None)
    assert got == []
    emit(matter, sender=None)
    fired.send(sender=None)
    assert got == ["x", "x"]


def test_an_error_ends_it(matter: type[Event]) -> None:
    got: list[str] = []
    on(matter)(lambda: got.append("x"))
    with pytest.raises(ZeroDivisionError), registry.muted(everybody):
        1 // 0  # noqa: B018
    emit(matter, sender=None)
    assert got == ["x"]


@pytest.mark.usefixtures("tables")
def test_later_phases(matter: type[Event], notebook: Notebook) -> None:
    """Nothing is done after COMMIT, and nothing is stored for the background."""
    got: list[str] = []
    on(matter, delivery="commit")(lambda: got.append("commit"))
    on(matter, background=True, name="later")(lambda: None)
    with registry.muted(everybody):
        emit(matter, sender=None)
    assert (got, notebook.stored, connection.run_on_commit) == ([], [], [])
    emit(matter, sender=None)
    assert (got, notebook.stored) == (["commit"], [["matter {} to later"]])
