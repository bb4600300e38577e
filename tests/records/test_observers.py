"""Observers: receivers of a model's records as one class."""

# Options are class attributes that may be lists.
# ruff: noqa: RUF012

from typing import Any

import pytest

from tests.records.tables import Book, Shelf
from workflow_events.events import ReceiverError, filter_events
from workflow_events.events.errors import RegistrationError
from workflow_events.events.registration.registry import registry
from workflow_events.records import Observer, changed
from workflow_events.records.heard import heard_of


def test_each_method_is_a_registration(tables):
    got: list[Any] = []

    class Watch(Observer):
        observes = Book
        order = 3

        def creating(self, record):
            got.append(("creating", record.pk))

        def created(self, record, event, sender):
            got.append(("created", record.title, event.event_name, sender))

        def updating(self, diff):
            got.append(("updating", diff["title"]))

        def updated(self, record, diff):
            got.append(("updated", record.title, diff["title"]))

        def deleting(self, values):
            got.append(("deleting", values["title"]))

        def deleted(self, record, **rest):
            got.append(("deleted", record.title, sorted(rest)))

        def _helper(self): ...

    book = Book.objects.create(title="a")
    book.title = "b"
    book.save()
    book.delete()
    assert got == [
        ("creating", None),
        ("created", "a", "post_create_record", Book),
        ("updating", ("a", "b")),
        ("updated", "b", ("a", "b")),
        ("deleting", "b"),
        ("deleted", "b", ["event", "sender", "values"]),
    ]
    mine = registry.receivers[-6:]
    prefix = f"{__name__}.test_each_method_is_a_registration.<locals>.Watch"
    assert [r.name for r in mine][:2] == [f"{prefix}.creating", f"{prefix}.created"]
    assert {r.order for r in mine} == {3}
    assert [str(r.targets[0]) for r in mine][3] == "post_update_record[Book]"
    assert heard_of[Book] == {target.wanted for r in mine for target in r.targets}


def test_several_models_filters_and_options(tables):
    got: list[Any] = []

    class Base(Observer, abstract=True):
        raise_exception = True

        def created(self, record):
            got.append(record.pk)
            if record.pk == "bad":
                raise ValueError("no")

    class Watch(Base):
        observes = [Book, Shelf]

        @changed("label", to="new")
        @filter_events(lambda record: record.pk == "a")
        def updated(self, record):
            got.append(record.label)

    for slug in "ab":
        shelf = Shelf.objects.create(slug=slug)
        shelf.label = "new"
        shelf.save()
    with pytest.raises(ReceiverError, match="no"):
        Shelf.objects.create(slug="bad")
    assert got == ["a", "new", "b", "bad"]
    assert [r.name.rpartition(".<locals>.")[2] for r in registry.receivers[-2:]] == [
        "Watch.created",
        "Watch.updated",
    ]


def test_filters_of_methods_of_the_class(tables):
    """On either side of the other decorator."""
    got: list[str] = []

    class Watch(Observer):
        observes = Shelf

        @classmethod
        @changed("label", to="new")
        def updated(cls, record: Any) -> None:
            got.append(f"updated {record.pk} by {cls.__name__}")

        @staticmethod
        @filter_events(lambda record: record.pk == "a")
        def created(record: Any) -> None:
            got.append("created")

        @filter_events(lambda record: record.pk == "b")
        @staticmethod
        def creating(record: Any) -> None:
            got.append("creating")

    shelf = Shelf.objects.create(slug="a")
    shelf.save()
    shelf.label = "new"
    shelf.save()
    assert got == ["created", "updated a by Watch"]


def refused(match: str, body: dict[str, Any]) -> None:
    before = list(registry.receivers)
    with pytest.raises(RegistrationError, match=match):
        type("Watch", (Observer,), {"__module__": __name__, **body})
    assert registry.receivers == before
    assert heard_of == {}


def method(self: Any, record: Any) -> None: ...


@pytest.mark.parametrize(
    "name", ["update", "crated", "delete", "create", "update_all", "updateing"]
)
def test_a_misspelt_method(name):
    refused(
        f"Watch has a method {name}, which is never called; is it", {"observes": Book, name: method}
    )


def test_what_could_not_work():
    refused("observes nothing that happens; write one of creating", {"observes": Book})
    refused("observes no model", {"created": method})
    refused("observes no model", {"observes": [], "created": method})
    refused("observes 'Book', which is no model", {"observes": "Book", "created": method})
    refused(
        "observes <class 'int'>, which is no model", {"observes": [Book, int], "created": method}
    )
    refused("has created = True, which is no method", {"observes": Book, "created": True})
    refused("raise_exceptions", {"observes": Book, "created": method, "raise_exceptions": True})
    refused("sets observe,", {"observe": Book, "created": method})
    refused("'titel'", {"observes": Book, "updated": changed("titel")(method)})
    refused("asks for diff", {"observes": Book, "created": lambda self, diff: None})
    refused(
        "in the background",
        {"observes": Book, "created": method, "creating": method, "background": True},
    )


def test_names_in_the_background():
    class Plain(Observer, abstract=True):
        background = True

        def created(self, record): ...
        def deleted(self, values): ...

    class One(Plain):
        observes = Book

    class Other(Plain):
        observes = Book
        name = "other"

    names = [r.options.name.rpartition(".<locals>.")[2] for r in registry.receivers[-4:]]
    assert names == ["One.created", "One.deleted", "other.created", "other.deleted"]
