"""Which events records emit, of whom, with what."""

from typing import Any

import pytest
from django.core.serializers.base import DeserializedObject
from django.db import connection, models, transaction

from tests.records.tables import Atlas, Book, Labelled, Paperback, Seat, Shelf, Ticket
from workflow_events.events import ReceiverError, on
from workflow_events.records import (
    PostCreateRecord,
    PostDeleteRecord,
    PostUpdateRecord,
    PreCreateRecord,
    PreDeleteRecord,
    PreUpdateRecord,
    UnforeseenUpdate,
)

pytestmark = pytest.mark.usefixtures("tables")


def test_the_life_of_a_record(seen):
    found = seen(Book)
    book = Book.objects.create(title="a")
    book.title = "b"
    book.save()
    book.delete()
    assert found == [
        ("pre_create_record", "Book"),
        ("post_create_record", "Book"),
        ("pre_update_record", "Book", {"title": ("a", "b")}),
        ("post_update_record", "Book", {"title": ("a", "b")}),
        ("pre_delete_record", "Book"),
        ("post_delete_record", "Book"),
    ]


def test_children_and_proxies_send_themselves(seen):
    found = seen(Book)
    atlas = Atlas.objects.create(title="a", scale=5)
    atlas.scale, atlas.title = 6, "b"
    atlas.save()
    Paperback.objects.create()
    atlas.delete()
    assert found == [
        ("pre_create_record", "Atlas"),
        ("post_create_record", "Atlas"),
        ("pre_update_record", "Atlas", {"title": ("a", "b"), "scale": (5, 6)}),
        ("post_update_record", "Atlas", {"title": ("a", "b"), "scale": (5, 6)}),
        ("pre_create_record", "Paperback"),
        ("post_create_record", "Paperback"),
        # Django deletes the row of the parent, too.
        ("pre_delete_record", "Atlas"),
        ("pre_delete_record", "Book"),
        ("post_delete_record", "Atlas"),
        ("post_delete_record", "Book"),
    ]


@pytest.mark.parametrize("wanted", [{"sender": Paperback}, {"sender": Atlas}])
def test_a_parent_does_not_send_its_children(seen, wanted):
    found = seen(wanted["sender"])
    Book.objects.create().save()
    assert found == []


def test_a_record_with_a_key_of_its_own(seen, statements):
    found = seen(Shelf)
    with statements() as sent:
        Shelf(slug="a").save()
    assert sent.verbs == ["SELECT", "UPDATE", "INSERT"]
    assert found == [("pre_create_record", "Shelf"), ("post_create_record", "Shelf")]
    found.clear()
    Shelf(slug="a", label="b").save()
    diff = {"label": ("shelf", "b")}
    assert found == [("pre_update_record", "Shelf", diff), ("post_update_record", "Shelf", diff)]


def test_a_loaded_record_whose_row_is_gone_is_created(seen):
    shelf = Shelf.objects.create(slug="a")
    Shelf.objects.all().delete()
    found = seen(Shelf)
    shelf.save()
    assert found == [("pre_create_record", "Shelf"), ("post_create_record", "Shelf")]


def test_a_key_with_a_default(seen, statements):
    found = seen(Ticket)
    with statements() as sent:
        ticket = Ticket.objects.create()
    assert sent.verbs == ["INSERT"]
    assert found == [("pre_create_record", "Ticket"), ("post_create_record", "Ticket")]
    with pytest.raises(UnforeseenUpdate, match="Load it before"), transaction.atomic():
        Ticket(pk=ticket.pk, state="forced").save(force_update=True)
    assert Ticket.objects.get().state == "new"


def test_not_emitted(seen):
    shelf = Shelf.objects.create(slug="a")
    book = Book.objects.create(shelf=shelf)
    ticket = Ticket.objects.create()
    found = seen()
    Book.plain.bulk_create([Book(shelf=shelf)])
    Book.plain.update(title="b")
    book.title = "c"
    Book.plain.bulk_update([book], ["title"])
    ticket.tags.add(shelf)
    ticket.tags.clear()
    for raw in (Book(pk=book.pk, seen_at=book.seen_at), Ticket()):
        DeserializedObject(raw, {}).save()  # as loaddata does
    assert found == []
    assert (Book.objects.count(), Ticket.objects.count()) == (2, 2)


def test_migrations_are_not_heard(seen):
    from django.db.migrations.state import ModelState, ProjectState

    state = ProjectState()
    fields = [
        ("slug", models.CharField(max_length=20, primary_key=True)),
        ("label", models.CharField(max_length=20)),
    ]
    state.add_model(ModelState("record_tests", "Shelf", fields))
    found = seen()
    Historical = state.apps.get_model("record_tests", "Shelf")  # noqa: N806
    Historical.objects.create(slug="a", label="b")
    Historical.objects.get().delete()
    assert found == []


