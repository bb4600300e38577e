"""``@on``: what to listen to, order, options, and what is refused (contract section 3)."""

# A lambda has the name that a receiver is called by; the builtin has none.
# ruff: noqa: PLW0108

import re
from collections.abc import Callable
from typing import Any

import pytest

from workflow_events.events import Event, emit, filter_events, on
from workflow_events.events.errors import DeclarationError, RegistrationError
from workflow_events.events.registration.registry import registry


@pytest.fixture
def made() -> type[Event]:
    class PostMadeThing(Event):
        thing: str = "thing"

    return PostMadeThing


@pytest.fixture
def sold() -> type[Event]:
    class PostSoldThing(Event):
        thing: str = "thing"
        price: int = 1

    return PostSoldThing


@pytest.mark.parametrize(
    ("target", "heard"),
    [
        ("post_made_thing", ["post_made_thing"]),
        ("post_*_thing", ["post_made_thing", "post_sold_thing"]),
        ("post_ma?e_thing", ["post_made_thing"]),
        ("post_[s]*", ["post_sold_thing"]),
        (re.compile("post_(made|sold)_thing"), ["post_made_thing", "post_sold_thing"]),
        (re.compile("post_made_thing|post_sold"), ["post_made_thing"]),
        (re.compile("(?i)POST_MADE_.*"), ["post_made_thing"]),
        (["post_made_thing", "post_sold_thing"], ["post_made_thing", "post_sold_thing"]),
        (("post_sold_thing", re.compile("post_s.*")), ["post_sold_thing"]),
    ],
)
def test_targets(made: type[Event], sold: type[Event], target: Any, heard: list[str]) -> None:
    """a class, its name, a pattern, a regular expression that must match the whole name, a list."""
    got: list[str] = []
    on(target)(lambda event: got.append(event.event_name))
    emit(made, sender=None)
    emit(sold, sender=None)
    assert got == heard


def test_once_however_often_it_matches(made: type[Event]) -> None:
    """duplicates via pattern and class run once: one registration is one run."""
    got = []
    on([made, "post_made_thing", "post_*_thing", made, re.compile(".*made.*")])(
        lambda: got.append(1)
    )
    emit(made, sender=None)
    assert got == [1]


def test_subclasses_are_events_of_their_own(made: type[Event]) -> None:
    """an event class: its subclasses are other events."""

    class PostMadeOtherThing(made):  # type: ignore[valid-type,misc]
        pass

    got = []
    on(made)(lambda event: got.append(event.event_name))
    emit(PostMadeOtherThing, sender=None)
    assert got == []


@pytest.mark.parametrize(
    "target", [None, 3, object, re.compile(b"x"), [None], [], (), {"post_made_thing"}, Event]
)
def test_what_is_no_target(target: Any) -> None:
    with pytest.raises(RegistrationError):
        on(target)(lambda: None)


@pytest.mark.parametrize("target", ["post_maed_thing", "nothing_*", re.compile("post_ma")])
def test_targets_that_no_event_has(made: type[Event], target: Any) -> None:
    """found at start-up: a name or pattern that means no declared event."""
    before = list(registry.receivers)
    with pytest.raises(RegistrationError, match="no such event is declared"):
        on(target)(lambda: None)
    assert registry.receivers == before


def test_later_declared_events(made: type[Event]) -> None:
    """A pattern means events that are declared later, too."""
    got = []
    on("post_*_thing")(lambda event: got.append(event.event_name))
    emit(made, sender=None)

    class PostLostThing(Event):
        thing: str = "x"

    emit(PostLostThing, sender=None)
    assert got == ["post_made_thing", "post_lost_thing"]


def test_later_declared_events_that_lack_a_parameter(made: type[Event]) -> None:
    """found at start-up, not at the first emission: an event that a pattern means is refused."""
    got = []
    on("post_*_thing")(lambda thing: got.append(thing))
    with pytest.raises((DeclarationError, RegistrationError), match="asks for thing"):

        class PostLostThing(Event):
            pass

    emit(made, sender=None)
    assert got == ["thing"]


def test_parameters_that_are_not_carried(made: type[Event], sold: type[Event]) -> None:
    """A parameter without default that the event does not carry is found at start-up."""
    for function in (lambda nope: None, filter_events(lambda nope: True)(lambda: None)):
        with pytest.raises(RegistrationError, match=r"asks for nope, .* carries .*thing"):
            on(made)(function)
    with pytest.raises(RegistrationError, match="price, which the event post_made_thing"):
        on("post_*_thing")(lambda price: None)
    on("post_*_thing")(lambda price=1: None)
    on(sold)(lambda price: None)


