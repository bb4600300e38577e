"""Events for those who think in names: declaring, emitting and hearing them."""

# A lambda has the name that a receiver is called by; the builtin has none.
# ruff: noqa: PLW0108

import re
from decimal import Decimal
from enum import Enum, StrEnum
from types import ModuleType
from typing import Any, ClassVar, Literal
from uuid import UUID, uuid4

import pytest

from workflow_events.events import Event, declare_event, emit, on
from workflow_events.events.declaration.event import case_of, declared
from workflow_events.events.emission.dispatch import occur
from workflow_events.events.errors import (
    DeclarationError,
    ReceiversNotLoaded,
    RegistrationError,
    UndeclaredEvent,
)
from workflow_events.events.registration.registry import registry

pytestmark = pytest.mark.any_database


def test_declared_and_emitted() -> None:
    """By its name, or by the class that the declaration returns."""
    received = declare_event("payment::received", amount=Decimal, note=(str, "none"))
    by_name = emit("payment::received", sender=int, amount=Decimal(3))
    by_class = emit(received, sender=int, amount=Decimal(4), note="cash")
    assert [(type(e), e.sender, vars(e)) for e in (by_name, by_class)] == [
        (received, int, {"amount": Decimal(3), "note": "none"}),
        (received, int, {"amount": Decimal(4), "note": "cash"}),
    ]
    assert by_name.event_name == by_name.envelope.name == "payment::received"


def test_the_class_is_one_as_if_written() -> None:
    received = declare_event("payment::received", doc="Emitted when money came.", amount=Decimal)
    assert issubclass(received, Event)
    assert received.__name__ == received.__qualname__ == "PaymentReceived"
    assert received.__module__ == __name__
    assert received.__doc__ == "Emitted when money came."
    assert received.__annotations__ == {"amount": Decimal}
    assert received.declared_at[:2] == (__name__, "PaymentReceived")


@pytest.mark.parametrize(
    ("name", "class_name"),
    [
        ("payment::received", "PaymentReceived"),
        ("order.item_added", "OrderItemAdded"),
        ("mail/SENT!", "MailSENT"),
        ("zahlung→größe", "ZahlungGröße"),
        ("2fa::used", "Event2faUsed"),
        ("::", "Event"),
    ],
)
def test_names_and_their_classes(name: str, class_name: str) -> None:
    """any printable text without blanks and without the characters of patterns."""
    assert declare_event(name).__name__ == class_name
    assert emit(name, sender=None).event_name == name


@pytest.mark.parametrize("name", ["", "a b", "a\n", "a\u00a0b", "a*", "a?", "a[b]", "\x00"])
def test_what_is_no_name(name: str) -> None:
    before = dict(declared)
    with pytest.raises(DeclarationError, match=r"is no name for an event"):
        declare_event(name)
    with pytest.raises(DeclarationError, match=r"is no name for an event"):
        type(Event)("Matter", (Event,), {"__module__": __name__}, name=name)
    with pytest.raises(DeclarationError, match="takes a name, not 3"):
        declare_event(3)  # type: ignore[arg-type]
    assert declared == before


def test_names_that_are_too_long_to_be_stored() -> None:
    declare_event("n" * 255)
    before = dict(declared)
    with pytest.raises(DeclarationError, match="is longer than 255 characters"):
        declare_event("n" * 256)
    assert declared == before


class Names(StrEnum):
    PAID = "payment::paid"


class FormerNames(str, Enum):  # noqa: UP042 (its members show themselves in another way)
    PAID = "payment::was_paid"


@pytest.mark.parametrize("name", [Names.PAID, FormerNames.PAID])
def test_names_of_an_enumeration(name: Names | FormerNames) -> None:
    heard = []
    event_class = declare_event(name)
    on(name)(lambda event: heard.append(event.event_name))
    assert emit(name, sender=None).event_name == name.value
    emit(name.value, sender=None)
    assert [*map(type, heard), type(event_class.event_name)] == [str] * 3
    assert heard == [name.value] * 2


@pytest.mark.parametrize(
    "hint", [int, int | None, list[str], Literal["a"], Any, None, type[Event], "Decimal | None"]
)
def test_types(hint: Any) -> None:
    """What may be annotated, may be given; a string is taken for a mistake."""
    if isinstance(hint, str):
        refused("'matter': x='Decimal | None' is no type; give one, as x=str", x=hint)
    else:
        assert declare_event("matter", x=hint).attributes == {"x"}


@pytest.mark.parametrize(
    ("given", "message"),
    [
        (3, "'matter': x=3 is no type; give one, as x=int, or one with a default, as x=(int, 3)."),
        ((3, int), "'matter': x=3 is no type"),
        (ClassVar[int], "is no type"),
        (ClassVar, "is no type"),
        ((int, 3, 4), "'matter': x is given 3 values; write a type, or (type, default)."),
        ((), "'matter': x is given 0 values; write a type, or (type, default)."),
    ],
)
def test_what_is_no_payload(given: Any, message: str) -> None:
    refused(message, x=given)


def test_reserved_attributes() -> None:
    refused("PaymentReceived declares 'sender'", name="payment::received", sender=int)


@pytest.mark.parametrize(
    "attribute",
    ["from", "None", "order-id", "", "x y", "1st", "__dict__", "__x", "_origin", "_envelope"],
)
def test_what_is_no_attribute(attribute: str) -> None:
    """No receiver could ask for it by name, or it is what an event is made of."""
    refused(
        f"PaymentReceived declares {attribute!r}, which", "payment::received", **{attribute: str}
    )


