"""Django's signals: what topics/signals says of defining, sending and disconnecting them."""

# A lambda has the name that a receiver is called by; the builtin has none.
# ruff: noqa: PLW0108

import asyncio
from typing import Any

import pytest
from asgiref.sync import async_to_sync

from tests.contract.models.pizzas import PizzaStore, pizza_done, pizza_eaten
from workflow_events.events import (
    ReceiverError,
    aemit,
    emit,
    filter_events,
    off,
    on,
)
from workflow_events.events.errors import SynchronousEmission
from workflow_events.events.registration.registry import registry
from workflow_events.testing import UnknownReceiver, mute

# topics/signals: defining and sending


def test_a_signal_is_defined_and_here_with_what_it_carries(pizza: Any) -> None:
    assert pizza.event_name == "pizza_done"
    assert set(pizza.attributes) == {"toppings", "size"}
    assert pizza.__doc__ == "Emitted when a pizza is done."


def test_send_takes_any_keywords_and_here_those_declared(pizza: Any, heard: list[Any]) -> None:
    on(pizza)(lambda: heard.append("heard"))
    with pytest.raises(TypeError, match="PizzaDone has no attribute 'topings'"):
        emit(pizza, sender=PizzaStore, topings=[])
    with pytest.raises(TypeError, match="PizzaDone lacks 'toppings'"):
        emit(pizza, sender=PizzaStore)
    assert heard == []


def test_send_returns_responses_and_here_receivers_answer_on_the_event(pizza: Any) -> None:
    @on(pizza, order=1)
    def add(toppings: list[str]) -> str:
        toppings.append("cheese")
        return "ignored"

    @on(pizza)
    def assign(event: Any) -> None:
        event.size += 1

    event = emit(pizza, sender=PizzaStore, toppings=["ham"])
    assert (event.toppings, event.size) == (["ham", "cheese"], 2)


def test_send_lets_errors_propagate_and_the_rest_is_not_notified(
    pizza: Any, heard: list[Any]
) -> None:
    """With robust=False."""

    @on(pizza)
    def fail() -> None:
        raise ValueError("burnt")

    on(pizza)(lambda: heard.append("second"))
    with pytest.raises(ValueError, match=r"^burnt$"):
        emit(pizza, sender=PizzaStore, toppings=[], robust=False)
    assert heard == []


def test_send_robust_catches_errors_and_all_receivers_are_notified(
    pizza: Any, heard: list[Any], errors: Any
) -> None:
    """Which is what emit does, and what a signal does with receivers by @on."""

    @on([pizza, pizza_done])
    def fail() -> None:
        raise ValueError("burnt")

    on([pizza, pizza_done])(lambda: heard.append("second"))
    emit(pizza, sender=PizzaStore, toppings=[])
    pizza_done.send(sender=PizzaStore)
    assert heard == ["second", "second"]
    assert len(errors()) == 2


def test_send_robust_returns_errors_with_tracebacks_and_here_they_are_logged_or_raised(
    pizza: Any, errors: Any
) -> None:
    @on(pizza)
    def fail() -> None:
        raise ValueError("burnt")

    @on(pizza, raise_exception=True)
    def refuse() -> None:
        raise ValueError("eaten")

    with pytest.raises(ReceiverError, match=r"^eaten$") as caught:
        emit(pizza, sender=PizzaStore, toppings=[])
    [raised] = caught.value.exceptions
    logged = [record.exc_info[1] for record in errors()]
    assert [str(error) for error in logged] == ["burnt", "eaten"]
    assert all(error.__traceback__ for error in [raised, *logged])


def test_send_robust_returns_pairs_and_here_one_for_all_receivers_by_on() -> None:
    """Which fails with those that were registered with raise_exception=True."""
    on(pizza_done, raise_exception=True)(burn)
    [(_, error)] = pizza_done.send_robust(sender=PizzaStore)
    assert isinstance(error, ReceiverError)
    assert str(error) == "burnt"


def test_receivers_that_do_not_announce_it_fail_without_the_sender(errors: Any) -> None:
    """By send, which Django uses for its own signals, too."""
    on(pizza_done)(burn)
    assert [answer for _, answer in pizza_done.send(sender=PizzaStore)] == [None]
    assert len(errors()) == 1