def test_returned_unchanged(made: type[Event]) -> None:
    """The decorated function is returned unchanged and can be called directly."""

    def function(thing: str) -> str:
        return thing.upper()

    assert on(made)(function) is function
    assert on(made)(filter_events(lambda: False)(function)) is function
    assert function("direct") == "DIRECT"
    assert vars(function) == {}


def test_registered_twice(made: type[Event], sold: type[Event]) -> None:
    """the same function may be registered twice with different options."""
    got: list[str] = []

    def function(event: Event) -> None:
        got.append(event.event_name)

    on(made, order=1)(function)
    on(made, order=-1)(function)
    on(sold)(filter_events(lambda: False)(function))
    emit(made, sender=None)
    emit(sold, sender=None)
    assert got == ["post_made_thing"] * 2


def test_stacked(made: type[Event], sold: type[Event]) -> None:
    """`@on` above `@on`: both, each with its options and the filters below."""
    got = []

    @on(made, raise_exception=True)
    @on(sold, order=3)
    @filter_events(lambda thing: thing == "right")
    def function(event: Event) -> None:
        got.append(event.event_name)

    for thing in ("right", "wrong"):
        emit(made, sender=None, thing=thing)
        emit(sold, sender=None, thing=thing)
    assert got == ["post_made_thing", "post_sold_thing"]


def test_order(made: type[Event]) -> None:
    """lower `order` first, then order of registration. Never by accident."""
    got: list[Any] = []

    def record(name: Any) -> Callable[[], None]:
        return lambda: got.append(name)

    on("post_made_thing", order=1)(record("b1"))
    on(made)(record("a1"))
    on("post_*", order=-1)(record("first"))
    on(made, order=1, atomic=False)(record("b2"))
    on(re.compile(".*"))(record("a2"))
    on(made, order=1)(record("b3"))
    emit(made, sender=None)
    assert got == ["first", "a1", "a2", "b1", "b2", "b3"]


def test_return_values_are_ignored(made: type[Event]) -> None:
    """Return values are ignored, exceptions and false values among them."""
    got = []
    for value in (ValueError("x"), False, None, 0):
        on(made, raise_exception=True)(lambda value=value: value)
    on(made)(lambda: got.append(1))
    emit(made, sender=None)
    assert got == [1]


def test_methods_in_a_class_body(made: type[Event]) -> None:
    """`@on` on a method inside a class body is refused at import: there is no instance to call."""
    before = list(registry.receivers)
    with pytest.raises(RegistrationError, match="class body"):

        class Notifier:
            @on(made)
            def notify(self) -> None: ...

    with pytest.raises(RegistrationError, match="class body"):

        class Filtered:
            @on(made)
            @filter_events(lambda: True)
            def notify(self) -> None: ...

    assert registry.receivers == before


def test_receivers_added_while_emitting(made: type[Event]) -> None:
    """An emission runs the receivers that there were when it began."""
    got = []

    @on(made)
    def adds() -> None:
        got.append("adds")
        if len(got) == 1:
            on(made)(lambda: got.append("added"))

    emit(made, sender=None)
    assert got == ["adds"]
    emit(made, sender=None)
    assert got == ["adds", "adds", "added"]


def test_scoped(made: type[Event]) -> None:
    """`registry.scoped()` forgets on leaving what was registered or declared inside."""
    from django.dispatch import Signal

    got = []
    signal = Signal()
    on(made)(lambda: got.append("outside"))
    with registry.scoped():
        on(made)(lambda: got.append("inside"))
        on(signal)(lambda: got.append("signal"))

        class Local(Event):
            pass

        emit(made, sender=None)
        signal.send(None)
    emit(made, sender=None)
    signal.send(None)
    assert got == ["outside", "inside", "signal", "outside"]
    with pytest.raises(RegistrationError):
        on("local")(lambda: None)
    with pytest.raises(ZeroDivisionError), registry.scoped():  # noqa: PT012 (a scope that fails)
        on(made)(lambda: got.append("inside"))
        _ = 1 / 0
    emit(made, sender=None)
    assert got[4:] == ["outside"]


def test_a_payload_that_lost_an_attribute(made: type[Event]) -> None:
    """What is not declared cannot happen: a receiver that tampers is not run for ever."""
    got = []

    @on(made)
    def tampers(event: Event) -> None:
        del vars(event)["thing"]
        event.event_name  # noqa: B018

    on(made, atomic=False)(lambda thing: got.append(thing))
    on(made)(lambda: got.append("last"))
    with pytest.raises(Exception, match="thing"):
        emit(made, sender=None)
