"""Which senders a receiver wants (contract section 3)."""

# A lambda has the name that a receiver is called by; the builtin has none.
# ruff: noqa: PLW0108

import sys
from types import ModuleType
from typing import Any, ClassVar

import pytest

from workflow_events.events import Event, emit, on
from workflow_events.events.errors import AmbiguousSender, RegistrationError


class Base:
    pass


class Derived(Base):
    pass


class Other:
    pass


def function() -> None: ...


MODULE = sys.modules[__name__]
PATH = f"{__name__}.Base"


class Equal:
    """Compares equal to everything of its class."""

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Equal)

    def __hash__(self) -> int:
        return 1


class Unhashable:
    __hash__: ClassVar[None] = None  # type: ignore[assignment]


ONE, TWO = Equal(), Equal()
UNHASHABLE = Unhashable()
INSTANCE = Base()


@pytest.mark.parametrize(
    ("wish", "sender", "heard"),
    [
        (None, Base, True),
        (None, None, True),
        (Base, Base, True),
        (Base, Derived, True),
        (Derived, Base, False),
        (Base, Other, False),
        (Base, INSTANCE, False),
        (Base, None, False),
        (function, function, True),
        (function, Base, False),
        (MODULE, MODULE, True),
        (MODULE, sys, False),
        (INSTANCE, INSTANCE, True),
        (INSTANCE, Base(), False),
        (ONE, ONE, True),
        (ONE, TWO, False),
        (UNHASHABLE, UNHASHABLE, True),
        (UNHASHABLE, Unhashable(), False),
        (Unhashable, UNHASHABLE, False),
        ("Base", Base, True),
        ("Base", Derived, False),
        ("Base", Other, False),
        (PATH, Base, True),
        (f"wrong.{PATH}", Base, False),
        ("function", function, True),
        (f"{__name__}.function", function, True),
        ("test_senders", MODULE, True),
        (__name__, MODULE, True),
        ("word", "word", True),
        ("word", "other", False),
        ([Base, function], Derived, True),
        ([Base, function], function, True),
        ((Other, "Base"), Base, True),
        ([Other, "function"], Base, False),
    ],
)
def test_matching(matter: type[Event], wish: Any, sender: Any, heard: bool) -> None:
    """A class matches itself and its subclasses; any other object matches by identity; a string
    matches the sender's name or dotted path; or a list of these.
    """
    got = []
    on(matter, sender=wish)(lambda sender: got.append(sender))
    for _ in range(2):
        emit(matter, sender=sender)
    assert got == ([sender] * 2 if heard else [])


def test_an_empty_list() -> None:
    with pytest.raises(RegistrationError, match="matches no sender"):
        on("*", sender=[])


def test_many_senders_do_not_mix(matter: type[Event]) -> None:
    """by identity: plans kept for one sender are not those of an equal one."""
    got: list[Any] = []
    on(matter, sender=ONE)(lambda: got.append("one"))
    on(matter, sender=TWO)(lambda: got.append("two"))
    on(matter, sender=Base)(lambda: got.append("base"))
    on(matter)(lambda: got.append("every"))
    for sender in (ONE, TWO, Base, Derived, INSTANCE, UNHASHABLE, None, "Base"):
        emit(matter, sender=sender)
    assert got == ["one", "every", "two", "every", *["base", "every"] * 2, *["every"] * 4]


def make_twin() -> type:
    return type("Base", (), {"__module__": "elsewhere", "__qualname__": "Base"})


def test_ambiguous_names(matter: type[Event]) -> None:
    """a string matches the sender's name or dotted path, and an ambiguous one is an error."""
    got = []
    on(matter, sender="Base")(lambda: got.append(1))
    emit(matter, sender=Base)
    with pytest.raises(AmbiguousSender, match=rf"elsewhere\.Base and {PATH}"):
        emit(matter, sender=make_twin())
    emit(matter, sender=Base)
    assert got == [1, 1]


def test_a_dotted_path_is_not_ambiguous(matter: type[Event]) -> None:
    """give the class or its dotted path."""
    got = []
    on(matter, sender=PATH)(lambda: got.append(1))
    emit(matter, sender=make_twin())
    emit(matter, sender=Base)
    assert got == [1]


def test_instances_of_one_class_are_not_ambiguous(matter: type[Event]) -> None:
    """An instance has the name of its class, and all of them have the same."""
    got = []
    on(matter, sender="Base")(lambda: got.append(1))
    emit(matter, sender=Base())
    emit(matter, sender=Base())
    assert got == [1, 1]


class TestAtStartUp:
    """`senders=`: a sender that never sends the event is found at start-up."""

    @pytest.fixture
    def known(self) -> type[Event]:
        class Known(Event, senders=lambda: [Base, function]):
            pass

        return Known

    @pytest.mark.parametrize(
        "wish",
        [Base, Derived, object, "Base", "Derived", PATH, function, "function", [Other, Base]],
    )
    def test_possible(self, known: type[Event], wish: Any) -> None:
        on(known, sender=wish)(lambda: None)

    @pytest.mark.parametrize("wish", [Other, "Bass", "Other", emit, [Other, "Bass"], INSTANCE])
    def test_impossible(self, known: type[Event], wish: Any) -> None:
        with pytest.raises(RegistrationError, match=r"which never sends known; senders are Base"):
            on(known, sender=wish)(lambda: None)

    def test_ambiguous(self) -> None:
        class Known(Event, senders=lambda: [Base, make_twin()]):
            pass

        with pytest.raises(AmbiguousSender, match="ambiguous"):
            on(Known, sender="Base")(lambda: None)
        on(Known, sender=PATH)(lambda: None)

    def test_several_events(self, known: type[Event], matter: type[Event]) -> None:
        """for several events one of them must know the sender, or not say who sends it."""
        on([known, matter], sender=Other)(lambda: None)


def test_module_as_sender(matter: type[Event]) -> None:
    """any other object (a function, a module) matches by identity."""
    got = []
    twin = ModuleType(__name__)
    on(matter, sender=twin)(lambda: got.append(1))
    emit(matter, sender=MODULE)
    emit(matter, sender=twin)
    assert got == [1]