def test_deleting_a_queryset_and_cascades_emit(seen):
    shelf = Shelf.objects.create(slug="a")
    twin = Book.objects.create(shelf=shelf)
    third = Book.objects.create(twin=twin)
    Book.plain.bulk_create([Book(shelf=shelf)])
    found = seen(Book)
    QuerySet = models.QuerySet  # noqa: N806
    QuerySet(Shelf).filter(slug="a").delete()
    assert found == [("pre_delete_record", "Book")] * 2 + [("post_delete_record", "Book")] * 2
    found.clear()
    third.refresh_from_db()
    assert third.twin is None  # without an event
    Book.plain.all().delete()
    assert found == [("pre_delete_record", "Book"), ("post_delete_record", "Book")]


def test_a_pre_receiver_stops_it(seen):
    book = Book.objects.create(title="a")

    @on([PreCreateRecord, PreUpdateRecord, PreDeleteRecord], sender=Book, raise_exception=True)
    def refuse(event):
        raise ValueError(event.event_name)

    found = seen(Book, [PostCreateRecord, PostUpdateRecord, PostDeleteRecord])
    with pytest.raises(ReceiverError, match="pre_create_record"):
        Book.objects.create()
    book.title = "b"
    with pytest.raises(ReceiverError, match="pre_update_record"):
        book.save()
    with pytest.raises(ReceiverError, match="pre_delete_record"):
        book.delete()
    assert list(Book.objects.values_list("title")) == [("a",)]
    assert book.pk is not None
    assert found == []


def test_a_post_receiver_rolls_back_the_transaction():
    book = Book.objects.create(title="a")

    @on([PostCreateRecord, PostUpdateRecord, PostDeleteRecord], sender=Book, raise_exception=True)
    def refuse(event):
        raise ValueError(event.event_name)

    with pytest.raises(ReceiverError), transaction.atomic():
        Book.objects.create()
    book.title = "b"
    with pytest.raises(ReceiverError), transaction.atomic():
        book.save()
    with pytest.raises(ReceiverError):  # deleting is a transaction
        book.delete()
    assert list(Book.objects.values_list("title")) == [("a",)]
    with pytest.raises(ReceiverError):  # without one, what is written is written
        book.save()
    assert list(Book.objects.values_list("title")) == [("b",)]


def test_a_failing_receiver_leaves_no_trace_on_the_record():
    @on(PreUpdateRecord[Book])
    def fail(record, diff):
        record.title = "broken"
        diff.clear()
        raise ValueError

    diffs = []
    on(PreUpdateRecord[Book])(lambda diff: diffs.append(dict(diff)))
    book = Book.objects.create(title="a")
    book.title = "b"
    book.save()
    assert diffs == [{"title": ("a", "b")}]
    assert Book.objects.get().title == book.title == "b"


def test_a_deleted_record_keeps_its_key_and_values():
    got: list[Any] = []

    @on(PostDeleteRecord[Book])
    def now(record, values):
        got.append((record.pk, record.title, values["title"], values["shelf"]))

    @on(PostDeleteRecord[Book], delivery="commit")
    def later(record, values):
        got.append((record.pk, record.title, values["id"], connection.in_atomic_block))

    book = Book.objects.create(title="a", shelf=Shelf.objects.create(slug="s"))
    key = book.pk
    book.delete()
    assert book.pk is None
    assert got == [(key, "a", "a", "s"), (key, "a", key, True)]


def test_values_of_a_record_that_is_not_complete():
    Book.objects.create(title="a")
    got = []
    on(PreDeleteRecord[Book])(lambda values: got.append(set(values)))
    Book.objects.only("title").get().delete()
    assert got == [{"id", "title"}]


def test_an_abstract_base_stands_for_its_models_and_keys_may_have_columns(statements):
    got: list[Any] = []

    @on([PostCreateRecord[Labelled], PostUpdateRecord[Labelled], PostDeleteRecord[Labelled]])
    def see(event, record):
        got.append((event.event_name, record.pk, getattr(event, "diff", None)))

    seat = Seat.objects.create(row=1, number=2)
    seat.label = "b"
    with statements() as sent:
        seat.save()
    assert sent.verbs == ["SELECT", "UPDATE"]
    Seat(row="1", number="2", label="c").save()
    Seat.objects.filter(row=1).update(label="d")
    Seat.objects.all().delete()
    assert got == [
        ("post_create_record", (1, 2), None),
        ("post_update_record", (1, 2), {"label": ("label", "b")}),
        ("post_update_record", ("1", "2"), {"label": ("b", "c")}),
        ("post_update_record", (1, 2), {"label": ("c", "d")}),
        ("post_delete_record", (1, 2), None),
    ]
