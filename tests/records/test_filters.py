"""``changed``: only where a field got another value."""

from typing import Any

import pytest

from tests.records.tables import Atlas, Book, Shelf
from workflow_events.events import Event, on
from workflow_events.events.errors import RegistrationError
from workflow_events.events.registration.registry import registry
from workflow_events.records import PostCreateRecord, PostUpdateRecord, PreUpdateRecord, changed


@pytest.mark.parametrize(
    ("fields", "options", "holds"),
    [
        (("title",), {}, True),
        (("pages",), {}, False),
        (("pages", "title"), {}, True),
        ((), {}, True),
        (("title",), {"to": "b"}, True),
        (("title",), {"to": "c"}, False),
        (("title",), {"to": ("b", "c")}, True),
        (("title",), {"to": ["c"]}, False),
        (("title",), {"to": {"b"}}, True),
        (("title",), {"to": str.isalpha}, True),
        (("title",), {"to": "b", "from_": "a"}, True),
        (("title",), {"to": "b", "from_": "b"}, False),
        (("title",), {"from_": lambda value: value > "a"}, False),
        (("shelf",), {"from_": None}, True),
        (("shelf",), {"from_": None, "to": Shelf(slug="s")}, True),
        (("shelf",), {"to": None}, False),
        ((), {"to": "b"}, True),
        ((), {"to": "z"}, False),
    ],
)
def test_when_it_holds(fields, options, holds, tables):
    book = Book.objects.create(title="a")
    shelf = Shelf.objects.create(slug="s")
    got: list[Any] = []

    @on([PreUpdateRecord, PostUpdateRecord], sender=Book)
    @changed(*fields, **options)
    def see(event):
        got.append(event.event_name)

    book.save(update_fields=["title", "pages", "shelf"])
    assert got == []
    book.title, book.shelf = "b", shelf
    book.save(update_fields=["title", "pages", "shelf"])
    assert got == (["pre_update_record", "post_update_record"] if holds else [])


@pytest.mark.parametrize(
    ("to", "holds"),
    [
        ([1, 2], True),
        ([[1, 2]], True),
        (([3], [1, 2]), True),
        ([1], False),
        ([[1]], False),
        ([2, 1], False),
    ],
)
def test_a_value_that_is_a_list(to, holds, tables):
    book = Book.objects.create(data=[])
    got: list[Any] = []
    on(PostUpdateRecord[Book])(changed("data", to=to)(lambda record: got.append(record.pk)))
    book.data = [1, 2]
    book.save()
    assert got == [book.pk] * holds


@pytest.mark.parametrize(
    ("target", "options"),
    [
        (PostUpdateRecord[Book], {}),
        (PostUpdateRecord, {"sender": Book}),
        (PostUpdateRecord, {"sender": "tests.records.tables.Book"}),
        (PostUpdateRecord, {"sender": [Shelf, Book]}),
    ],
)
def test_an_unknown_field_is_refused(target, options):
    before = list(registry.receivers)

    @changed("titel", to="b")
    def see(): ...

    with pytest.raises(
        RegistrationError, match=r"changed\('titel', to='b'\) .*Did you mean 'title'"
    ):
        on(target, **options)(see)
    assert registry.receivers == before


def test_fields_of_whom():
    """Of a model that is named, or one that inherits from it; keys never change."""
    on(PostUpdateRecord[Book])(changed("scale")(lambda: None))
    on(PostUpdateRecord, sender=[Shelf, Atlas])(changed("label", "scale")(lambda: None))
    on(PostUpdateRecord)(changed("anything")(lambda: None))
    for name in ("id", "pk", "shelf_id", "books"):
        with pytest.raises(RegistrationError, match=r"no UPDATE of .*Book writes"):
            on(PostUpdateRecord[Book])(changed(name)(lambda: None))


def test_only_where_there_is_a_diff():
    class Sold(Event):
        price: int

    for target in (Sold, PostCreateRecord[Book]):
        with pytest.raises(RegistrationError, match="asks for diff"):
            on(target)(changed("price")(lambda: None))


def test_what_is_no_name():
    with pytest.raises(TypeError, match="changed takes names of fields"):
        changed(print)  # type: ignore[arg-type]
