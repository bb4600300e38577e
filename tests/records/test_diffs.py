"""What an update has changed, exactly, and what knowing it costs."""

from threading import Thread
from typing import Any

import django
import pytest
from django.db import IntegrityError, OperationalError, connection, connections, transaction
from django.db.models import F
from django.db.models.signals import pre_save

from tests.records.tables import Atlas, Book, Paperback, Shelf
from workflow_events.events import Event, emit, on
from workflow_events.records import (
    PostCreateRecord,
    PostDeleteRecord,
    PostUpdateRecord,
    PreCreateRecord,
    PreUpdateRecord,
)

pytestmark = pytest.mark.usefixtures("tables")


def test_after_commit_the_diff_is_as_it_was():
    got: list[Any] = []

    @on(PostUpdateRecord[Book], delivery="commit")
    def later(record, diff):
        got.append((record.title, diff["title"]))

    book = Book.objects.create(title="a")
    with transaction.atomic():
        book.title = "b"
        book.save()
        book.title = "c"
        book.save()
        assert got == []
    assert got == [("c", ("a", "b")), ("c", ("b", "c"))]


def test_the_diff_and_its_statements(statements):
    """One SELECT more, and another for what only the database knows."""
    diffs: list[Any] = []
    book = Book.objects.create(title="a", data={"a": (1, 2)}, pages=4)
    book.refresh_from_db()
    with statements() as sent:
        book.save()
    assert sent.verbs == ["UPDATE"]
    on(PostUpdateRecord[Book])(lambda diff: diffs.append({**diff}))
    with statements() as sent:
        book.pages = "5"
        book.data = {"a": (1, 2)}
        book.save()
    assert sent.verbs == ["SELECT", "UPDATE"]
    [diff] = diffs
    assert diff.keys() == {"pages", "seen_at"}
    assert diff["pages"] == (4, 5)
    assert diff["seen_at"][1] == book.seen_at
    diffs.clear()
    with statements() as sent:
        book.pages = F("pages") + 1
        book.save(update_fields=["pages"])
    returned = django.VERSION >= (6,)  # by the UPDATE itself
    assert sent.verbs == ["SELECT", "UPDATE", *([] if returned else ["SELECT"])]
    assert diffs == [{"pages": (5, 6)}]


def test_what_a_listener_costs(statements):
    """Only those who must know the row before have it read."""
    shelf = Shelf.objects.create(slug="a")
    book = Book.objects.create()
    on(PostCreateRecord)(lambda: None)
    on(PostDeleteRecord, sender=Shelf)(lambda: None)
    with statements() as sent:
        Book.objects.create()
        book.save()
        Shelf(slug="b").save()
        shelf.save()
    assert sent.verbs == ["INSERT", "UPDATE", "UPDATE", "INSERT", "UPDATE"]
    on(PreCreateRecord)(lambda: None)
    with statements() as sent:
        Book.objects.create()
        book.save()
    assert sent.verbs == ["INSERT", "SELECT", "UPDATE"]


@pytest.mark.skipif("connection.vendor != 'postgresql'", reason="SQLite has one writer")
def test_the_row_is_locked_in_a_transaction(statements):
    book, atlas = Paperback.objects.create(), Atlas.objects.create()
    on(PostUpdateRecord, sender=Book)(lambda: None)
    for record in (book, atlas):
        with statements() as sent:
            record.save()
            with transaction.atomic():
                record.save()
        outside, inside = [q["sql"] for q in sent.captured_queries if q["sql"].startswith("SELECT")]
        assert not outside.endswith("FOR NO KEY UPDATE")
        assert inside.endswith("FOR NO KEY UPDATE")


@pytest.mark.skipif("connection.vendor != 'sqlite'", reason="others lock rows")
def test_the_lock_for_writing_is_taken_before_the_row_is_read(statements, monkeypatch):
    """Or SQLite would refuse the UPDATE at once if another one has written since, not wait."""
    atlas = Atlas.objects.create()
    on(PostUpdateRecord, sender=Book)(lambda: None)
    for mode, first in (("DEFERRED", ["UPDATE"]), (None, ["UPDATE"]), ("IMMEDIATE", [])):
        monkeypatch.setattr(connections["default"], "transaction_mode", mode)
        with transaction.atomic(), statements() as sent:
            atlas.save(update_fields=["scale"])
            Atlas.objects.update(scale=2)
        verbs = [verb for verb in sent.verbs if verb in ("SELECT", "UPDATE")]
        assert verbs == [*first, "SELECT", "UPDATE"] * 2
    with statements() as sent:
        Book.objects.get().save(update_fields=["title"])
    assert sent.verbs == ["SELECT", "SELECT", "UPDATE"]