def refused(message: str, name: str = "matter", **payload: Any) -> None:
    before = dict(declared)
    with pytest.raises(DeclarationError, match=re.escape(message)):
        declare_event(name, **payload)
    assert declared == before


def test_defaults_are_not_shared() -> None:
    declare_event("matter", found=(list[int], []))
    emit("matter", sender=None).found.append(1)  # type: ignore[attr-defined]
    assert vars(emit("matter", sender=None)) == {"found": []}


def test_payload_that_does_not_fit() -> None:
    declare_event("payment::received", amount=Decimal)
    with pytest.raises(TypeError, match="PaymentReceived lacks 'amount'"):
        emit("payment::received", sender=None)
    with pytest.raises(TypeError, match="PaymentReceived has no attribute 'price'"):
        emit("payment::received", sender=None, price=1)


def test_senders_are_checked() -> None:
    declare_event("matter", senders=lambda: [int])
    with pytest.raises(RegistrationError, match="never sends matter"):
        on("matter", sender=str)(lambda: None)
    on("matter", sender=bool)(lambda: None)


def test_the_key_of_its_case() -> None:
    """`case_key`, as a payload may have its own `case`."""
    key = uuid4()
    made = declare_event("matter", case=UUID, case_key=lambda case: case)
    assert case_of(emit(made, sender=None, case=key)) == key
    with pytest.raises(DeclarationError, match="case= asks for 'case', which it does not carry"):
        declare_event("other", case_key=lambda case: case)


SOURCE = """
from workflow_events.events import declare_event
Matter = declare_event(
    "matter", size=int
)
"""


def test_a_reloaded_module_replaces() -> None:
    module = ModuleType("reloaded")
    code = compile(SOURCE, "reloaded.py", "exec")
    exec(code, vars(module))
    first = vars(module)["Matter"]
    exec(code, vars(module))
    assert first is not vars(module)["Matter"]
    assert declared["matter"] is vars(module)["Matter"]
    assert type(emit("matter", sender=None, size=1)) is vars(module)["Matter"]


def test_two_places_of_one_name() -> None:
    """two events with one name are refused, and the place of the first is told."""
    first = declare_event("matter")
    line = first.declared_at[2]
    with pytest.raises(
        DeclarationError, match=rf"{__name__}.Matter \(line {line}\) has declared already"
    ):
        declare_event("matter")
    with pytest.raises(DeclarationError, match="has declared already"):

        class Matter(Event):
            pass

    assert declared["matter"] is first


def test_who_hears_it() -> None:
    """names, patterns and regular expressions match them; parameters are checked at the start."""
    declare_event("payment::received", amount=Decimal)
    declare_event("payment::returned", amount=Decimal)
    got: list[Any] = []
    for target in ("payment::received", "payment::*", "*::received", re.compile(r"payment::\w+ed")):
        on(target)(lambda amount, target=target: got.append((target, amount)))
    on("payment::returned")(lambda: got.append("not this one"))
    emit("payment::received", sender=None, amount=Decimal(1))
    assert len(got) == 4
    assert {amount for _, amount in got} == {Decimal(1)}
    with pytest.raises(RegistrationError, match="asks for price"):
        on("payment::*")(lambda price: None)


def test_an_undeclared_name() -> None:
    """An error that lists near matches; nothing is emitted."""
    declare_event("payment::received", amount=Decimal)
    got: list[Event] = []
    on("*")(lambda event: got.append(event))
    with pytest.raises(UndeclaredEvent) as caught:
        emit("payment::recieved", sender=None, amount=1)
    assert str(caught.value) == (
        "No event 'payment::recieved' is declared. Did you mean 'payment::received'? Declare it "
        "with declare_event('payment::recieved', …) or as a class, in a module that is imported "
        "at the start."
    )
    assert isinstance(caught.value, LookupError)
    with pytest.raises(UndeclaredEvent, match=r"^No event 'xyz' is declared\. Declare it with"):
        emit("xyz", sender=None)
    with pytest.raises(UndeclaredEvent):
        occur("xyz", None, {})
    assert got == []


def test_listening_to_an_undeclared_name() -> None:
    """At the start-up, near matches come instead of the whole list."""
    declare_event("payment::received", amount=Decimal)
    before = list(registry.receivers)
    with pytest.raises(
        RegistrationError, match=r"no such event is declared\. Did you mean 'payment::received'\?"
    ):
        on("payment::recieved")(lambda: None)
    assert registry.receivers == before


def test_before_the_receivers_are_loaded() -> None:
    declare_event("matter")
    registry.loaded = False  # the scope of the test restores it
    with pytest.raises(ReceiversNotLoaded, match="matter was emitted before"):
        emit("matter", sender=None)


def test_classes_have_names_too() -> None:
    """What is declared as a class may be emitted by its name."""

    class BeforeSend(Event):
        message: str

    assert type(emit("before_send", sender=None, message="a")) is BeforeSend


def test_what_receivers_of_a_pattern_cannot_take() -> None:
    """An event declared after the start is checked against those who mean it, and refused."""
    declare_event("payment::received", amount=Decimal)
    on("payment::*")(lambda amount: None)
    with pytest.raises(RegistrationError, match="asks for amount"):
        declare_event("payment::lost")
    assert "payment::lost" not in declared
