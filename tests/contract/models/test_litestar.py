"""Litestar's listeners: each behaviour that its documentation names, done with ours.

docs.litestar.dev, usage/events and reference/events. A test has the name of what is said there;
where ours differs on purpose, of what is done instead.
"""

import asyncio
import inspect
from queue import SimpleQueue
from typing import Any, ClassVar

import pytest
from asgiref.sync import async_to_sync, sync_to_async
from django.db import connection
from django.http import HttpRequest, HttpResponse
from django.test import AsyncClient, override_settings
from django.urls import path

from tests.events.emission.loops import Meeting, run
from workflow_events.delivery.engines.memory import InMemoryBackend
from workflow_events.delivery.models import Delivery
from workflow_events.events import Event, Retry, aemit, declare_event, emit, on
from workflow_events.events.errors import (
    ReceiversNotLoaded,
    RegistrationError,
    SynchronousEmission,
    UndeclaredEvent,
)
from workflow_events.events.registration.registry import registry
from workflow_events.testing import Deliveries, DeliveryFailed


class Users:
    """Sends."""


@pytest.fixture(autouse=True)
def user_deleted() -> type[Event]:
    declare_event("user_created", email=str)
    return declare_event("user_deleted", email=str, reason=(str, "none"))


# usage/events


def test_a_listener_is_a_coroutine_function_of_an_event_id(heard: list[Any]) -> None:
    @on("user_created")
    async def send_welcome_email(email: str) -> None:
        heard.append(email)

    run(lambda: aemit("user_created", sender=Users, email="a@example.org"))
    assert heard == ["a@example.org"]


def test_a_listener_may_be_a_plain_function(heard: list[Any]) -> None:
    """It is called in a thread, where it may block, and use the ORM."""

    @on("user_created")
    def send_welcome_email(email: str) -> None:
        with pytest.raises(RuntimeError, match="no running event loop"):
            asyncio.get_running_loop()
        heard.append(email)

    run(lambda: aemit("user_created", sender=Users, email="a@example.org"))
    assert heard == ["a@example.org"]


def test_the_decorated_function_becomes_an_object_and_here_stays_one() -> None:
    async def send_welcome_email(email: str) -> str:
        return f"to {email}"

    assert on("user_created")(send_welcome_email) is send_welcome_email
    assert run(lambda: send_welcome_email("a@example.org")) == "to a@example.org"


def test_a_listener_must_be_callable() -> None:
    before = list(registry.receivers)
    with pytest.raises(TypeError):
        on("user_created")("send_welcome_email")  # type: ignore[type-var]
    assert registry.receivers == before


def test_the_application_lists_its_listeners_and_here_on_registers_them(heard: list[Any]) -> None:
    """Whoever imports the module registers it: the setting lists modules."""

    async def unlisted() -> None:
        heard.append("heard")

    on("user_created")(unlisted)
    assert registry.receivers[-1].function is unlisted
    emit("user_created", sender=Users, email="a@example.org")
    assert heard == ["heard"]


async def create(request: HttpRequest) -> HttpResponse:
    emit("user_created", sender=create, email=request.GET["email"])
    return HttpResponse("created")


urlpatterns = [path("users", create)]


def test_a_handler_emits_without_waiting_for_its_listeners(heard: list[Any]) -> None:
    """With atomic=False they are left to the event loop, and the response is made before."""
    begun, go_on = asyncio.Event(), asyncio.Event()

    @on("user_created", atomic=False)
    async def send_welcome_email(email: str) -> None:
        begun.set()
        await go_on.wait()
        heard.append(email)

    async def main() -> None:
        with override_settings(ROOT_URLCONF=__name__, MIDDLEWARE=[]):
            response = await AsyncClient().get("/users", {"email": "a@example.org"})
        heard.append(response.content)
        await begun.wait()
        go_on.set()
        while len(heard) < 2:
            await asyncio.sleep(0)

    run(main)
    assert heard == [b"created", "a@example.org"]


