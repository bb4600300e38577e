"""Django's signals: each behaviour that its documentation names, done with ours.

First docs.djangoproject.com, topics/signals, then ref/signals, in the order of these pages. A test
has the name of what is said there; where ours differs on purpose, of what is done instead.
"""

# A lambda has the name that a receiver is called by; the builtin has none.
# ruff: noqa: PLW0108

import asyncio
import gc
import weakref
from typing import Any

import pytest
from asgiref.sync import async_to_sync
from django.apps import apps
from django.apps.registry import Apps
from django.contrib.auth import authenticate
from django.contrib.auth import signals as auth
from django.contrib.auth.models import Group, User
from django.core import signals as core
from django.core.management.sql import emit_post_migrate_signal, emit_pre_migrate_signal
from django.db import connection, models
from django.db.backends.signals import connection_created
from django.db.models import signals
from django.dispatch import Signal
from django.http import HttpRequest
from django.template import Context, engines
from django.test import AsyncClient, Client, override_settings
from django.test.signals import template_rendered
from django.urls import path

from tests.events.checked_modules import Modules
from workflow_events.events import (
    Event,
    ReceiverError,
    aemit,
    emit,
    filter_events,
    on,
    signal_to_event,
)
from workflow_events.events.checks import check_receivers
from workflow_events.events.errors import SynchronousEmission
from workflow_events.events.loading import load_receivers
from workflow_events.events.registration.registry import registry
from workflow_events.records import PostCreateRecord, PostUpdateRecord, PreUpdateRecord
from workflow_events.testing import Emissions, UnknownReceiver, mute

pizza_done = Signal()
pizza_eaten = Signal()


class PizzaStore:
    """Sends."""


class PizzaTruck(PizzaStore):
    """Sends, and is a store."""


@pytest.fixture
def pizza() -> Any:
    class PizzaDone(Event):
        """Emitted when a pizza is done."""

        toppings: list[str]
        size: int = 1

    return PizzaDone


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


def test_disconnect_and_here_mute_or_a_filter(pizza: Any, heard: list[Any]) -> None:
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


# ref/signals: models


def test_pre_init_carries_args_and_kwargs(heard: list[Any]) -> None:
    @on(signals.pre_init, sender=Group)
    def receiver(sender: Any, args: Any, kwargs: Any) -> None:
        heard.append((sender, list(args), dict(kwargs)))

    Group(name="cooks")
    assert heard == [(Group, [], {"name": "cooks"})]


def test_post_init_carries_the_instance(heard: list[Any]) -> None:
    on(signals.post_init, sender=Group)(lambda instance: heard.append(instance.name))
    Group(name="cooks")
    assert heard == ["cooks"]


@pytest.mark.django_db
def test_pre_save_carries_instance_raw_using_and_update_fields(heard: list[Any]) -> None:
    @on(signals.pre_save, sender=Group)
    def receiver(instance: Group, raw: bool, using: str, update_fields: Any) -> None:
        heard.append((instance.name, raw, using, update_fields))

    group = Group.objects.create(name="cooks")
    group.save(update_fields=["name"])
    assert heard == [
        ("cooks", False, "default", None),
        ("cooks", False, "default", frozenset({"name"})),
    ]


@pytest.mark.django_db
def test_post_save_carries_created_as_well(heard: list[Any]) -> None:
    @on(signals.post_save, sender=Group)
    def receiver(instance: Group, created: bool, raw: bool, using: str, update_fields: Any) -> None:
        heard.append((instance.name, created, raw, using, update_fields))

    Group.objects.create(name="cooks").save()
    assert heard == [
        ("cooks", True, False, "default", None),
        ("cooks", False, False, "default", None),
    ]


@pytest.mark.django_db
def test_post_save_and_created_are_events_of_records(heard: list[Any]) -> None:
    """One event each, with what has changed; a fixture that is loaded emits none."""

    @on(PostCreateRecord[Group])
    def created(record: Group) -> None:
        heard.append(("created", record.name))

    @on(PostUpdateRecord[Group])
    def updated(diff: Any) -> None:
        heard.append(("updated", diff))

    group = Group.objects.create(name="cooks")
    group.name = "bakers"
    group.save()
    group.save_base(raw=True)
    assert heard == [("created", "cooks"), ("updated", {"name": ("cooks", "bakers")})]


