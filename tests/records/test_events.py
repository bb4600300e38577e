"""Which events records emit, of whom, with what."""

from threading import Thread
from typing import Any

import django
import pytest
from django.core.serializers.base import DeserializedObject
from django.db import IntegrityError, OperationalError, connection, models, transaction
from django.db.models import F
from django.db.models.signals import post_delete, post_save, pre_delete, pre_save
from django.test import override_settings

from tests.records.tables import Atlas, Book, Labelled, Paperback, Seat, Shelf, Ticket
from workflow_events.events import Event, ReceiverError, emit, on
from workflow_events.events.errors import RegistrationError
from workflow_events.events.registry import registry
from workflow_events.records import (
    PostCreateRecord,
    PostDeleteRecord,
    PostUpdateRecord,
    PreCreateRecord,
    PreDeleteRecord,
    PreUpdateRecord,
    UnforeseenUpdate,
)
from workflow_events.records.heard import heard_of
from workflow_events.records.listening import listening

pytestmark = pytest.mark.usefixtures("tables")
SIGNALS = (pre_save, post_save, pre_delete, post_delete)


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


def test_what_is_left_on_an_instance_can_be_copied():
    on(PostUpdateRecord[Book])(lambda: None)
    book = Book.objects.create()
    book.save()
    assert not book._state.workflow_events_saves