@pytest.mark.skipif("connection.vendor != 'postgresql'", reason="SQLite has one writer")
def test_nobody_changes_the_row_between_diff_and_update():
    shelf = Shelf.objects.create(slug="a")
    others: list[Any] = []

    def try_to_change() -> None:
        try:
            with transaction.atomic():
                Shelf.objects.select_for_update(nowait=True).get()
        except OperationalError as error:
            others.append(type(error))
        finally:
            connection.close()

    @on(PreUpdateRecord[Shelf])
    def meanwhile():
        thread = Thread(target=try_to_change)
        thread.start()
        thread.join()

    with transaction.atomic():
        shelf.save()
    assert others == [OperationalError]


def test_deferred_fields_are_left_alone(statements):
    Book.objects.create(title="a")
    diffs = []
    on(PostUpdateRecord[Book])(lambda diff: diffs.append({**diff}))
    book = Book.objects.only("title").get()
    book.title = "b"
    with statements() as sent:
        book.save()
    assert sent.verbs == ["SELECT", "UPDATE"]
    assert diffs == [{"title": ("a", "b")}]
    assert book.get_deferred_fields() >= {"pages", "data"}


def test_keys_and_files():
    one, other = Shelf.objects.create(slug="a"), Shelf.objects.create(slug="b")
    book = Book.objects.create(shelf=one)
    diffs = []
    on(PostUpdateRecord[Book])(lambda diff: diffs.append({**diff}))
    book.shelf, book.cover = other, "cover.png"
    book.save(update_fields=["shelf_id", "cover"])
    assert diffs == [{"shelf": ("a", "b"), "cover": ("", "cover.png")}]


def test_what_a_pre_receiver_assigns_is_stored(seen):
    @on(PreUpdateRecord[Book])
    def complete(record):
        record.pages = 9

    @on(PreCreateRecord[Book])
    def name(record):
        record.title = "named"

    book = Book.objects.create()
    found = seen(Book, [PostUpdateRecord])
    book.save()
    book.pages = 8
    book.save(update_fields=["title"])
    book.refresh_from_db()
    assert (book.title, book.pages) == ("named", 9)
    assert found == [
        ("post_update_record", "Book", {"pages": (1, 9)}),
        ("post_update_record", "Book", {}),
    ]


def test_saves_of_one_instance_inside_each_other(seen):
    found = seen(Book, [PostUpdateRecord])

    @on(PostUpdateRecord[Book], order=-1)
    def again(record, diff):
        if diff.get("title") == ("a", "b"):
            record.title = "c"
            record.save()

    @on(PreUpdateRecord[Book])
    def before(record, diff):
        if record.pages == 1:
            record.pages = 2
            record.save()

    book = Book.objects.create(title="a")
    book.title = "b"
    book.save()
    assert [diff for _, _, diff in found] == [
        {"title": ("b", "c")},
        {"title": ("a", "b"), "pages": (1, 2)},
        {},  # the others have written all of it
    ]


def test_a_save_that_fails_leaves_nothing_wrong_behind(seen):
    Shelf.objects.create(slug="a")
    found = seen(Shelf, [PostUpdateRecord, PostCreateRecord])
    shelf = Shelf.objects.get()
    for _ in range(40):
        shelf.label = None
        with pytest.raises(IntegrityError), transaction.atomic():
            shelf.save()
    with pytest.raises(IntegrityError), transaction.atomic():
        Shelf(slug="a").save(force_insert=True)
    shelf.label = "b"
    shelf.save()
    assert found == [("post_update_record", "Shelf", {"label": ("shelf", "b")})]


def test_a_failed_save_inside_another_one(seen):
    """Of somebody else's receiver of the signal, which comes after ours."""
    Shelf.objects.create(slug="a")
    found = seen(Shelf, [PostUpdateRecord])

    def save_what_fails(instance, update_fields, **_):
        if update_fields is None:
            instance.label = None
            with pytest.raises(IntegrityError), transaction.atomic():
                instance.save(update_fields=["label"])
            instance.label = "b"

    pre_save.connect(save_what_fails, sender=Shelf)
    try:
        Shelf.objects.get().save()
    finally:
        pre_save.disconnect(save_what_fails, sender=Shelf)
    assert found == [("post_update_record", "Shelf", {"label": ("shelf", "b")})]


def test_a_receiver_outside_of_a_transaction_saves():
    """Its own begins with the SELECT, so that the row is locked in it."""

    class Renamed(Event):
        book: Book

    diffs = []
    on(PostUpdateRecord[Book])(lambda diff: diffs.append({**diff}))

    @on(Renamed, raise_exception=True)
    def rename(book):
        book.title = "b"
        book.save(update_fields=["title"])

    emit(Renamed, sender=None, book=Book.objects.create(title="a"))
    assert diffs == [{"title": ("a", "b")}]


def test_nothing_is_left_on_the_instance():
    unheard = Book.objects.create()
    unheard.save()
    on(PostUpdateRecord[Book])(lambda: None)
    book = Book.objects.create()
    book.save()
    assert vars(book._state).keys() == vars(unheard._state).keys()
