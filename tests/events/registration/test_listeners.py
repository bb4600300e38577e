"""Receivers as classes: sugar for ``@on``."""

# Bases are made for their effect, and options are class attributes that may be lists.
# ruff: noqa: RUF012

import inspect
import re
from collections.abc import Callable
from typing import Any, ClassVar

import pytest
from django.dispatch import Signal

from tests.events.notebook import Notebook
from workflow_events.events import Event, Listener, Retry, emit, filter_events, on
from workflow_events.events.errors import RegistrationError
from workflow_events.events.registration.listeners import OPTIONS, ReceiverClass
from workflow_events.events.registration.receivers import Receiver
from workflow_events.events.registration.registry import registry

fired = Signal()
HERE = f"{__name__}.test_"


@pytest.fixture
def sold() -> type[Event]:
    class Sold(Event):
        price: int = 1

    return Sold


def last() -> Receiver:
    return registry.receivers[-1]


def test_a_receiver_like_others(sold: type[Event]) -> None:
    """One instance is made at once and registered; `handle` is called by name."""
    before = len(registry.receivers)
    got: list[Any] = []

    class Books(Listener):
        listens_for = [sold, "so?d", fired]

        def __init__(self) -> None:
            self.count = 0

        def handle(self, event: Event, price: int, sender: object = None, other: int = 7) -> None:
            self.count += 1
            got.append((event.event_name, price, sender, other, self.count))

    emit(sold, sender=int, price=2)
    fired.send(sender=str, price=3)
    assert got == [("sold", 2, int, 7, 1), (f"{__name__}.fired", 3, str, 7, 2)]
    assert len(registry.receivers) == before + 1
    assert last().name == f"{HERE}a_receiver_like_others.<locals>.Books.handle"
    assert last().defined_at.startswith(f"{__file__}:")
    Books().handle(Event.__new__(sold), price=4)  # another instance; calls nothing else
    assert len(registry.receivers) == before + 1
    assert got[-1][-1] == 1


@pytest.mark.usefixtures("tables")
def test_options(sold: type[Event], notebook: Notebook) -> None:
    """The options of `@on` are class attributes, inherited by subclasses."""

    class Base(Listener, abstract=True):
        background = True
        retry = Retry(attempts=2)
        order_by = None

        def handle(self) -> None: ...

    class First(Base):
        listens_for = sold
        sender = int
        order = -3
        atomic = False
        dry_run = False
        name = "books"
        time_limit = 3.5
        takes_gone = True

    first = last()

    class Second(Base):
        listens_for = (sold,)

    assert (first.order, first.atomic, first.dry_run) == (-3, False, False)
    assert first.senders.accepts(bool)
    assert not first.senders.accepts(str)
    assert first.options.name == "books"
    assert (first.options.retry.attempts, first.options.ordered) == (2, False)
    assert (first.options.time_limit, first.options.takes_gone) == (3.5, True)
    assert last().options.name == f"{HERE}options.<locals>.Second.handle"
    emit(sold, sender=bool)
    assert [record.partition(" to ")[2] for [record] in notebook.stored] == [
        f"books, {last().options.name}"
    ]


def test_every_option_can_be_written() -> None:
    """The attributes that type checkers know are the options of `on`."""
    written = inspect.get_annotations(ReceiverClass).keys() - {"declares"}
    assert written == OPTIONS
    assert {"targets"} | OPTIONS == set(inspect.signature(on).parameters)


def test_raise_exception(sold: type[Event]) -> None:
    class Vetoes(Listener):
        listens_for = [sold]
        raise_exception = True

        def handle(self) -> None:
            raise ValueError("no")

    with pytest.raises(ExceptionGroup, match=r"^no$") as caught:
        emit(sold, sender=None)
    assert caught.value.receivers == (last().name,)  # type: ignore[attr-defined]


def test_async(sold: type[Event]) -> None:
    got: list[int] = []

    class Later(Listener):
        listens_for = [sold]

        async def handle(self, price: int) -> None:
            got.append(price)

    emit(sold, sender=None)
    assert got == [1]


def test_filters_stand_above_handle(sold: type[Event]) -> None:
    """`@filter_events`, as for functions; a direct call skips them."""
    got: list[int] = []

    class Base(Listener, abstract=True):
        @filter_events(lambda price: price > 1)
        @filter_events(lambda price, sender: price < 4 and sender is int)
        def handle(self, price: int) -> None:
            got.append(price)

    class Books(Base):
        listens_for = [sold]

    class Others(Base):
        listens_for = [sold]

        def handle(self, price: int) -> None:
            super().handle(-price)

    for price in (1, 2, 3, 4):
        emit(sold, sender=int, price=price)
    emit(sold, sender=str, price=3)
    assert got == [-1, 2, -2, 3, -3, -4, -3]
    Books().handle(9)
    assert got[-1] == 9


