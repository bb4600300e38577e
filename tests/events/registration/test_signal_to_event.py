"""``signal_to_event``: an event for each time that a signal is sent."""

# A lambda has the name that a receiver is called by; the builtin has none.
# ruff: noqa: PLW0108

import re
from collections.abc import Callable
from typing import Any

import pytest
from asgiref.sync import async_to_sync
from django.db.models.signals import post_save
from django.dispatch import Signal

from tests.events.tables import Parent
from workflow_events.events import (
    Event,
    ReceiverError,
    declare_event,
    on,
    signal_to_event,
)
from workflow_events.events.errors import RegistrationError
from workflow_events.events.registration.registry import registry

fired = Signal()
returned = Signal()
HERE = f"{__name__}.signal_to_event"


@pytest.fixture
def sold() -> type[Event]:
    class Sold(Event):
        price: int
        note: str = "none"

    return Sold


def test_arguments_of_the_same_name(sold: type[Event]) -> None:
    """The event declares which; its sender is that of the signal; the rest is left out."""
    got: list[Any] = []
    on(sold)(lambda event: got.append((event.sender, vars(event))))
    signal_to_event(fired, sold)
    fired.send(sender=int, price=3, other=4)
    fired.send(sender=None, price=5, note="x", event=1, robust=2, envelope=4)
    assert got == [(int, {"price": 3, "note": "none"}), (None, {"price": 5, "note": "x"})]


def test_it_is_caused_by_the_signal(sold: type[Event]) -> None:
    causes: list[Any] = []
    on(fired)(lambda event: causes.append(event.envelope.id))
    on(sold)(lambda event: causes.append(event.envelope.cause))
    signal_to_event(fired, sold)
    fired.send(sender=None, price=1)
    assert len(set(causes)) == 1


@pytest.mark.parametrize(
    ("mapping", "payload"),
    [
        ({"price": "amount"}, {"price": 4, "note": "n"}),
        ({"price": "amount", "note": "sender"}, {"price": 4, "note": int}),
        (lambda amount, sender: {"price": amount + 1}, {"price": 5, "note": "none"}),
        (lambda **sent: {"price": len(sent)}, {"price": 5, "note": "none"}),
        (lambda event: {"price": event.event_name}, {"price": f"{__name__}.fired", "note": "none"}),
    ],
)
def test_map(sold: type[Event], mapping: Any, payload: dict[str, Any]) -> None:
    """What is renamed, or a function that takes what it asks for, by name."""
    got: list[Any] = []
    on(sold)(lambda event: got.append(vars(event)))
    signal_to_event(fired, sold, map=mapping)
    fired.send(sender=int, amount=4, note="n")
    assert got == [payload]


def test_senders(sold: type[Event]) -> None:
    """`sender` is as in `on`; `event_sender` is who sends the event instead."""
    got: list[Any] = []
    on(sold)(lambda sender, price: got.append((sender, price)))
    signal_to_event(fired, sold, sender=int)
    signal_to_event(fired, sold, sender=str, event_sender=Parent)
    for price, sender in enumerate((int, bool, str, None)):
        fired.send(sender=sender, price=price)
    assert got == [(int, 0), (bool, 1), (Parent, 2)]


def test_events_by_name_and_by_function(sold: type[Event]) -> None:
    """A name; a function that returns a class or a name, or None: then nothing is emitted."""
    declare_event("thing::returned", price=int)
    got: list[Any] = []
    on([sold, "thing::*"])(lambda event: got.append((event.event_name, event.price)))

    def choose(price: int, back: bool = False) -> type[Event] | str | None:
        if not price:
            return None
        return "thing::returned" if back else sold

    signal_to_event(fired, choose)
    signal_to_event(returned, "thing::returned")
    fired.send(sender=None, price=0)
    fired.send(sender=None, price=1)
    fired.send(sender=None, price=2, back=True)
    returned.send(sender=None, price=3)
    assert got == [("sold", 1), ("thing::returned", 2), ("thing::returned", 3)]