def test_a_handler_that_must_not_lose_events_waits_for_them(heard: list[Any]) -> None:
    """An emit that would block the loop, or lose what its receivers wrote, is an error."""

    @on("user_created")
    async def send_welcome_email() -> None:
        heard.append("heard")

    async def main() -> None:
        with pytest.raises(SynchronousEmission, match="Write await aemit"):
            emit("user_created", sender=Users, email="a@example.org")
        assert heard == []
        await aemit("user_created", sender=Users, email="a@example.org")

    run(main)
    assert heard == ["heard"]


def test_a_listener_listens_to_multiple_events(heard: list[Any]) -> None:
    @on(["user_created", "user_deleted"])
    async def note(event: Any, email: str) -> None:
        heard.append((event.event_name, email))

    emit("user_created", sender=Users, email="a")
    emit("user_deleted", sender=Users, email="b")
    assert heard == [("user_created", "a"), ("user_deleted", "b")]


def test_an_event_has_multiple_listeners_and_here_in_order(heard: list[Any]) -> None:
    """An order can be given; in a set there is none."""

    @on("user_deleted", order=1)
    async def notify_customer_support(reason: str) -> None:
        heard.append(reason)

    @on("user_deleted")
    async def send_farewell_email(email: str) -> None:
        heard.append(email)

    emit("user_deleted", sender=Users, email="a@example.org", reason="deleted")
    assert heard == ["a@example.org", "deleted"]


def test_emit_takes_an_id_and_any_arguments_and_here_declared_ones(heard: list[Any]) -> None:
    on("user_deleted")(lambda: heard.append("heard"))
    with pytest.raises(TypeError, match="has no attribute 'mail'"):
        emit("user_deleted", sender=Users, mail="a@example.org")
    with pytest.raises(TypeError, match="lacks 'email'"):
        emit("user_deleted", sender=Users)
    with pytest.raises(TypeError):
        emit("user_deleted", "a@example.org", sender=Users)  # type: ignore[call-overload]
    assert heard == []


def test_listeners_must_handle_all_arguments_and_here_take_what_they_need(
    heard: list[Any],
) -> None:
    """Which makes **kwargs a matter of taste."""

    @on("user_deleted")
    async def send_farewell_email(email: str) -> None:
        heard.append(email)

    @on("user_deleted")
    async def notify_customer_support(reason: str, **kwargs: Any) -> None:
        heard.append((reason, sorted(kwargs)))

    emit("user_deleted", sender=Users, email="a@example.org", reason="deleted")
    assert heard == ["a@example.org", ("deleted", ["email", "event", "sender"])]


def test_an_argument_that_an_event_lacks_raises_and_here_before_it_is_emitted() -> None:
    before = list(registry.receivers)
    with pytest.raises(RegistrationError, match="asks for mail, which the event user_deleted"):

        @on("user_deleted")
        async def send_farewell_email(mail: str) -> None: ...

    assert registry.receivers == before


# usage/events: event emitters


class OwnBackend(InMemoryBackend):
    """A backend of one's own."""

    jobs: ClassVar[SimpleQueue[Any]] = SimpleQueue()


def never_called() -> None: ...


def fails_once() -> None:
    if not Delivery.objects.filter(attempts=2).exists():
        raise ConnectionRefusedError("nobody is there")


@pytest.mark.django_db(transaction=True)
def test_a_backend_of_ones_own_and_here_of_the_interface_of_tasks() -> None:
    """It is only told that something is due: what is due is in the database."""
    own = {"default": {"BACKEND": f"{__name__}.OwnBackend", "QUEUES": ["workflow_events"]}}
    on("user_created", background=True)(never_called)
    with override_settings(TASKS=own):
        emit("user_created", sender=Users, email="a@example.org")
    assert OwnBackend.jobs.get_nowait()
    assert Delivery.objects.count() == 1


