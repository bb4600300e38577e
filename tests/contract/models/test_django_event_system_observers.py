"""django-event-system: what its README says of observers and the events of models."""

# An attribute that is a list is one in our docs, too.
# ruff: noqa: RUF012

from typing import Any

import pytest
from django.contrib.auth.models import Group, User

from tests.events.checked_modules import Modules
from workflow_events.events import Listener, on
from workflow_events.events.errors import RegistrationError
from workflow_events.events.loading import load_receivers
from workflow_events.events.registration.registry import registry
from workflow_events.records import Observer, PostCreateRecord
from workflow_events.testing import Emissions

# The class Observer


@pytest.mark.django_db
def test_an_observer_responds_to_the_six_events_of_its_model(heard: list[Any]) -> None:
    """With the record, and here with what has changed."""

    class GroupObserver(Observer):
        observes = Group

        def creating(self, event: Any, record: Group) -> None:
            heard.append((event.event_name, record.name, record.pk is None))

        def created(self, event: Any, record: Group) -> None:
            heard.append((event.event_name, record.name, record.pk is None))

        def updating(self, event: Any, record: Group) -> None:
            heard.append((event.event_name, record.name, event.diff))

        def updated(self, record: Group, diff: Any) -> None:
            heard.append(("updated", record.name, diff))

        def deleting(self, record: Group, values: Any) -> None:
            heard.append(("deleting", record.pk is None, values["name"]))

        def deleted(self, record: Group, values: Any) -> None:
            heard.append(("deleted", record.pk is None, values["name"]))

    group = Group.objects.create(name="sailors")
    group.name = "pilots"
    group.save()
    group.delete()
    diff = {"name": ("sailors", "pilots")}
    assert heard == [
        ("pre_create_record", "sailors", True),
        ("post_create_record", "sailors", False),
        ("pre_update_record", "pilots", diff),
        ("updated", "pilots", diff),
        ("deleting", False, "pilots"),
        ("deleted", False, "pilots"),
    ]


@pytest.mark.django_db
def test_a_record_with_a_key_is_updated_and_here_created_if_it_is_new(heard: list[Any]) -> None:
    class KeyObserver(Observer):
        observes = Group

        def creating(self) -> None:
            heard.append("creating")

        def updating(self) -> None:
            heard.append("updating")

    Group(pk=77, name="sailors").save()
    Group(pk=77, name="pilots").save()
    assert heard == ["creating", "updating"]


def test_an_observer_that_observes_nothing_is_refused() -> None:
    with pytest.raises(RegistrationError, match="observes"):
        type("Nobody", (Observer,), {"created": lambda self: None})


@pytest.mark.django_db
def test_others_listen_for_what_is_created_of_any_model(heard: list[Any]) -> None:
    """Whether the model is observed or not: RegisterSignalsFor has no equal, as none is needed."""

    class Created(Listener):
        listens_for = [PostCreateRecord]

        def handle(self, event: Any, record: Any) -> None:
            heard.append((event.sender, str(record)))

    User.objects.create(username="ann")
    Group.objects.create(name="sailors")
    assert heard == [(User, "ann"), (Group, "sailors")]


@pytest.mark.django_db
def test_only_models_with_a_listener_emit(heard: list[Any], events: Emissions) -> None:
    @on(PostCreateRecord[Group])
    def receiver(record: Group) -> None: ...

    User.objects.create(username="ann")
    Group.objects.create(name="sailors").save()
    assert [(event.event_name, event.sender) for event in events] == [("post_create_record", Group)]


def test_observers_are_imported_in_ready_and_here_named_in_a_setting(
    modules: Modules, heard: list[Any]
) -> None:
    """Or found, as the module receivers of each app: see docs/how-to/use-the-core-alone.md."""
    name = modules.write(
        """
        from django.contrib.auth.models import Group
        from workflow_events.records import Observer

        class GroupObserver(Observer):
            observes = Group

            def created(self, record): ...
        """
    )
    registry.loaded = False  # the scope of the test restores it
    load_receivers([name])
    assert registry.receivers[-1].name == f"{name}.GroupObserver.created"
