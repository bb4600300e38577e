"""django-event-system: what its README says of signals that become events."""

# A lambda has the name that a receiver is called by; the builtin has none.
# ruff: noqa: PLW0108

from typing import Any

import pytest
from django.contrib.auth.models import Group
from django.dispatch import Signal

from workflow_events.events import declare_event, on, signal_to_event
from workflow_events.events.errors import EventLoop

arrived = Signal()


class Harbour:
    """Sends."""


# Signals to events


def test_signal_to_event_by_a_text_or_by_a_class(example: Any, heard: list[Any]) -> None:
    declare_event("event::from::signal", value=int)
    on("event::from::signal")(lambda value: heard.append(("text", value)))
    on(example)(lambda value: heard.append(("class", value)))
    signal_to_event(arrived, "event::from::signal")
    signal_to_event(arrived, event=example)
    arrived.send(sender=Harbour, value=1)
    assert heard == [("text", 1), ("class", 1)]


def test_signal_to_event_of_one_sender(example: Any, heard: list[Any]) -> None:
    on(example)(lambda sender: heard.append(sender))
    signal_to_event(arrived, event=example, sender=Harbour)
    arrived.send(sender=Group)
    arrived.send(sender=Harbour)
    assert heard == [Harbour]


def test_signal_to_event_by_a_hook(example: Any, heard: list[Any]) -> None:
    """A function in the place of the event, that returns a class, a name, or None for nothing."""
    for name in ("event::when::1", "event::when::none"):
        declare_event(name, value=int)

    def hook(value: int) -> Any:
        return {1: "event::when::1", 2: example, 3: None}.get(value, "event::when::none")

    on(["event::when::*", example])(lambda event: heard.append((event.event_name, event.value)))
    signal_to_event(arrived, hook)
    for value in (1, 2, 3, 4):
        arrived.send(sender=Harbour, value=value)
    assert heard == [("event::when::1", 1), ("example_event", 2), ("event::when::none", 4)]


def test_a_hook_must_return_an_event_or_a_text(errors: Any) -> None:
    """Here an event that is declared: the sender of the signal learns of it."""
    signal_to_event(arrived, lambda: "event::nowhere")
    with pytest.raises(ExceptionGroup, match="No event 'event::nowhere' is declared"):
        arrived.send(sender=Harbour)
    assert len(errors()) == 1


def test_signal_to_event_needs_an_event() -> None:
    with pytest.raises(TypeError):
        signal_to_event(arrived)  # type: ignore[call-arg]


@pytest.mark.django_db
def test_an_event_that_sends_its_signal_again_is_ended(heard: list[Any]) -> None:
    """Which nothing ends there."""
    declare_event("group::saved", instance=Group)
    from django.db.models.signals import post_save

    signal_to_event(post_save, "group::saved", sender=Group)
    on("group::saved")(lambda instance: instance.save())
    with pytest.raises(EventLoop):
        Group.objects.create(name="sailors")
