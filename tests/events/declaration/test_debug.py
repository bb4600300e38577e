"""``DebugEvent``, the probe."""

import re
from typing import Any

import pytest

from workflow_events.events import DebugEvent, Event, emit, on
from workflow_events.events.errors import RegistrationError
from workflow_events.events.registration.registry import registry

pytestmark = pytest.mark.any_database


def test_its_name_and_payload() -> None:
    event = emit(DebugEvent, sender=int, message="Hello?")
    assert (event.event_name, event.message, event.data) == ("debug_event", "Hello?", None)
    assert emit("debug_event", sender=int, data=[1]).sender is int


def test_everybody_hears_it() -> None:
    """`DebugEvent`: by class, by name and by pattern."""
    got: list[Any] = []
    for target in (DebugEvent, "debug_event", "debug*", "*", re.compile(".*")):
        on(target)(lambda event, target=target: got.append((target, event.message)))
    emit(DebugEvent, sender=None, message="x")
    wanted = (DebugEvent, "debug_event", "debug*", "*", re.compile(".*"))
    assert got == [(target, "x") for target in wanted]


def test_it_is_in_nobodys_way() -> None:
    """A pattern does not mean it for who asks for more than it carries."""

    class ProbedThing(Event):
        thing: int

    got: list[int] = []
    on("*b*d_*")(lambda thing: got.append(thing))  # noqa: PLW0108 (called by name)
    emit(DebugEvent, sender=None)
    emit(ProbedThing, sender=None, thing=3)
    assert got == [3]


@pytest.mark.parametrize("target", [DebugEvent, "debug_event", "debug_*"])
def test_who_means_it_alone_must_be_able_to_take_it(target: Any) -> None:
    before = list(registry.receivers)
    with pytest.raises(RegistrationError, match="asks for thing, which the event debug_event"):
        on(target)(lambda thing: None)
    assert registry.receivers == before
