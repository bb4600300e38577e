"""Django's signals: each behaviour that its documentation names, done with ours.

Here docs.djangoproject.com, topics/signals, as far as it is about listening; the rest of it is in
test_django_signals_sending.py, and ref/signals in test_django_signals_built_in.py. A test has the
name of what is said there; where ours differs on purpose, of what is done instead.
"""

# A lambda has the name that a receiver is called by; the builtin has none.
# ruff: noqa: PLW0108

import asyncio
import gc
import weakref
from typing import Any

import pytest
from asgiref.sync import async_to_sync
from django.contrib.auth.models import Group, User
from django.db.models import signals

from tests.contract.models.pizzas import PizzaStore, PizzaTruck, pizza_done, pizza_eaten
from tests.events.checked_modules import Modules
from workflow_events.events import (
    aemit,
    emit,
    filter_events,
    on,
)
from workflow_events.events.checks import check_receivers
from workflow_events.events.loading import load_receivers
from workflow_events.events.registration.registry import registry

# topics/signals: listening


def test_receivers_are_called_one_at_a_time_in_the_order_they_connect(
    pizza: Any, heard: list[Any]
) -> None:
    for target in (pizza_done, pizza):
        for name in "abc":
            on(target)(lambda name=name: heard.append(name))
    pizza_done.send(sender=PizzaStore)
    assert heard == ["a", "b", "c"]
    emit(pizza, sender=PizzaStore, toppings=[])
    assert heard == ["a", "b", "c"] * 2


def test_a_receiver_is_any_function_or_method(heard: list[Any]) -> None:
    """Callable objects, too."""

    class Cook:
        def method(self, sender: Any, **kwargs: Any) -> None:
            heard.append("method")

        def __call__(self, sender: Any, **kwargs: Any) -> None:
            heard.append("object")

    def function(sender: Any, **kwargs: Any) -> None:
        heard.append("function")

    for receiver in (function, Cook().method, Cook()):
        on(pizza_done)(receiver)
    pizza_done.send(sender=PizzaStore)
    assert heard == ["function", "method", "object"]


def test_receivers_take_a_sender_and_keyword_arguments(pizza: Any, heard: list[Any]) -> None:
    @on([pizza_done, pizza])
    def receiver(sender: Any, **kwargs: Any) -> None:
        heard.append((sender, kwargs["toppings"]))

    pizza_done.send(sender=PizzaStore, toppings=["ham"])
    emit(pizza, sender=PizzaStore, toppings=["ham"])
    assert heard == [(PizzaStore, ["ham"])] * 2


def test_receivers_must_take_kwargs_and_here_only_what_they_need(
    pizza: Any, heard: list[Any]
) -> None:
    """So an argument that is added later breaks nobody, either."""

    @on([pizza_done, pizza])
    def receiver(size: int) -> None:
        heard.append(size)

    pizza_done.send(sender=PizzaStore, toppings=[], size=2, added_later=True)
    emit(pizza, sender=PizzaStore, toppings=[], size=3)
    assert heard == [2, 3]


def test_a_receiver_may_be_async(pizza: Any, heard: list[Any]) -> None:
    """Signals can be sent either way, receivers are adapted."""

    @on([pizza_done, pizza])
    async def receiver(sender: Any, **kwargs: Any) -> None:
        await asyncio.sleep(0)
        heard.append("async")

    @on([pizza_done, pizza])
    def synchronous(sender: Any, **kwargs: Any) -> None:
        heard.append("sync")

    async def send() -> None:
        await pizza_done.asend(sender=PizzaStore)
        await aemit(pizza, sender=PizzaStore, toppings=[])

    pizza_done.send(sender=PizzaStore)
    emit(pizza, sender=PizzaStore, toppings=[])
    async_to_sync(send)()
    assert heard == ["async", "sync"] * 4


def test_a_receiver_connects_by_a_call_or_as_decorator(heard: list[Any]) -> None:
    def first() -> None:
        heard.append("first")

    assert on(pizza_done)(first) is first

    @on(pizza_done)
    def second() -> None:
        heard.append("second")

    pizza_done.send(sender=PizzaStore)
    second()
    assert heard == ["first", "second", "second"]


