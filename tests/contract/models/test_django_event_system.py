"""django-event-system: each behaviour that its README names, done with ours.

In the order of that page; its observers and signals are in files of their own. A test has the name
of what is said there; where ours differs on purpose, of what is done instead.
"""

# A lambda has the name that a receiver is called by; listens_for is a list in our docs, too.
# ruff: noqa: PLW0108, RUF012

import re
import unittest
from typing import Any

import pytest
from django.contrib.auth.models import Group, User

from workflow_events.events import Event, Listener, declare_event, emit, on
from workflow_events.events.errors import RegistrationError, UndeclaredEvent
from workflow_events.testing import Deliveries, Emissions, EventTestMixin


class Harbour:
    """Sends."""


# The dispatcher


def test_events_are_strings_and_here_declared_ones(heard: list[Any]) -> None:
    """A text that no event has is an error, where it would never be heard."""
    declare_event("event::name", number=(int, 0))
    on("event::name")(lambda number: heard.append(number))
    emit("event::name", sender=Harbour, number=1)
    with pytest.raises(UndeclaredEvent, match="Did you mean 'event::name'"):
        emit("event::nam", sender=Harbour)
    with pytest.raises(RegistrationError, match="Did you mean 'event::name'"):
        on("event::nam")(lambda: None)
    assert heard == [1]


def test_a_handler_is_a_function_or_an_object_with_call(example: Any, heard: list[Any]) -> None:
    class Handler:
        def __call__(self, value: Any) -> None:
            heard.append(("object", value))

    on("example_event")(lambda value: heard.append(("function", value)))
    on("example_event")(Handler())
    emit(example, sender=Harbour, value=1)
    assert heard == [("function", 1), ("object", 1)]


@pytest.mark.parametrize("pattern", ["event::name*", re.compile("event::name(.*)")])
def test_a_handler_responds_to_several_events_by_a_regular_expression(
    pattern: Any, heard: list[Any]
) -> None:
    """Here a text is a shell's pattern, and a regular expression is compiled."""
    for name in ("event::name::some_event", "event::name:some::other::event", "event::other"):
        declare_event(name)
    on(pattern)(lambda event: heard.append(event.event_name))
    for name in ("event::name::some_event", "event::name:some::other::event", "event::other"):
        emit(name, sender=Harbour)
    assert heard == ["event::name::some_event", "event::name:some::other::event"]
    with pytest.raises(RegistrationError, match="but no such event is declared"):
        on("event::name(.*)")(lambda: None)


def test_a_regular_expression_matches_the_whole_name(heard: list[Any]) -> None:
    declare_event("event::name")
    declare_event("event::name::longer")
    on(re.compile("event::name"))(lambda event: heard.append(event.event_name))
    emit("event::name::longer", sender=Harbour)
    emit("event::name", sender=Harbour)
    assert heard == ["event::name"]


def test_dots_in_names_mean_what_they_say_in_texts(heard: list[Any]) -> None:
    """So that nothing speaks for two colons."""
    declare_event("event.name")
    declare_event("event_name")
    on("event.name")(lambda event: heard.append(event.event_name))
    emit("event_name", sender=Harbour)
    emit("event.name", sender=Harbour)
    assert heard == ["event.name"]


def test_dispatch_calls_every_handler_that_waits_for_the_event(
    example: Any, heard: list[Any]
) -> None:
    """At once and in order; a failing one harms no other."""
    on("example_event")(lambda: heard.append("by name"))

    @on(example)
    def fail() -> None:
        raise ValueError("no")

    on("example*")(lambda: heard.append("by pattern"))
    on(re.compile(".*"))(lambda: heard.append("by expression"))
    emit(example, sender=Harbour)
    assert heard == ["by name", "by pattern", "by expression"]


def test_dispatch_passes_arguments_and_here_by_name(heard: list[Any]) -> None:
    declare_event("event::name", first=int, second=(str, "two"))

    @on("event::name")
    def receiver(event: Any, first: int, second: str) -> None:
        heard.append((event.event_name, first, second))

    emit("event::name", sender=Harbour, first=1)
    emit("event::name", sender=Harbour, second="b", first=2)
    assert heard == [("event::name", 1, "two"), ("event::name", 2, "b")]
    with pytest.raises(TypeError, match="has no attribute 'third'"):
        emit("event::name", sender=Harbour, first=1, third=3)
    with pytest.raises(TypeError):
        emit("event::name", 1, sender=Harbour)  # type: ignore[call-overload]
    assert len(heard) == 2


@pytest.mark.django_db
def test_dispatch_queues_and_here_receivers_say_when_they_run(
    example: Any, heard: list[Any], deliveries: Deliveries
) -> None:
    """At once, after the commit, or in the background; the queue is in the database."""
    on(example)(lambda: heard.append("at once"))
    on(example, background=True)(in_the_background)
    emit(example, sender=Harbour)
    assert heard == ["at once"]
    deliveries.assert_queued(in_the_background)
    assert deliveries.run() == 1


def in_the_background() -> None: ...


# The class Event


def test_an_event_class_has_the_name_of_module_and_class_and_here_in_snake_case(
    example: Any, heard: list[Any]
) -> None:
    on("example_event")(lambda event: heard.append(type(event)))
    emit(example, sender=Harbour)
    assert heard == [example]


