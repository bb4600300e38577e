"""Values in a diff are those that are stored, whatever they were given as."""

from datetime import UTC, datetime
from decimal import Decimal
from math import nan
from typing import Any

import pytest
from django.db import connection
from django.db.models import F, TextChoices, Value

from tests.records.tables import Account, Book
from workflow_events.events import on
from workflow_events.records import PostDeleteRecord, PostUpdateRecord, PreDeleteRecord, changed

pytestmark = pytest.mark.usefixtures("tables")


class Kind(TextChoices):
    """What a title may be."""

    NOVEL = "novel"
    POEM = "poem"


@pytest.fixture
def diffs() -> list[Any]:
    found: list[Any] = []
    on([PostUpdateRecord[Account], PostUpdateRecord[Book]])(lambda diff: found.append(dict(diff)))
    return found


def is_stored(record: Any, name: str, diff: Any) -> bool:
    stored = getattr(type(record)._default_manager.get(), name)
    new = diff[name][1]
    return type(new) is type(stored) and new == stored


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("balance", "1.5"),
        ("balance", 1.5),
        ("balance", Decimal("1.225")),  # rounded: databases differ
        ("balance", Decimal("1.235")),
        ("mail", "Ann@Example.org"),
        ("seen_at", "2020-01-01T10:00:00Z"),
        ("rate", "2.5"),
        ("photo", memoryview(b"png")),
        ("photo", bytearray(b"png")),
    ],
)
def test_what_a_field_stores(diffs, name, value):
    account = Account.objects.create(name="a")
    setattr(account, name, value)
    account.save()
    assert is_stored(account, name, diffs[0])
    account.save()  # as it was given
    Account.objects.get().save()
    assert diffs[1:] == [{}, {}]


@pytest.mark.filterwarnings("ignore:DateTimeField")
def test_a_time_without_a_zone(diffs):
    account = Account.objects.create(name="a", seen_at=datetime(2020, 1, 1, tzinfo=UTC))
    account.seen_at = datetime(2020, 1, 2)
    account.save()
    assert is_stored(account, "seen_at", diffs[0])


@pytest.mark.skipif(connection.vendor != "postgresql", reason="SQLite stores NULL for it")
def test_what_is_no_number_has_not_changed(diffs):
    account = Account.objects.create(name="a", rate=nan)
    account.save()
    assert diffs == [{}]


def test_one_is_not_true_in_json(diffs):
    book = Book.plain.create(data={"a": [1], "b": 0, "c": {"d": 1}})
    book.data = {"a": [True], "b": 0, "c": {"d": 1}}
    book.save(update_fields=["data"])
    assert diffs[0]["data"][1]["a"] == [True]
    book.data = {"c": {"d": 1.0}, "b": 0, "a": [True]}
    book.save(update_fields=["data"])
    assert diffs[1:] == [{}]


def test_members_of_choices(diffs):
    """They are the values that they stand for."""
    seen: list[Any] = []
    on(PostUpdateRecord[Book])(
        changed("title", from_=Kind.NOVEL, to=[Kind.POEM])(lambda: seen.append(1))
    )
    book = Book.plain.create(title=Kind.NOVEL)
    book.title = Kind.POEM
    book.save(update_fields=["title"])
    assert (diffs, seen) == ([{"title": ("novel", "poem")}], [1])
    assert type(diffs[0]["title"][1]) is str


def test_the_database_says_which_row_a_key_means(seen):
    Account.objects.create(name="Ann", rate=1)
    found = seen(Account)
    Account(name="ANN", rate=2).save()
    Account(name="anN", rate=Value(3.0)).save(update_fields=["rate"])
    assert [(name, diff) for name, _, diff in found if name == "post_update_record"] == [
        ("post_update_record", {"rate": (1, 2)}),
        ("post_update_record", {"rate": (2, 3)}),
    ]
    assert len(found) == 4


def test_a_key_that_leads_to_another_column():
    """A row stands for what the key holds, which is not its primary key here."""
    got: list[Any] = []
    ann, bob = (Account.objects.create(name=n, number=f"{n}-1") for n in ("ann", "bob"))
    eve = Account.objects.create(name="eve", heir=ann)
    on(PostUpdateRecord[Account])(
        changed("heir", from_=ann, to=[bob])(lambda diff: got.append(dict(diff)))
    )
    eve.heir = bob
    eve.save()
    eve.heir = ann
    eve.save()
    assert got == [{"heir": ("ann-1", "bob-1")}]


def test_what_is_deleted_after_an_expression_was_saved():
    """Only the row knows its value, until it is gone."""
    got: list[Any] = []
    on([PreDeleteRecord[Book], PostDeleteRecord[Book]])(
        lambda record, values: got.append((record.pages, values["pages"]))
    )
    book = Book.plain.create(pages=4)
    book.pages = F("pages") + 1
    book.save(update_fields=["pages"])
    book.delete()
    assert got == [(5, 5), (5, 5)]


def test_a_deleted_record_is_made_of_values_in_any_order():
    """A database need not keep the order of keys, nor a later version that of its fields."""
    values = {"pages": 3, "data": {}, "title": "t", "id": 7, "cover": "", "shelf": "s"}
    for more in ({}, {"twin": None, "seen_at": None}):
        [record] = PostDeleteRecord.rebuilt(Book, {"values": values | more}).values()
        assert (record.pk, record.title, record.pages, record.shelf_id) == (7, "t", 3, "s")
