"""Taking registrations back."""

from typing import Any

from django.dispatch import Signal

from workflow_events.events import Event, Listener, emit, filter_events, off, on
from workflow_events.events.registration.registry import registry


def test_a_receiver_is_called_no_more(matter: type[Event]) -> None:
    """All its registrations go, and no other one; a second time there is none."""
    got: list[str] = []

    def one() -> None:
        got.append("one")

    before = list(registry.receivers)
    on(matter)(on(matter, order=1)(one))
    on(matter)(lambda: got.append("two"))
    emit(matter, sender=None)
    assert off(one) is True
    emit(matter, sender=None)
    assert got == ["one", "two", "one", "two"]
    assert len(registry.receivers) == len(before) + 1
    assert off(one) is False


def test_a_method_and_a_class(matter: type[Event]) -> None:
    got: list[str] = []

    class Told(Listener):
        listens_for = matter

        @filter_events(lambda: True)
        def handle(self) -> None:
            got.append("told")

    class Other:
        def hear(self) -> None:
            got.append("heard")

    other = Other()
    on(matter)(other.hear)
    assert off(other.hear)
    emit(matter, sender=None)
    assert got == ["told"]
    assert off(Told)
    assert not off(Told.handle)
    emit(matter, sender=None)
    assert got == ["told"]


def test_a_receiver_of_a_signal() -> None:
    sent, got = Signal(), []
    hear: Any = on(sent)(lambda: got.append(1))
    sent.send(sender=None)
    assert off(hear)
    sent.send(sender=None)
    assert got == [1]


def test_what_is_no_receiver() -> None:
    assert off(print) is False
    assert off("a name") is False
