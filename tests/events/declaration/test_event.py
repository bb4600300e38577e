"""Declaring an event (contract section 2)."""

from __future__ import annotations

import copy
import pickle
import typing
from datetime import UTC, datetime, timedelta
from typing import Any, ClassVar

import pytest

from workflow_events.events import DebugEvent, Event, emit, on
from workflow_events.events.errors import DeclarationError, ReceiversNotLoaded
from workflow_events.events.registration.registry import registry


def test_the_example_of_the_contract() -> None:
    """Emitted just before a message leaves; receivers may change it."""

    class BeforeMessageSend(Event):
        message: str

    @on(BeforeMessageSend)
    def shout(event: Any) -> None:
        event.message = event.message.upper()

    event = emit(BeforeMessageSend, sender=shout, message="Hello")
    assert event.message == "HELLO"
    assert event.sender is shout
    assert isinstance(event, BeforeMessageSend)


@pytest.mark.parametrize("payload", [{"one": 1}, {"one": 1, "two": 2, "tow": 3}, {}, {"tow": 2}])
def test_exactly_these_keywords(payload: dict[str, int]) -> None:
    """an unknown one, or one still missing, is a `TypeError` that names event and attributes."""

    class Matter(Event):
        one: int
        two: int

    ran = []
    on(Matter)(lambda: ran.append(1))
    with pytest.raises(TypeError, match=r"Matter .*its attributes are 'one', 'two'\."):
        emit(Matter, sender=None, **payload)
    assert ran == []


def test_kinds_of_annotations() -> None:
    """postponed and string annotations too; what is a class variable is no payload."""

    class Matter(Event):
        postponed: NotThere  # noqa: F821
        text: str
        shared: ClassVar[int] = 3
        quoted: ClassVar[int] = 4
        dotted: typing.ClassVar[int] = 5

    event = emit(Matter, sender=None, postponed=1, text="t")
    assert vars(event) == {"postponed": 1, "text": "t"}
    assert Matter.attributes == {"postponed", "text"}


def test_defaults() -> None:
    """Defaults are allowed, and inherited; a subclass may give another."""

    class Base(Event):
        one: int
        two: int = 2

    class Derived(Base):
        three: int = 3
        two: int = 22

    assert vars(emit(Base, sender=None, one=1)) == {"one": 1, "two": 2}
    assert vars(emit(Derived, sender=None, one=1)) == {"one": 1, "two": 22, "three": 3}
    assert vars(emit(Derived, sender=None, one=1, two=0)) == {"one": 1, "two": 0, "three": 3}


def test_mutable_defaults_are_not_shared() -> None:
    """Defaults are allowed: what one occurrence collects is not in the next."""

    class Matter(Event):
        errors: list[str] = []  # noqa: RUF012
        notes: dict[str, list[int]] = {"a": []}  # noqa: RUF012

    @on(Matter)
    def collects(errors: list[str], notes: dict[str, list[int]]) -> None:
        errors.append("x")
        notes["a"].append(1)

    for _ in range(2):
        event = emit(Matter, sender=None)
        assert event.errors == ["x"]
        assert event.notes == {"a": [1]}


def test_own_init() -> None:
    """A subclass may override `__init__`, to add an error collector, say."""

    class Matter(Event):
        name: str
        errors: list[str]

        def __init__(self, **payload: Any) -> None:
            super().__init__(**payload)
            self.errors = []

    on(Matter)(lambda errors, name: errors.append(name))
    assert emit(Matter, sender=None, name="n").errors == ["n"]


def test_own_init_that_forgets() -> None:
    """one that is still missing when `__init__` has ended, is a `TypeError`."""

    class Matter(Event):
        errors: list[str]

        def __init__(self, **payload: Any) -> None:
            super().__init__(**payload)

    with pytest.raises(TypeError, match="Matter lacks 'errors'"):
        emit(Matter, sender=None)


@pytest.mark.parametrize(
    ("class_name", "event_name"),
    [
        ("BeforeMessageSend", "before_message_send"),
        ("HTTPRequestSent", "http_request_sent"),
        ("Matter", "matter"),
        ("Step2Done", "step2_done"),
    ],
)
def test_derived_name(class_name: str, event_name: str) -> None:
    """The event's name is derived once from the class name."""
    event = type(Event)(class_name, (Event,), {"__module__": __name__})
    assert event.event_name == event_name


def test_given_name() -> None:
    """or given as `class BeforeMessageSend(Event, name="…")`."""

    class Matter(Event, name="something_else"):
        name: str = "own"

    event = emit(Matter, sender=None)
    assert Matter.event_name == event.envelope.name == "something_else"
    assert event.name == "own"


