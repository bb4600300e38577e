"""Bulk writes that emit the events of each record: an opt-in."""

from typing import Any

import pytest
from asgiref.sync import async_to_sync
from django.core.exceptions import FieldDoesNotExist
from django.db import NotSupportedError, connection
from django.db.models import Count, F, QuerySet, Window
from django.db.models.functions import Rank

from tests.records.tables import Atlas, Book, Shelf
from workflow_events.events import ReceiverError, on
from workflow_events.records import (
    PostCreateRecord,
    PostDeleteRecord,
    PostUpdateRecord,
    PreCreateRecord,
    PreDeleteRecord,
    PreUpdateRecord,
    RecordQuerySet,
)

pytestmark = pytest.mark.usefixtures("tables")


@pytest.fixture
def books(tables: None) -> list[Book]:
    return list(Book.plain.bulk_create(Book(title=title) for title in "abc"))


def pairs(name: str, *diffs: Any) -> list[Any]:
    return [(name, "Book", diff) for diff in diffs]


def test_update(seen, books, statements):
    with statements() as sent:
        assert Book.objects.exclude(title="b").update(title="x", pages=2) == 2
    assert sent.verbs == ["UPDATE"]
    found = seen(Book)
    with statements() as sent:
        assert Book.objects.exclude(title="b").update(title="y") == 2
    assert sent.verbs == ["SELECT", "UPDATE"]
    diff = {"title": ("x", "y")}
    assert found == [
        *pairs("pre_update_record", diff, diff),
        *pairs("post_update_record", diff, diff),
    ]
    assert sorted(Book.objects.values_list("title", flat=True)) == ["b", "y", "y"]


def test_update_with_what_the_database_knows(seen, books, statements):
    found = seen(Book, [PostUpdateRecord])
    pages = []
    on(PostUpdateRecord[Book])(lambda record: pages.append(record.pages))
    with statements() as sent:
        Book.objects.update(pages=F("pages") + 1)
    assert sent.verbs == ["SELECT", "UPDATE", "SELECT"]
    assert found == pairs("post_update_record", *[{"pages": (1, 2)}] * 3)
    assert pages == [2, 2, 2]


def test_update_of_keys(seen, books):
    shelf = Shelf.objects.create(slug="s")
    found = seen(Book, [PostUpdateRecord])
    Book.objects.filter(title="a").update(shelf=shelf)
    Book.objects.filter(title="b").update(shelf_id="s")
    Book.objects.filter(title="b").update(shelf="s")
    Book.objects.filter(shelf__slug="s").update(shelf=None)
    [*first, one, other] = found
    into, out = {"shelf": (None, "s")}, {"shelf": ("s", None)}
    assert first == pairs("post_update_record", into, into, {})
    assert [one, other] == pairs("post_update_record", out, out)


def test_update_stores_what_receivers_assign(seen, books, statements):
    @on(PreUpdateRecord[Book])
    def number(record):
        if record.title == "b":
            record.pages = 7
            record.title = "renamed"

    found = seen(Book, [PostUpdateRecord])
    with statements() as sent:
        Book.objects.filter(title__in="ab").update(data={"k": 1})
    assert sent.verbs == ["SELECT", "UPDATE", "UPDATE"]
    data = ({}, {"k": 1})
    assert found == pairs(
        "post_update_record",
        {"data": data},
        {"data": data, "title": ("b", "renamed"), "pages": (1, 7)},
    )
    assert list(Book.objects.order_by("pk").values_list("title", "pages", "data")) == [
        ("a", 1, {"k": 1}),
        ("renamed", 7, {"k": 1}),
        ("c", 1, {}),
    ]


def test_update_gives_each_record_a_value_of_its_own(books):
    @on(PreUpdateRecord[Book])
    def add(record):
        record.data["title"] = record.title

    given = {"n": 1}
    Book.objects.exclude(title="c").update(data=given)
    stored = [book.data for book in Book.plain.order_by("pk")]
    assert stored == [{"n": 1, "title": "a"}, {"n": 1, "title": "b"}, {}]
    assert given == {"n": 1}


def test_update_refers_to_annotations(seen, books):
    found = seen(Book, [PostUpdateRecord])
    twice = Book.objects.annotate(twice=F("pages") * 2)
    assert twice.filter(twice=2, title="a").order_by("twice").update(pages=F("twice")) == 1
    assert Book.objects.alias(next=F("pages") + 1).filter(next=3).update(pages=F("next")) == 1
    assert found == pairs("post_update_record", {"pages": (1, 2)}, {"pages": (2, 3)})