def test_visible_as_a_registration(sold: type[Event]) -> None:
    """With a telling name, its order, and the line that made it."""

    def choose() -> None: ...

    signal_to_event(post_save, sold, map={"price": "raw"}, order=7)
    signal_to_event(fired, choose)
    signal_to_event(fired, "sold")
    first, second, third = registry.receivers[-3:]
    assert first.name == f"{HERE}(django.db.models.signals.post_save → sold)"
    assert second.name == f"{HERE}({__name__}.fired → {__name__}.{choose.__qualname__})"
    assert third.name == f"{HERE}({__name__}.fired → sold)"
    assert first.order == 7
    line = test_visible_as_a_registration.__code__.co_firstlineno + 5
    assert first.defined_at == f"{__file__}:{line}"


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        (lambda sold: (3, sold), "signal_to_event takes a Django signal, not 3."),
        (lambda sold: (fired, 3), "needs an event class, a name or a function that chooses one."),
        (lambda sold: (fired, [sold]), "needs an event class, a name or a function"),
        (lambda sold: (fired, Event), "Event is no event that can be emitted."),
        (lambda sold: (fired, int), "int is no event that can be emitted."),
        (lambda sold: (fired, sold, ["price"]), "map=['price'] is no dict or function."),
        (
            lambda sold: (fired, sold, {"prize": "a"}),
            "the map gives prize, which the event sold does not carry; it carries note, price. "
            "Did you mean 'price'?",
        ),
        (lambda sold: (fired, "sold", {"xyz": "a"}), "the map gives xyz, which the event sold"),
        (
            lambda sold: (fired, "slod"),
            "emits 'slod', but no such event is declared. Did you mean 'sold'?",
        ),
        (lambda sold: (fired, asynchronous), "asynchronous is async."),
    ],
)
def test_what_is_refused(
    sold: type[Event], wrong: Callable[[type[Event]], tuple[Any, ...]], message: str
) -> None:
    before, bridged = list(registry.receivers), len(fired.receivers)
    signal, event, *rest = wrong(sold)
    with pytest.raises(RegistrationError, match=re.escape(message)):
        signal_to_event(signal, event, map=rest[0] if rest else None)
    assert registry.receivers == before
    assert len(fired.receivers) == bridged


async def asynchronous() -> None: ...


def test_names_may_be_declared_until_the_start() -> None:
    """Until then, a name may be that of a module that is loaded later."""
    registry.loaded = False  # the scope of the test restores it
    signal_to_event(fired, "thing::sold", map={"price": "x"})
    [problem] = registry.problems_of(registry.receivers[-1])
    assert "emits 'thing::sold', but no such event is declared" in problem.message
    declare_event("thing::sold", cost=int)
    [problem] = registry.problems_of(registry.receivers[-1])
    assert "the map gives price, which the event thing::sold does not carry" in problem.message
    assert str(problem.place) == registry.receivers[-1].defined_at


@pytest.mark.parametrize(
    ("send", "message"),
    [
        (lambda sold: signal_to_event(fired, sold), "Sold lacks 'price'"),
        (lambda sold: signal_to_event(fired, sold, map={"price": "x"}), "the map takes x, which"),
        (lambda sold: signal_to_event(fired, lambda: "slod"), "No event 'slod' is declared"),
        (lambda sold: signal_to_event(fired, sold, map=lambda x: {}), "asks for x, which this"),
        (lambda sold: signal_to_event(fired, sold, map=lambda: None), "returned None, which is no"),
        (
            lambda sold: signal_to_event(fired, lambda: sold, map=lambda: {"a": 1}),
            "Sold has no attribute 'a'",
        ),
    ],
)
def test_what_goes_wrong_when_sent(
    sold: type[Event], send: Callable[[Any], None], message: str, errors: Any
) -> None:
    """It is told where the signal is sent; other receivers run, no event is emitted."""
    got: list[str] = []
    send(sold)
    on(sold)(lambda: got.append("event"))
    on(fired)(lambda: got.append("signal"))
    with pytest.raises(ReceiverError, match=re.escape(message)):
        fired.send(sender=None)
    assert got == ["signal"]
    assert len(errors()) == 1


def test_failing_receivers(sold: type[Event], errors: Any) -> None:
    """Logged as ever; with `raise_exception=True` also raised where the signal is sent."""
    got: list[int] = []

    @on(sold)
    def fails() -> None:
        raise ValueError("a")

    on(sold)(lambda price: got.append(price))
    signal_to_event(fired, sold)
    fired.send(sender=None, price=1)
    assert (got, len(errors())) == ([1], 1)

    @on(sold, raise_exception=True)
    def raises() -> None:
        raise ValueError("b")

    with pytest.raises(ReceiverError, match=r"^b$") as caught:
        fired.send(sender=None, price=2)
    assert got == [1, 2]
    assert caught.value.event == f"{__name__}.fired"
    assert caught.value.receivers == (f"{HERE}({__name__}.fired → sold)",)
    [inner] = caught.value.exceptions
    assert isinstance(inner, ReceiverError)
    assert inner.event == "sold"


def test_asend(sold: type[Event]) -> None:
    got: list[int] = []
    on(sold)(lambda price: got.append(price))
    signal_to_event(fired, sold)

    async def main() -> None:
        await fired.asend(sender=None, price=3)

    async_to_sync(main)()
    assert got == [3]


def test_restored_after_a_scope(sold: type[Event]) -> None:
    got: list[int] = []
    on(sold)(lambda price: got.append(price))
    with registry.scoped():
        signal_to_event(fired, sold)
        fired.send(sender=None, price=1)
    fired.send(sender=None, price=2)
    assert got == [1]
