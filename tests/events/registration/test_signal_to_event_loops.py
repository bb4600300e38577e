"""``signal_to_event``: the loops that a signal and its event can make, on purpose or not."""

import re
from typing import Any

import pytest
from django.db import transaction
from django.db.models.signals import post_save
from django.dispatch import Signal

from tests.events.tables import Note, Parent
from workflow_events.events import (
    Event,
    ReceiverError,
    declare_event,
    emit,
    on,
    signal_to_event,
)
from workflow_events.events.errors import EventDepthExceeded, EventLoop

fired = Signal()
returned = Signal()
HERE = f"{__name__}.signal_to_event"


@pytest.fixture
def page_saved() -> type[Event]:
    class PageSaved(Event):
        page: Parent
        created: bool

    return PageSaved


@pytest.mark.usefixtures("tables")
def test_a_veto_of_a_save(page_saved: type[Event]) -> None:
    """The save that sent the signal is rolled back, with what receivers wrote."""
    signal_to_event(post_save, page_saved, sender=Parent, map={"page": "instance"})
    on(page_saved)(lambda: Note.write("x"))

    @on(page_saved, raise_exception=True)
    def veto() -> None:
        raise ValueError("no")

    with pytest.raises(ReceiverError, match=r"^no$"), transaction.atomic():
        Parent(slug="p").save()
    assert (Parent.objects.count(), Note.all_by()) == (0, [])


@pytest.mark.usefixtures("tables")
@pytest.mark.parametrize("again", ["the same instance", "the same row"])
def test_a_loop_of_a_save(page_saved: type[Event], again: str) -> None:
    """The same signal of the same row ends everything at once, and nothing is kept."""
    calls: list[str] = []
    signal_to_event(post_save, page_saved, sender=Parent, map={"page": "instance"})

    @on(page_saved)
    def saves(page: Parent) -> None:
        calls.append(page.slug)
        Note.write(f"saved {len(calls)}")
        (page if again == "the same instance" else Parent.objects.get(pk=page.pk)).save()

    @on(page_saved, order=1)
    def never() -> None:
        calls.append("never")

    Parent.objects.bulk_create([Parent(slug="p")])
    with pytest.raises(EventLoop) as caught, transaction.atomic():
        Parent.objects.get().save()
    signal, local = "django.db.models.signals.post_save", f"{__name__}.{saves.__qualname__}"
    assert str(caught.value).splitlines() == [
        "A signal that is made an event comes back to itself, and would do so for ever:",
        f"  {HERE}({signal} → page_saved) (on {signal}) emits page_saved",
        f"  {local} (on page_saved) emits {signal}",
        f"  {HERE}({signal} → page_saved) (on {signal}) would emit page_saved",
        "Let one of them do nothing where nothing is left to do: event= may be a function that "
        "returns None.",
    ]
    assert isinstance(caught.value, EventDepthExceeded)
    assert calls == ["p"]
    assert Note.all_by() == []


@pytest.mark.usefixtures("tables")
def test_a_loop_that_a_receiver_swallows(page_saved: type[Event]) -> None:
    """It passes every receiver."""
    signal_to_event(post_save, page_saved, sender=Parent, map={"page": "instance"})
    calls: list[str] = []

    @on(page_saved)
    def swallows(page: Parent) -> None:
        calls.append("swallows")
        try:
            page.save()
        except Exception:
            calls.append("swallowed")

    on(page_saved)(lambda: calls.append("never"))
    Parent.objects.bulk_create([Parent(slug="p")])
    with pytest.raises(EventLoop), transaction.atomic():
        Parent.objects.get().save()
    assert calls == ["swallows", "swallowed"]
    emit(page_saved, sender=None, page=None, created=False)
    assert calls[2:] == ["swallows", "swallowed", "never"]  # None has no save


@pytest.mark.usefixtures("tables")
def test_recursion_that_ends(page_saved: type[Event]) -> None:
    """Another row, other arguments, or nothing left to say: no loop."""
    calls: list[Any] = []

    def choose(created: bool) -> type[Event] | None:
        return page_saved if created else None

    signal_to_event(post_save, choose, sender=Parent, map={"page": "instance"})

    @on(page_saved)
    def saves(page: Parent) -> None:
        calls.append(page.slug)
        page.save()
        if len(page.slug) < 4:
            Parent(slug=page.slug + "p").save()

    Parent(slug="p").save()
    assert calls == ["p", "pp", "ppp", "pppp"]
    assert Parent.objects.count() == 4


def test_a_loop_of_two_conversions() -> None:
    """A → B → A, with arguments that are equal; what counts down goes on to its end."""
    first = declare_event("first::sent", price=int)
    second = declare_event("second::sent", price=int)
    signal_to_event(fired, first)
    signal_to_event(returned, second)
    calls: list[Any] = []

    @on(first)
    def sends(price: int, sender: Any) -> None:
        calls.append(price)
        if price:
            returned.send(sender=sender, price=price)

    @on(second)
    def sends_back(price: int, sender: Any) -> None:
        fired.send(sender=sender, price=price - 1 if sender is int else price)

    fired.send(sender=int, price=3)
    assert calls == [3, 2, 1, 0]
    calls.clear()
    with pytest.raises(EventLoop) as caught:
        fired.send(sender=str, price=3)
    assert calls == [3]
    steps = re.findall(r"(?:emits|would emit) (\S+)", str(caught.value))
    first_signal, second_signal = f"{__name__}.fired", f"{__name__}.returned"
    assert steps == ["first::sent", second_signal, "second::sent", first_signal, "first::sent"]


def test_loops_are_of_one_sender_and_one_object() -> None:
    """Equal is not enough for what can be changed: another list is another thing to tell."""
    told = declare_event("thing::told", things=list)
    signal_to_event(fired, told)
    calls: list[Any] = []

    @on(told)
    def tells(things: list[int], sender: Any) -> None:
        calls.append((sender, list(things)))
        if len(calls) < 3:
            fired.send(sender=sender, things=[*things])
        elif sender is int:
            fired.send(sender=str, things=things)
        else:
            fired.send(sender=sender, things=things)

    with pytest.raises(EventLoop):
        fired.send(sender=int, things=[1])
    assert calls == [(int, [1])] * 3 + [(str, [1])]