@pytest.mark.django_db
def test_pre_save_may_change_the_instance(heard: list[Any]) -> None:
    """And so may receivers of the events of records."""

    @on(signals.pre_save, sender=Group)
    def shout(instance: Group) -> None:
        instance.name = instance.name.upper()

    @on(PreUpdateRecord[Group])
    def sign(record: Group) -> None:
        record.name += "!"

    group = Group.objects.create(name="cooks")
    group.save()
    assert Group.objects.get().name == "COOKS!"


@pytest.mark.django_db
@pytest.mark.parametrize("signal", [signals.pre_delete, signals.post_delete])
def test_pre_delete_and_post_delete_carry_instance_using_and_origin(
    signal: Signal, heard: list[Any]
) -> None:
    """Of instances and of querysets."""

    @on(signal, sender=Group)
    def receiver(instance: Group, using: str, origin: Any) -> None:
        heard.append((instance.name, using, type(origin).__name__))

    Group.objects.create(name="cooks").delete()
    Group.objects.create(name="bakers")
    Group.objects.all().delete()
    assert heard == [("cooks", "default", "Group"), ("bakers", "default", "QuerySet")]


def test_a_save_that_is_overridden_sends_nothing_without_its_parent(heard: list[Any]) -> None:
    """Neither signals nor events of records."""

    class Silent(models.Model):
        name = models.CharField(max_length=20)

        class Meta:
            app_label = "silent"
            apps = Apps()

        def __str__(self) -> str:
            return self.name

        def save(self, *args: Any, **kwargs: Any) -> None:
            heard.append("saved elsewhere")

    on([signals.pre_save, signals.post_save, PostCreateRecord])(lambda: heard.append("heard"))
    Silent(name="x").save()
    assert heard == ["saved elsewhere"]


@pytest.mark.django_db
def test_m2m_changed_carries_action_reverse_model_and_keys(heard: list[Any]) -> None:
    through = User.groups.through

    @on(signals.m2m_changed, sender=through)
    def receiver(
        sender: Any,
        *,
        instance: Any,
        action: str,
        reverse: bool,
        model: Any,
        pk_set: Any,
        using: str,
    ) -> None:
        assert (sender, using) == (through, "default")
        heard.append((str(instance), action, reverse, model, pk_set))

    ann, cooks = User.objects.create(username="ann"), Group.objects.create(name="cooks")
    ann.groups.add(cooks)
    cooks.user_set.remove(ann)
    ann.groups.clear()
    assert heard == [
        ("ann", "pre_add", False, Group, {cooks.pk}),
        ("ann", "post_add", False, Group, {cooks.pk}),
        ("cooks", "pre_remove", True, User, {ann.pk}),
        ("cooks", "post_remove", True, User, {ann.pk}),
        ("ann", "pre_clear", False, Group, None),
        ("ann", "post_clear", False, Group, None),
    ]


def test_class_prepared_carries_the_class(heard: list[Any]) -> None:
    on(signals.class_prepared)(lambda sender: heard.append(sender.__name__))
    meta = type("Meta", (), {"app_label": "prepared", "apps": Apps()})
    type("Prepared", (models.Model,), {"__module__": __name__, "Meta": meta})
    assert heard == ["Prepared"]


# ref/signals: management, requests, tests, databases, users


@pytest.mark.django_db
@pytest.mark.parametrize("when", ["pre", "post"])
def test_pre_migrate_and_post_migrate_carry_their_arguments(when: str, heard: list[Any]) -> None:
    signal = {"pre": signals.pre_migrate, "post": signals.post_migrate}[when]
    config = apps.get_app_config("auth")

    @on(signal, sender=config)
    def receiver(
        *,
        app_config: Any,
        verbosity: int,
        interactive: bool,
        using: str,
        plan: Any,
        apps: Any,
        **rest: Any,
    ) -> None:
        heard.append((app_config, verbosity, interactive, using, plan, apps))

    send = {"pre": emit_pre_migrate_signal, "post": emit_post_migrate_signal}[when]
    send(0, False, "default", plan=[], apps=apps)
    assert heard == [(config, 0, False, "default", [], apps)]