def test_two_events_of_one_name() -> None:
    """two events with one name are refused at import."""

    class Matter(Event):
        pass

    with pytest.raises(DeclarationError, match=r"'matter'.*declared already"):

        class Other(Event, name="matter"):
            pass

    ran = []
    on("matter")(lambda: ran.append(1))
    emit(Matter, sender=None)
    assert ran == [1]


@pytest.mark.parametrize("name", ["sender", "event", "envelope", "robust"])
def test_reserved_names(name: str) -> None:
    """reserved are `sender`, `event`, `envelope` and `robust`."""
    with pytest.raises(DeclarationError, match=name):
        type(Event)("Matter", (Event,), {"__annotations__": {name: "int"}})


@pytest.mark.parametrize(
    "copied", [copy.copy, copy.deepcopy, lambda event: pickle.loads(pickle.dumps(event))]
)
def test_copies(copied: Any) -> None:
    """An occurrence can be copied and pickled, as processes that run tests send each other some."""
    causes = []

    @on(DebugEvent)
    def emits_again(event: DebugEvent) -> None:
        if event.message != "inner":
            causes.append(event)
            causes.append(emit(DebugEvent, sender=int, message="inner", data=[1]))

    emit(DebugEvent, sender=str, message="outer")
    for event in causes:
        other = copied(event)
        assert (type(other), vars(other)) == (DebugEvent, vars(event))
        assert (other.sender, other.envelope.time) == (event.sender, event.envelope.time)
        other.message = "changed"
        assert event.message != "changed"
    bare = copied(DebugEvent(message="never emitted"))
    assert vars(bare) == {"message": "never emitted", "data": None}


def test_envelope() -> None:
    """`name`; `id`, a monotonic UUIDv7; `time`, aware, UTC; made with the time of emission."""

    class Matter(Event):
        pass

    before = datetime.now(UTC) - timedelta(microseconds=1)
    events = [emit(Matter, sender=None) for _ in range(100)]
    after = datetime.now(UTC) + timedelta(microseconds=1000)
    ids = [event.envelope.id for event in reversed(events)][::-1]
    assert ids == sorted(set(ids))
    assert {id_.version for id_ in ids} == {7}
    assert all(before <= event.envelope.time <= after for event in events)
    assert events[0].envelope is events[0].envelope
    assert events[0].envelope.time.tzinfo is UTC
    assert events[0].envelope.cause is None
    milliseconds = ids[0].int >> 80
    assert milliseconds == int(events[0].envelope.time.timestamp() * 1000)


def test_cause() -> None:
    """`cause`, the id of the event whose receiver emitted this one, or `None`."""

    class Outer(Event):
        pass

    class Inner(Event):
        pass

    inner = []
    on(Outer)(lambda: inner.append(emit(Inner, sender=None)))
    outer = emit(Outer, sender=None)
    assert inner[0].envelope.cause == outer.envelope.id
    assert emit(Inner, sender=None).envelope.cause is None


def test_assignment_outside_an_emission() -> None:
    """Assigning an undeclared attribute is an `AttributeError`, for the emitter too."""

    class Matter(Event):
        one: int

    event = emit(Matter, sender=None, one=1)
    event.one = 2
    assert event.one == 2
    with pytest.raises(AttributeError, match=r"'on'.*'one'"):
        event.on = 1
    for name in ("sender", "envelope", "event_name"):
        with pytest.raises(AttributeError):
            setattr(event, name, 1)
    with pytest.raises(AttributeError):
        del event.one


def test_robust_and_sender_are_keywords_of_emit() -> None:
    """`emit` takes exactly these keywords; `sender` is one of its own."""

    class Matter(Event):
        pass

    with pytest.raises(TypeError):
        emit(Matter)  # type: ignore[call-arg]


@pytest.mark.parametrize("wrong", [b"matter", None, Event, object, type])
def test_what_cannot_be_emitted(wrong: Any) -> None:
    """`emit` takes a declared event class or a name, nothing else."""
    with pytest.raises(TypeError, match="declared event class"):
        emit(wrong, sender=None)


def test_abstract_events() -> None:
    """A base that is never emitted has no name of its own, and its attributes are inherited."""

    class Base(Event, abstract=True):
        one: int

    class Matter(Base):
        two: int

    assert vars(emit(Matter, sender=None, one=1, two=2)) == {"one": 1, "two": 2}
    with pytest.raises(TypeError):
        emit(Base, sender=None, one=1)


def test_emitting_too_early() -> None:
    """emitting earlier is an error (section 6)."""

    class Matter(Event):
        pass

    registry.loaded = False
    with pytest.raises(ReceiversNotLoaded, match="Matter was emitted before"):
        emit(Matter, sender=None)


def test_repr() -> None:
    class Matter(Event):
        one: int

    assert repr(emit(Matter, sender=None, one=1)) == "Matter(one=1)"