def test_static_methods_and_callables(sold: type[Event]) -> None:
    got: list[str] = []

    class Static(Listener):
        listens_for = [sold]

        @staticmethod
        def handle(price: int) -> None:
            got.append("static")

    class OfClass(Listener):
        listens_for = [sold]

        @classmethod
        def handle(cls, price: int) -> None:
            got.append(cls.__name__)

    emit(sold, sender=None)
    assert got == ["static", "OfClass"]
    assert last().name == f"{HERE}static_methods_and_callables.<locals>.OfClass.handle"


def test_bases_register_nothing(sold: type[Event]) -> None:
    before = list(registry.receivers)

    class Base(Listener, abstract=True):
        listens_for = [sold]

        def handle(self) -> None: ...

    assert registry.receivers == before

    class Child(Base):
        pass

    assert [r.name for r in registry.receivers[len(before) :]] == [
        f"{HERE}bases_register_nothing.<locals>.Child.handle"
    ]


def test_values_of_its_own(sold: type[Event]) -> None:
    """Public attributes that are like no option, private ones, and methods."""

    class Books(Listener):
        listens_for = [sold]
        url = "http://example"
        _order = 3
        PAGES: ClassVar[list[int]] = []

        @property
        def senders(self) -> int:
            return 3

        def names(self) -> None: ...
        def handle(self) -> None: ...

    assert last().order == 0


def handle(self: Any) -> None: ...


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ({"handle": handle}, "X listens for nothing; write listens_for = […], or abstract=True"),
        ({"handle": handle, "listens_for": []}, "X listens for nothing"),
        ({"listens_for": "sold"}, "X has nothing to call; write def handle(self, event)."),
        (
            {"listens_for": "sold", "handles": handle},
            "X has nothing to call; write def handle(self, event) (handles looks like it).",
        ),
        ({"listens_for": "sold", "handle": 3}, "X has nothing to call"),
        (
            {"listens_for": "sold", "handle": handle, "raise_exceptions": True},
            "X sets raise_exceptions, which means nothing; is it raise_exception? For something "
            "of your own, choose a name that is less like it.",
        ),
        ({"listen_for": "sold", "handle": handle}, "X sets listen_for, which means nothing"),
        (
            {"listens_for": "sold", "handle": handle, "__init__": lambda self, url: None},
            "X cannot be made without url, and its one instance is made at once; let __init__ take "
            "nothing, or give defaults.",
        ),
        ({"listens_for": "sold", "handle": handle, "delivery": "x"}, "X: delivery='x' is none of"),
        ({"listens_for": 3, "handle": handle}, "X: @on listens to an event class, a name"),
        ({"listens_for": "slod", "handle": handle}, "no such event is declared"),
        (
            {"listens_for": "sold", "handle": lambda self, nope: None},
            "asks for nope, which the event sold does not carry",
        ),
    ],
)
@pytest.mark.usefixtures("sold")
def test_what_is_refused(body: dict[str, Any], message: str) -> None:
    """At the import, naming the class and the remedy; nothing is registered."""
    before = list(registry.receivers)
    with pytest.raises(RegistrationError, match=re.escape(message)):
        type(Listener)("X", (Listener,), {"__module__": __name__, **body})
    assert registry.receivers == before


def test_misspelt_options_of_bases() -> None:
    with pytest.raises(RegistrationError, match="Base sets atomc, which means nothing"):

        class Base(Listener, abstract=True):
            atomc = False


def test_an_init_that_fails(sold: type[Event]) -> None:
    """Its own error is the clearest."""
    before = list(registry.receivers)
    with pytest.raises(KeyError, match="url"):

        class Books(Listener):
            listens_for = [sold]

            def __init__(self) -> None:
                self.url = {}["url"]

            def handle(self) -> None: ...

    assert registry.receivers == before


def test_names_of_bound_methods(sold: type[Event]) -> None:
    """A bound method has the name of the class of its instance, not of where it was inherited."""

    class Base:
        def receive(self) -> None: ...

    class Child(Base):
        pass

    make: Callable[[], Any] = Child
    on(sold)(make().receive)
    assert last().name == f"{HERE}names_of_bound_methods.<locals>.Child.receive"
