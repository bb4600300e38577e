"""Bulk writes whose receivers write the very rows that are about to be updated."""

from typing import Any

import pytest

from tests.records.tables import Book
from workflow_events.events import on
from workflow_events.records import PostUpdateRecord, PreUpdateRecord

pytestmark = pytest.mark.usefixtures("tables")


@pytest.fixture
def books(tables: None) -> list[Book]:
    return list(Book.plain.bulk_create(Book(title=title, pages=0) for title in "abc"))


@pytest.fixture
def diffs(books: list[Book]) -> list[Any]:
    found: list[Any] = []

    @on(PostUpdateRecord[Book])
    def see(record, diff):
        found.append((record.title, record.pages, dict(diff)))

    return found


def write_when(title: str, write: Any) -> None:
    @on(PreUpdateRecord[Book])
    def meanwhile(record):
        if record.title == title:
            write()


def test_update(diffs, books):
    """What is reported is what each row held right before the UPDATE."""

    def write() -> None:
        Book.plain.filter(title="b").update(pages=5, data={"n": [1]})
        Book.plain.filter(title="c").delete()

    write_when("a", write)
    Book.objects.exclude(title="").update(pages=7)
    assert diffs == [("a", 7, {"pages": (0, 7)}), ("b", 7, {"pages": (5, 7)})]
    assert Book.plain.get(title="b").data == {"n": [1]}


def test_what_is_assigned_stays(diffs, books):
    @on(PreUpdateRecord[Book])
    def assign(record):
        record.cover = f"{record.title}.png"
        Book.plain.filter(pk=record.pk).update(data={"t": record.title})

    Book.objects.filter(title="a").update(pages=1)
    assert diffs == [("a", 1, {"pages": (0, 1), "cover": ("", "a.png")})]
    book = Book.plain.get(title="a")
    assert (book.pages, book.cover.name, book.data) == (1, "a.png", {"t": "a"})


def test_bulk_update(diffs, books):
    def write() -> None:
        Book.plain.filter(title="b").update(pages=5, title="renamed")
        Book.plain.filter(title="c").delete()

    write_when("a", write)
    for book in books:
        book.pages = 7
    assert Book.objects.bulk_update(books, ["pages"]) == 2
    assert diffs == [("a", 7, {"pages": (0, 7)}), ("b", 7, {"pages": (5, 7)})]
    assert Book.plain.get(pk=books[1].pk).title == "renamed"


def test_a_number_is_no_row(diffs, books):
    with pytest.raises(TypeError, match="model instance"):
        Book.objects.update(pages=books[0])
    assert diffs == []