def test_a_row_that_a_filter_finds_twice_is_one(seen, books):
    shelf = Shelf.objects.create(slug="s")
    Book.plain.update(shelf=shelf)
    found = seen(Shelf)
    shelves = Shelf.objects.filter(books__pages=1)
    assert len(shelves) == 3
    assert shelves.update(label="x") == 1
    ranked = shelves.annotate(rank=Window(Rank(), order_by="label")).filter(rank=1)
    assert ranked.delete()[1]["record_tests.Shelf"] == 1
    assert [name for name, *_ in found] == [
        "pre_update_record",
        "post_update_record",
        "pre_delete_record",
        "post_delete_record",
    ]


def test_a_queryset_of_your_own_is_asked_once(seen, books):
    asked: list[Any] = []

    class Noting(RecordQuerySet[Any]):
        def update(self, **values: Any) -> int:
            asked.append(values)
            return super().update(**values)

    seen(Book)
    Noting(Book).update(pages=7)
    assert asked == [{"pages": 7}]


def test_update_of_odd_querysets(seen, books):
    shelf = Shelf.objects.create(slug="s")
    Book.plain.update(shelf=shelf)
    Atlas.objects.create(title="a", shelf=shelf)
    found = seen(Book, [PostUpdateRecord])
    assert Book.objects.distinct().update(pages=2) == 4
    assert Shelf.objects.annotate(n=Count("books")).filter(n=4).update(label="x") == 1
    assert Book.objects.values("title").filter(title="b").update(pages=3) == 1
    assert Book.objects.only("title").select_related("shelf").filter(title="b").update(pages=4) == 1
    assert Atlas.objects.update(title="A", scale=3) == 1
    assert Book.objects.none().update(pages=9) == 0
    assert Book.objects.update() == 0
    assert len(found) == 4 + 1 + 1 + 1
    assert found[-1] == ("post_update_record", "Atlas", {"title": ("a", "A"), "scale": (1, 3)})
    with pytest.raises(TypeError):
        Book.objects.all()[:1].update(pages=1)
    with pytest.raises(FieldDoesNotExist):
        Book.objects.update(nope=1)
    on(PostUpdateRecord[Shelf])(lambda: None)
    with pytest.raises(NotSupportedError, match="who is who"):
        Shelf.objects.update(slug="t")
    assert Shelf.objects.get().slug == "s"


def test_a_refusal_undoes_all_of_it(seen, books):
    @on([PreUpdateRecord, PostUpdateRecord], sender=Book, raise_exception=True)
    def refuse(record, event):
        if record.pk == books[2].pk and event.event_name == "post_update_record":
            raise ValueError("not c")

    with pytest.raises(ReceiverError, match="not c"):
        Book.objects.update(title="x")
    books[2].title = "x"
    with pytest.raises(ReceiverError, match="not c"):
        Book.objects.bulk_update(books, ["title"])
    assert sorted(Book.objects.values_list("title", flat=True)) == ["a", "b", "c"]


def test_bulk_update(seen, books, statements):
    for book in books[:2]:
        book.title += "!"
        book.pages = 5
    with statements() as sent:
        Book.objects.bulk_update(books, ["title"])
    assert sent.verbs == ["UPDATE"]
    found = seen(Book)
    books[0].title = "z"
    books[1].title = F("title")
    with statements() as sent:
        assert Book.objects.bulk_update([*books[:2], Book(pk=0, title="no row")], ["title"]) == 2
    assert sent.verbs == ["SELECT", "UPDATE", "SELECT"]
    before = found[1][2].pop("title")
    assert before[0] == "b!"
    assert found == [
        *pairs("pre_update_record", {"title": ("a!", "z")}, {}),
        *pairs("post_update_record", {"title": ("a!", "z")}, {}),
    ]
    assert books[1].title == "b!"
    assert Book.objects.get(pk=books[0].pk).pages == 1


def test_bulk_update_of_some_rows_only(seen, books):
    """What does not belong to the queryset is left alone, as in Django."""
    shelf = Shelf.objects.create(slug="s")
    Book.plain.filter(title="a").update(shelf=shelf)
    found = seen(Book)
    for book in books:
        book.pages = 9
    assert shelf.books.bulk_update(books, ["pages"]) == 1
    assert Book.objects.exclude(title="c").order_by("title").bulk_update(books, ["pages"]) == 2
    assert [diff for name, _, diff in found if name == "post_update_record"] == [
        {"pages": (1, 9)},
        {},
        {"pages": (1, 9)},
    ]
    assert Book.plain.get(title="c").pages == 1


def test_bulk_create(seen, statements):
    found = seen(Book)
    keys: list[Any] = []
    on(PreCreateRecord[Book])(lambda record: setattr(record, "pages", 8))
    on(PostCreateRecord[Book])(lambda record: keys.append((record.pk is not None, record.pages)))
    with statements() as sent:
        made = Book.objects.bulk_create((Book(title=title) for title in "ab"), 100)
    assert sent.verbs == ["INSERT"]
    assert [book.title for book in made] == ["a", "b"]
    assert found == [("pre_create_record", "Book")] * 2 + [("post_create_record", "Book")] * 2
    assert keys == [(True, 8)] * 2
    assert Book.objects.bulk_create([]) == []