def burn() -> None:
    raise ValueError("burnt")


def test_send_adapts_receivers_in_async_code_and_here_names_asend(heard: list[Any]) -> None:
    on(pizza_done)(lambda: heard.append("heard"))

    async def main() -> None:
        with pytest.raises(SynchronousEmission, match=r"await signal.asend"):
            pizza_done.send(sender=PizzaStore)
        assert heard == []
        await pizza_done.asend(sender=PizzaStore)

    async_to_sync(main)()
    assert heard == ["heard"]


def test_send_robust_catches_exceptions_only() -> None:
    @on(pizza_done)
    def stop() -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        pizza_done.send_robust(sender=PizzaStore)


def test_asend_is_awaited_and_here_aemit(pizza: Any, heard: list[Any]) -> None:
    """Synchronous receivers are called where they may block, by both."""
    on(pizza)(lambda size: heard.append(size))

    async def send() -> int:
        event = await aemit(pizza, sender=PizzaStore, toppings=[], size=3)
        return event.size

    assert async_to_sync(send)() == 3
    assert heard == [3]


def test_asend_robust_catches_errors_and_asend_does_not(pizza: Any, heard: list[Any]) -> None:
    @on(pizza)
    async def fail() -> None:
        raise ValueError("burnt")

    @on(pizza)
    async def second() -> None:
        heard.append("second")

    async def send(robust: bool) -> None:
        await aemit(pizza, sender=PizzaStore, toppings=[], robust=robust)

    async_to_sync(send)(True)
    assert heard == ["second"]
    with pytest.raises(ValueError, match=r"^burnt$"):
        async_to_sync(send)(False)
    assert heard == ["second"]


def test_async_receivers_run_concurrently_and_here_if_they_say_so(
    pizza: Any, heard: list[Any]
) -> None:
    def receiver(name: str) -> Any:
        async def run() -> None:
            heard.append(name)
            await asyncio.sleep(0)
            heard.append(name)

        return run

    on(pizza)(receiver("a"))
    on(pizza)(receiver("b"))
    on(pizza, concurrent=True, order=1)(receiver("c"))
    on(pizza, concurrent=True, order=1)(receiver("d"))
    emit(pizza, sender=PizzaStore, toppings=[])
    assert heard == [*"aabb", *"cdcd"]


def test_an_async_receiver_may_run_after_a_later_sync_one_and_here_never(
    pizza: Any, heard: list[Any]
) -> None:
    @on(pizza)
    async def first() -> None:
        heard.append("async")

    on(pizza)(lambda: heard.append("sync"))
    emit(pizza, sender=PizzaStore, toppings=[])
    assert heard == ["async", "sync"]


def test_disconnect_returns_whether_a_receiver_was_connected(heard: list[Any]) -> None:
    @on(pizza_done)
    def receiver() -> None:
        heard.append("heard")

    assert [off(receiver), off(receiver)] == [True, False]
    pizza_done.send(sender=PizzaStore)
    assert heard == []


def test_disconnect_for_a_while_and_here_mute_or_a_filter(pizza: Any, heard: list[Any]) -> None:
    """What is not registered is an error, where disconnect returns False."""
    is_open = [True]

    @on([pizza, pizza_done])
    @filter_events(lambda: is_open[0])
    def receiver() -> None:
        heard.append("heard")

    def send() -> list[Any]:
        heard.clear()
        emit(pizza, sender=PizzaStore, toppings=[])
        pizza_done.send(sender=PizzaStore)
        return [*heard]

    assert send() == ["heard", "heard"]
    with mute(receiver):
        assert send() == []
    is_open[0] = False
    assert send() == []
    is_open[0] = True
    assert send() == ["heard", "heard"]
    with pytest.raises(UnknownReceiver), mute(send):
        pass


def test_disconnect_after_a_test_and_here_by_itself(heard: list[Any]) -> None:
    with registry.scoped():
        on(pizza_eaten)(lambda: heard.append("heard"))
        assert pizza_eaten.has_listeners()
    assert not pizza_eaten.has_listeners()
