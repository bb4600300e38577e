"""Who hears records, and what is connected for them."""

from typing import Any

import pytest
from django.db.models.signals import post_delete, post_save, pre_delete, pre_save
from django.test import override_settings

from tests.records.tables import Book, Shelf, Ticket
from workflow_events.events import Event, off, on
from workflow_events.events.errors import RegistrationError
from workflow_events.events.registration.registry import registry
from workflow_events.records import (
    PostCreateRecord,
    PostDeleteRecord,
    PostUpdateRecord,
)
from workflow_events.records.heard import heard_of
from workflow_events.records.listening import listening

pytestmark = pytest.mark.usefixtures("tables")
SIGNALS = (pre_save, post_save, pre_delete, post_delete)


@pytest.mark.parametrize(
    ("target", "options"),
    [
        (PostUpdateRecord[Book], {}),
        (PostUpdateRecord, {"sender": Book}),
        (PostUpdateRecord, {"sender": "tests.records.tables.Book"}),
        (PostUpdateRecord, {}),
        ("post_update_record", {"sender": Book}),
        ("p*t_update_rec*", {"sender": Book}),
    ],
)
def test_ways_to_listen(target, options):
    titles: list[Any] = []
    on(target, **options)(lambda record, diff, sender: titles.append((record.title, sender)))
    book = Book(title="a")
    Book.plain.bulk_create([book])
    book.title = "b"
    book.save()
    assert titles == [("b", Book)]


def test_only_what_is_heard_is_connected_and_nothing_stays():
    def connected() -> list[str]:
        names = ("pre_save", "post_save", "pre_delete", "post_delete")
        return [
            f"{name} {model.__name__}"
            for name, signal in zip(names, SIGNALS, strict=True)
            for model in (Book, Shelf)
            if signal.has_listeners(model)
        ]

    assert connected() == []
    with registry.scoped():
        on(PostUpdateRecord[Book])(lambda: None)
        assert connected() == ["pre_save Book", "post_save Book"]
        with registry.scoped():
            on(PostDeleteRecord, sender="tests.records.tables.Shelf")(lambda: None)
            on("post_create_*")(lambda event: None)  # a pattern without a sender means none
            assert connected() == [
                "pre_save Book",
                "post_save Book",
                "pre_delete Shelf",
                "post_delete Shelf",
            ]
            assert heard_of[Shelf] == {PostDeleteRecord}
        assert connected() == ["pre_save Book", "post_save Book"]
    assert connected() == []
    assert heard_of == {}


def test_models_that_are_made_later():
    found = []
    on(PostCreateRecord, sender=Shelf)(lambda record: found.append(record.pk))

    class Rack(Shelf):
        class Meta:
            app_label = "record_tests"
            apps = Shelf._meta.apps
            proxy = True

    Rack.objects.create(slug="r")
    assert found == ["r"]


@pytest.mark.parametrize(
    ("target", "sender", "match"),
    [
        (PostUpdateRecord, int, "never sends post_update_record"),
        (PostUpdateRecord, "Boook", "never sends post_update_record"),
        (PostUpdateRecord[int], None, "builtins.int is no model"),  # type: ignore[type-var]
        (PostUpdateRecord, Ticket.tags.through, "never sends"),
        ("post_*_record", None, "only together with a sender"),
    ],
)
def test_who_never_sends_is_refused(target, sender, match):
    before = list(registry.receivers)
    with pytest.raises(RegistrationError, match=match):
        on(target, sender=sender)(lambda: None)
    assert registry.receivers == before


def test_the_app_must_be_installed():
    with (
        override_settings(INSTALLED_APPS=[]),
        pytest.raises(RegistrationError, match="to INSTALLED_APPS"),
    ):
        on(PostUpdateRecord[Book])(lambda: None)
    assert heard_of == {}


def test_registering_many_receivers_looks_at_models_only_for_those_of_records(monkeypatch):
    asked = []
    monkeypatch.setattr(listening, "_heard_by", lambda model: asked.append(model) or frozenset())

    class Other(Event): ...

    for _ in range(10):
        on(Other)(lambda: None)
    assert asked == []


def test_nothing_is_heard_before_the_receivers_are_loaded(seen):
    found = seen(Book)
    with registry.scoped():
        registry.loaded = False
        on(PostCreateRecord[Book])(lambda: None)
        assert heard_of == {}
        Book.objects.create()
        registry.start()
        assert heard_of[Book]
    assert found == []


def test_signals_that_are_sent_by_others_than_django(seen, tables):
    """Who imitates Django often leaves out what a receiver may do without."""
    shelf = Shelf.objects.create(slug="a")
    found = seen(Shelf)
    pre_save.send(sender=Shelf, instance=shelf)
    post_save.send(sender=Shelf, instance=shelf, created=False)
    post_save.send(sender=Shelf, instance=shelf, created=True)
    pre_delete.send(sender=Shelf, instance=shelf)
    post_delete.send(sender=Shelf, instance=shelf)
    assert [name for name, *_ in found] == [
        "pre_update_record",
        "post_update_record",
        "post_create_record",
        "pre_delete_record",
        "post_delete_record",
    ]


def test_a_receiver_that_is_taken_back_leaves_nothing_connected(tables):
    def hear(record: Book) -> None:
        raise AssertionError("it was taken back")

    on(PostCreateRecord[Book], raise_exception=True)(hear)
    assert post_save.has_listeners(Book)
    assert off(hear)
    assert not post_save.has_listeners(Book)
    Book.objects.create(title="quiet")
    assert Book.objects.count() == 1