def fail(request: HttpRequest) -> None:
    raise ValueError("The view fails.")


urlpatterns = [path("fail", fail)]


@pytest.mark.django_db
def test_request_started_finished_and_got_request_exception(heard: list[Any]) -> None:
    on(core.request_started)(lambda environ: heard.append(("started", environ["PATH_INFO"])))
    on(core.got_request_exception)(lambda request: heard.append(("failed", request.path)))
    on(core.request_finished)(lambda sender: heard.append(("finished", None)))
    with override_settings(ROOT_URLCONF=__name__, MIDDLEWARE=[]):
        Client(raise_request_exception=False).get("/fail")
    assert heard == [("started", "/fail"), ("failed", "/fail"), ("finished", None)]


@pytest.mark.django_db
def test_signals_of_the_async_request_cycle_are_sent_asynchronously(heard: list[Any]) -> None:
    """And reach receivers of both kinds."""

    @on(core.request_started)
    async def started(scope: Any) -> None:
        heard.append(("started", scope["path"]))

    on(core.request_started)(lambda: heard.append("sync"))
    on(core.request_finished)(lambda: heard.append("finished"))

    async def main() -> None:
        with override_settings(ROOT_URLCONF=__name__, MIDDLEWARE=[]):
            await AsyncClient(raise_request_exception=False).get("/fail")

    async_to_sync(main)()
    assert heard == [("started", "/fail"), "sync", "finished"]


def test_setting_changed_carries_setting_value_and_enter(heard: list[Any]) -> None:
    @on(core.setting_changed)
    def receiver(setting: str, value: Any, enter: bool) -> None:
        heard.append((setting, value, enter))

    with override_settings(PIZZAS=3):
        pass
    assert heard == [("PIZZAS", 3, True), ("PIZZAS", None, False)]


def test_template_rendered_carries_template_and_context(heard: list[Any]) -> None:
    @on(template_rendered)
    def receiver(sender: Any, template: Any, context: Any) -> None:
        heard.append((template is sender, context["pizza"]))

    engines.all()[0].engine.from_string("{{ pizza }}").render(Context({"pizza": 3}))
    assert heard == [(True, 3)]


@pytest.mark.django_db
def test_connection_created_carries_the_connection(heard: list[Any]) -> None:
    @on(connection_created)
    def receiver(sender: Any, connection: Any) -> None:
        heard.append((sender, connection))

    another = connection.copy()
    try:
        another.connect()
        assert heard == [(type(another), another)]
    finally:
        another.close()


@pytest.mark.django_db
def test_signals_of_users_who_log_in_and_out(heard: list[Any]) -> None:
    on(auth.user_logged_in)(lambda user: heard.append(("in", user.username)))
    on(auth.user_logged_out)(lambda user: heard.append(("out", user.username)))
    on(auth.user_login_failed)(lambda credentials: heard.append(("failed", credentials)))
    client, ann = Client(), User.objects.create(username="ann")
    with override_settings(SESSION_ENGINE="django.contrib.sessions.backends.signed_cookies"):
        client.force_login(ann)
        client.logout()
    authenticate(username="eve", password="guess")
    hidden = {"username": "eve", "password": "********************"}
    assert heard == [("in", "ann"), ("out", "ann"), ("failed", hidden)]


# What no signal has, for those who move


def test_a_signal_becomes_an_event_while_others_still_connect_to_it(
    pizza: Any, heard: list[Any], events: Emissions
) -> None:
    def connected(sender: Any, **kwargs: Any) -> None:
        heard.append("by connect")

    on(pizza)(lambda toppings: heard.append("by on"))
    signal_to_event(pizza_done, pizza)
    pizza_done.connect(connected)
    try:
        pizza_done.send(sender=PizzaStore, toppings=["ham"])
    finally:
        pizza_done.disconnect(connected)
    assert sorted(heard) == ["by connect", "by on"]
    events.assert_emitted(pizza, sender=PizzaStore, toppings=["ham"])
