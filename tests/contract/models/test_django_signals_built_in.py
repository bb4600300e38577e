"""Django's signals: those of ref/signals, each heard by a receiver of ours."""

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

from tests.contract.models.pizzas import PizzaStore, pizza_done
from workflow_events.events import (
    on,
    signal_to_event,
)
from workflow_events.records import PostCreateRecord, PostUpdateRecord, PreUpdateRecord
from workflow_events.testing import Emissions

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