def test_bulk_create_that_cannot_be_told(seen):
    shelves = [Shelf(slug="a"), Shelf(slug="b")]
    update: dict[str, Any] = {
        "update_conflicts": True,
        "update_fields": ["label"],
        "unique_fields": ["slug"],
    }
    found = seen(Shelf)
    for options in (update, {"ignore_conflicts": True}):
        with pytest.raises(NotSupportedError, match="cannot tell which rows"):
            Shelf.objects.bulk_create(shelves, **options)
    with pytest.raises(NotSupportedError):
        Shelf.objects.bulk_create(shelves, None, True)
    assert found == []
    assert Shelf.objects.count() == 0
    QuerySet(Shelf).bulk_create(shelves, ignore_conflicts=True)
    assert found == []
    assert Shelf.objects.count() == 2


def test_conflicts_where_nobody_listens():
    Shelf.objects.bulk_create([Shelf(slug="a")])
    Shelf.objects.bulk_create([Shelf(slug="a"), Shelf(slug="b")], ignore_conflicts=True)
    assert Shelf.objects.count() == 2


def test_delete(seen, books, statements):
    found = seen(Book)
    with statements() as sent:
        deleted, counts = Book.objects.exclude(title="b").delete()
    assert (deleted, counts) == (2, {"record_tests.Book": 2})
    assert found == [("pre_delete_record", "Book")] * 2 + [("post_delete_record", "Book")] * 2
    read = [q["sql"] for q in sent.captured_queries if q["sql"].startswith("SELECT")]
    if connection.vendor == "postgresql":
        assert "FOR NO KEY UPDATE" in read[0]
    assert Book.objects.get().title == "b"
    with pytest.raises(TypeError):
        Book.objects.all()[:1].delete()
    assert not hasattr(Book.objects, "delete")


def test_a_refusal_keeps_all(books):
    @on(PreDeleteRecord[Book], raise_exception=True)
    def refuse(record):
        if record.title == "c":
            raise ValueError("not c")

    kept = []
    on(PostDeleteRecord[Book])(lambda record: kept.append(record.pk))
    with pytest.raises(ReceiverError):
        Book.objects.all().delete()
    assert Book.objects.count() == 3
    assert kept == []


def test_a_model_of_somebody_else(seen):
    assert type(Book.plain.all()) is not RecordQuerySet
    Book.plain.bulk_create([Book(title="a")])
    found = seen(Book)
    RecordQuerySet(Book).filter(title="a").update(title="b")
    diff = {"title": ("a", "b")}
    assert found == [*pairs("pre_update_record", diff), *pairs("post_update_record", diff)]


def test_related_managers(seen, books):
    """To add is a matter of the base manager, which is Django's own; to remove, of the default."""
    shelf = Shelf.objects.create(slug="s")
    found = seen(Book, [PostUpdateRecord])
    shelf.books.add(*books[:2])
    assert found == []
    shelf.books.update(title="x")
    assert found == pairs("post_update_record", {"title": ("a", "x")}, {"title": ("b", "x")})
    found.clear()
    shelf.books.remove(books[0])
    shelf.books.clear()
    shelf.books.add(books[2], bulk=False)
    removed, added = {"shelf": ("s", None)}, {"shelf": (None, "s")}
    assert found == pairs("post_update_record", removed, removed, added)


def test_async(seen, books):
    found = seen(Book, [PostUpdateRecord, PostDeleteRecord, PostCreateRecord])

    async def write():
        await Book.objects.filter(title="a").aupdate(title="x")
        await Book.objects.filter(title="x").adelete()
        await Book.objects.abulk_create([Book(title="y")])
        book = await Book.objects.aget(title="y")
        book.title = "z"
        await Book.objects.abulk_update([book], ["title"])
        await book.asave()

    async_to_sync(write)()
    assert found == [
        ("post_update_record", "Book", {"title": ("a", "x")}),
        ("post_delete_record", "Book"),
        ("post_create_record", "Book"),
        ("post_update_record", "Book", {"title": ("y", "z")}),
        ("post_update_record", "Book", {}),
    ]


def test_more_rows_than_a_statement_takes(seen):
    Book.plain.bulk_create(Book() for _ in range(1100))
    found = seen(Book, [PostUpdateRecord])
    assert Book.objects.update(title="x") == 1100
    assert found == pairs("post_update_record", *[{"title": ("book", "x")}] * 1100)
    assert Book.objects.filter(title="x").count() == 1100