def test_an_event_class_may_have_another_name(heard: list[Any]) -> None:
    """Two events with one name are refused."""

    class Renamed(Event, name="ExampleEvent"):
        pass

    on("ExampleEvent")(lambda: heard.append("heard"))
    emit(Renamed, sender=Harbour)
    assert heard == ["heard"]
    with pytest.raises(TypeError, match="ExampleEvent"):
        type("Another", (Event,), {}, name="ExampleEvent")


def test_the_path_of_a_class_as_a_name_is_given(heard: list[Any]) -> None:
    name = f"{Harbour.__module__.replace('.', '::')}::{Harbour.__name__}"
    declare_event(name)
    on("tests::contract::*::Harbour")(lambda event: heard.append(event.event_name))
    emit(name, sender=Harbour)
    assert heard == ["tests::contract::models::test_django_event_system::Harbour"]


def test_an_event_class_captures_data_and_the_handler_gets_the_event(
    example: Any, heard: list[Any]
) -> None:
    """By annotations; an __init__ of its own may add to it."""

    class Sum(example, abstract=True):  # type: ignore[misc]
        """A base of events with a total."""

    class Added(Sum):
        total: int

        def __init__(self, *, name: str, value: int) -> None:
            super().__init__(name=name, value=value, total=value + 1)

    on([example, Added])(lambda event: heard.append((event.name, event.value)))
    on(Added)(lambda total: heard.append(total))
    emit(example, sender=Harbour, name="name", value="value")
    emit(Added, sender=Harbour, name="sum", value=1)
    assert heard == [("name", "value"), ("sum", 1), 2]


# The class EventListener


def test_a_listener_is_a_class_with_what_it_listens_for_and_handle(
    example: Any, heard: list[Any]
) -> None:
    """Defining it registers it."""

    class ExampleListener(Listener):
        listens_for = [example]

        def handle(self, event: Any) -> None:
            heard.append(event)

    assert heard == []
    event = emit(example, sender=Harbour)
    assert heard == [event]


def test_a_listener_listens_for_classes_texts_and_expressions(
    example: Any, heard: list[Any]
) -> None:
    """Each occurrence reaches it once, however many of them mean it."""
    declare_event("event::name")
    declare_event("other::name")

    class ManyListener(Listener):
        listens_for = [example, "event::*", re.compile(r"other::\w+"), "example_event"]

        def handle(self, event: Any) -> None:
            heard.append(event.event_name)

    emit(example, sender=Harbour)
    emit("event::name", sender=Harbour)
    emit("other::name", sender=Harbour)
    assert heard == ["example_event", "event::name", "other::name"]


@pytest.mark.django_db
def test_a_listener_for_everything_and_here_but_for_records(example: Any, heard: list[Any]) -> None:
    """Events of all records are meant by their classes, or with a sender."""

    class Everything(Listener):
        listens_for = [re.compile(".*")]

        def handle(self, event: Any, **kwargs: Any) -> None:
            heard.append(event.event_name)

    class EveryGroup(Listener):
        listens_for = [re.compile(".*")]
        sender = Group

        def handle(self, event: Any, **kwargs: Any) -> None:
            heard.append(("group", event.event_name))

    emit(example, sender=Harbour, value=1)
    User.objects.create(username="ann")
    Group.objects.create(name="sailors")
    assert heard == [
        "example_event",
        ("group", "pre_create_record"),
        ("group", "post_create_record"),
    ]


# Testing


def test_expected_events_do_not_reach_their_listeners(
    example: Any, heard: list[Any], events: Emissions
) -> None:
    """What is not expected does."""
    declare_event("some::event::to::be::fired")
    on("some::event::*")(lambda: heard.append("expected"))
    on(example)(lambda: heard.append("other"))
    with events.expect("some::event::to::be::fired"):
        emit("some::event::to::be::fired", sender=Harbour)
        emit(example, sender=Harbour)
    assert heard == ["other"]
    emit("some::event::to::be::fired", sender=Harbour)
    assert heard == ["other", "expected"]


def test_a_test_fails_with_the_list_of_events_that_were_not_raised(
    example: Any, events: Emissions
) -> None:
    declare_event("some::event")
    declare_event("another::event")
    with (
        pytest.raises(AssertionError) as failed,
        events.expect("some::event", "another::event", example),
    ):
        emit(example, sender=Harbour)
    assert "some::event" in str(failed.value)
    assert "another::event" in str(failed.value)


def test_expectations_in_a_test_case(example: Any) -> None:
    """The decorator is a mixin here."""

    class TestExample(EventTestMixin, unittest.TestCase):
        def test_expected(self) -> None:
            with self.events.expect(example):
                emit(example, sender=Harbour)

        def test_never_raised(self) -> None:
            with self.events.expect(example):
                pass

    result = unittest.defaultTestLoader.loadTestsFromTestCase(TestExample).run(
        unittest.TestResult()
    )
    assert (result.testsRun, len(result.errors)) == (2, 0)
    [(failed, _)] = result.failures
    assert failed.id().endswith("test_never_raised")