@pytest.mark.django_db
def test_the_queue_is_in_memory_and_here_in_the_database(deliveries: Deliveries) -> None:
    """Persistence, of what was emitted and of what its listeners have done."""
    on("user_created", background=True)(never_called)
    emit("user_created", sender=Users, email="a@example.org")
    deliveries.assert_queued(never_called, event="user_created", email="a@example.org")
    assert deliveries.run() == 1
    assert [delivery.state for delivery in deliveries] == ["done"]


@pytest.mark.django_db
def test_retries_need_another_backend_and_here_an_option(deliveries: Deliveries) -> None:
    retry = Retry(attempts=3, on=(OSError,))
    on("user_created", background=True, retry=retry)(fails_once)
    emit("user_created", sender=Users, email="a@example.org")
    with pytest.raises(DeliveryFailed, match="nobody is there"):
        deliveries.run()
    assert [delivery.state for delivery in deliveries] == ["pending"]
    assert deliveries.run(retries=True) == 1
    assert [(delivery.state, delivery.attempts) for delivery in deliveries] == [("done", 2)]


# reference/events


def test_an_id_without_listeners_raises_and_here_an_id_that_is_not_declared() -> None:
    """Nobody has to listen; what is misspelt is told, with what is like it."""
    emit("user_created", sender=Users, email="a@example.org")
    with pytest.raises(UndeclaredEvent, match="Did you mean 'user_created'"):
        emit("user_creatde", sender=Users, email="a@example.org")


def test_a_listener_that_fails_is_logged_and_harms_no_other(heard: list[Any], errors: Any) -> None:
    @on("user_created")
    async def fail() -> None:
        raise ValueError("no")

    on("user_created")(lambda: heard.append("second"))
    run(lambda: aemit("user_created", sender=Users, email="a@example.org"))
    assert heard == ["second"]
    [record] = errors()
    assert str(record.exc_info[1]) == "no"


def test_a_listener_that_fails_after_emit_has_returned_is_logged(
    heard: list[Any], errors: Any
) -> None:
    @on("user_created", atomic=False)
    async def fail() -> None:
        raise ValueError("no")

    @on("user_created", atomic=False)
    async def second() -> None:
        heard.append("second")

    async def main() -> None:
        emit("user_created", sender=Users, email="a@example.org")
        while not heard:
            await asyncio.sleep(0)

    run(main)
    assert heard == ["second"]
    assert len(errors()) == 1


def test_listeners_run_concurrently_and_here_if_they_say_so(heard: list[Any], errors: Any) -> None:
    """Each fails on its own."""
    meeting = Meeting(2)

    @on("user_created", concurrent=True)
    async def first() -> None:
        await meeting.wait()
        raise ValueError("no")

    @on("user_created", concurrent=True)
    async def second() -> None:
        await meeting.wait()
        await asyncio.sleep(0)
        heard.append("second")

    emit("user_created", sender=Users, email="a@example.org")
    assert heard == ["second"]
    assert len(errors()) == 1


def test_emit_is_no_coroutine() -> None:
    """It is called the same from synchronous code; aemit is awaited."""
    assert not inspect.iscoroutinefunction(emit)
    assert inspect.iscoroutinefunction(aemit)

    async def main() -> None:
        await sync_to_async(emit)("user_created", sender=Users, email="a@example.org")

    async_to_sync(main)()


def test_emit_before_the_emitter_has_begun_raises() -> None:
    """Here, before the receivers are loaded."""
    registry.loaded = False  # the scope of the test restores it
    with pytest.raises(ReceiversNotLoaded):
        emit("user_created", sender=Users, email="a@example.org")


def test_the_emitter_ends_with_the_application_and_here_with_the_loop(errors: Any) -> None:
    """What is left to the loop, and has not ended by then, is cancelled, and that is logged."""

    @on("user_created", atomic=False)
    async def never_ends() -> None:
        await asyncio.Event().wait()

    async def main() -> None:
        emit("user_created", sender=Users, email="a@example.org")
        await asyncio.sleep(0)

    asyncio.run(main())
    assert len(errors()) == 1
    assert not connection.in_atomic_block