def test_a_receiver_connects_to_a_list_of_signals(heard: list[Any]) -> None:
    """Events may stand in the same list."""

    @on([pizza_done, pizza_eaten, "debug_event"])
    def receiver(event: Any) -> None:
        heard.append(event.event_name.rpartition(".")[2])

    pizza_eaten.send(sender=PizzaStore)
    pizza_done.send(sender=PizzaStore)
    emit("debug_event", sender=PizzaStore)
    assert heard == ["pizza_eaten", "pizza_done", "debug_event"]


def test_receivers_are_connected_in_ready_and_here_their_modules_are_named(
    modules: Modules, heard: list[Any]
) -> None:
    """Each is imported once, however often it is named: nothing is to be guarded."""
    name = modules.write(
        f"""
        from {__name__} import pizza_done
        from workflow_events.events import on

        @on(pizza_done)
        def receiver(toppings):
            toppings.append("cheese")
        """
    )
    registry.loaded = False  # the scope of the test restores it
    load_receivers([name, name])
    pizza_done.send(sender=PizzaStore, toppings=heard)
    assert heard == ["cheese"]


@pytest.mark.django_db
def test_receivers_get_signals_of_specific_senders(heard: list[Any]) -> None:
    @on(signals.post_save, sender=Group)
    def receiver(instance: Group) -> None:
        heard.append(instance.name)

    User.objects.create(username="ann")
    Group.objects.create(name="cooks")
    assert heard == ["cooks"]


def test_a_sender_is_one_class_and_here_its_subclasses_too(heard: list[Any]) -> None:
    """A filter says that it is meant exactly."""
    on(pizza_done, sender=PizzaStore)(lambda sender: heard.append(sender))

    @on(pizza_done, sender=PizzaStore)
    @filter_events(lambda sender: sender is PizzaStore)
    def exactly() -> None:
        heard.append("exactly")

    pizza_done.send(sender=PizzaTruck)
    pizza_done.send(sender=PizzaStore)
    assert heard == [PizzaTruck, PizzaStore, "exactly"]


@pytest.mark.django_db
def test_a_sender_is_referenced_by_its_label_and_here_by_its_path(
    modules: Modules, heard: list[Any]
) -> None:
    """A label stops the start, which says what to write: modules are loaded when models are."""
    start = """
        from django.db.models.signals import post_save
        from workflow_events.events import on

        @on(post_save, sender="auth.Group")
        def receiver(): ...
        """
    found = modules.check(start)
    assert found.short == ["E007:5"]
    assert "Write the model itself, sender=Group, or 'django.contrib.auth." in found.refused
    found = modules.check(start.replace("auth.Group", "auth.Grup"))
    assert found.short == ["E006:5"]
    assert "which names no model" in found.refused
    assert "Did you mean 'Group'?" in found.refused

    path = "django.contrib.auth.models.Group"
    on(signals.post_save, sender=path)(lambda sender: heard.append(sender))
    Group.objects.create(name="cooks")
    User.objects.create(username="ann")
    assert heard == [Group]


def test_receivers_are_weak_references_and_here_strong(heard: list[Any]) -> None:
    def made_in_a_function() -> None:
        heard.append("heard")

    on(pizza_done)(made_in_a_function)
    alive = weakref.ref(made_in_a_function)
    del made_in_a_function
    gc.collect()
    assert alive() is not None
    pizza_done.send(sender=PizzaStore)
    assert heard == ["heard"]


def test_a_dispatch_uid_prevents_duplicates_and_here_check_finds_them(heard: list[Any]) -> None:
    """One function may be registered twice, with other options; what runs twice is a warning."""

    def receiver() -> None:
        heard.append("heard")

    on(pizza_done)(receiver)
    on(pizza_done)(receiver)
    pizza_done.send(sender=PizzaStore)
    assert heard == ["heard", "heard"]
    assert "workflow_events.W001" in [message.id for message in check_receivers()]
