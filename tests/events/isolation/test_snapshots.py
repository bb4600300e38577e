"""What a receiver sees is what the database holds (contract section 4)."""

from typing import Any

import pytest
from django.db import transaction
from django.db.models.signals import pre_save
from django.utils.functional import SimpleLazyObject

from tests.events.places import PLACES, fail, place
from tests.events.tables import Child, Note, Parent
from workflow_events.events import Event, emit, on

pytestmark = pytest.mark.usefixtures("tables")


@PLACES
def test_one_instance_refreshed_in_place(
    child_seen: type[Event], child: Child, outside: bool, statements: Any
) -> None:
    """Receivers share one instance per row; after a receiver wrote, the next sees the row."""
    seen: list[Any] = []
    parent = child.parent

    @on(child_seen)
    def writes_elsewhere() -> None:
        Child.objects.update(name="written")
        Parent.objects.filter(pk="p").update(name="written parent")

    @on(child_seen)
    def sees(child: Child) -> None:
        seen.append((id(child), child.name, id(child.parent), child.parent.name))

    @on(child_seen)
    def moves() -> None:
        Child.objects.update(parent_id="q")

    on(child_seen)(lambda child: seen.append((child.parent_id, child.parent.name)))
    with place(outside):
        emit(child_seen, sender=None, child=child, robust=False)
        assert (child.parent_id, child.parent.name) == ("q", "other")
    assert seen == [
        (id(child), "written", id(parent), "written parent"),
        ("q", "other"),
    ]


@PLACES
@pytest.mark.parametrize("fails", [False, True])
def test_lazy_objects(child_seen: type[Event], child: Child, outside: bool, fails: bool) -> None:
    """As Django's ``request.user``, in the payload and as the related row of another one."""
    owner: Any = SimpleLazyObject(lambda: Parent.objects.get(pk="q"))
    child.parent = owner
    child.save()
    seen = []

    @on(child_seen)
    def writes(child: Child) -> None:
        Parent.objects.filter(pk="q").update(name="written")
        child.parent.name = "unsaved"
        if fails:
            fail()

    @on(child_seen)
    def sees(child: Child, data: Any) -> None:
        seen.append((child.parent.name, data.name))

    with place(outside):
        emit(child_seen, sender=None, child=child, data=owner)
    name = "other" if fails else "written"
    assert seen == [(name, name)]
    assert (owner.name, child.parent is owner) == (name, True)


@PLACES
def test_unsaved_changes_are_never_stored(
    child_seen: type[Event], child: Child, outside: bool, errors: Any
) -> None:
    """Unsaved changes to an instance are never stored."""
    seen: list[Any] = []

    @on(child_seen)
    def changes_without_saving(child: Child) -> None:
        child.name = "unsaved"
        child.parent.name = "unsaved"
        child.data["deep"].append(2)
        child.surplus = 1

    @on(child_seen)
    def changes_and_writes_another_row(child: Child) -> None:
        assert child.name == "child"
        child.name = "unsaved"
        child.parent.name = "unsaved"
        Note.write("other")

    @on(child_seen)
    def fails(child: Child) -> None:
        child.name = "unsaved"
        child.parent.name = "unsaved"
        child.save()
        fail()

    @on(child_seen)
    def saves(child: Child) -> None:
        seen.append((child.name, child.parent.name, child.data, hasattr(child, "surplus")))
        child.save()
        child.parent.save()

    with place(outside):
        emit(child_seen, sender=None, child=child)
    assert seen == [("child", "parent", {"deep": [1]}, False)]
    stored = Child.objects.select_related("parent").get()
    assert (stored.name, stored.parent.name, stored.data) == ("child", "parent", {"deep": [1]})
    assert len(errors()) == 1


def test_relations_that_a_receiver_loads(child_seen: type[Event], statements: Any) -> None:
    """loaded relations: what one receiver loads costs the others nothing unless it changed."""
    Parent.objects.create(slug="p")
    child = Child.objects.create(parent_id="p")
    child = Child.objects.get(pk=child.pk)
    seen = []

    @on(child_seen)
    def loads(child: Child) -> None:
        child.parent.name = "unsaved"

    on(child_seen)(lambda child: seen.append(child.parent.name))
    emit(child_seen, sender=None, child=child, robust=False)
    assert seen == ["parent"]


def test_reverse_relations(child_seen: type[Event], child: Child) -> None:
    """Unsaved changes are never stored: of what is reached through a reverse key neither."""
    Child.objects.create(parent_id="p", name="twin", twin=child)
    assert child.twin_of.name == "twin"
    seen = []

    @on(child_seen)
    def changes(child: Child) -> None:
        child.twin_of.name = "unsaved"

    @on(child_seen)
    def saves(child: Child) -> None:
        seen.append(child.twin_of.name)
        child.twin_of.save()

    @on(child_seen)
    def changes_and_writes(child: Child) -> None:
        child.twin_of.name = "unsaved"
        Note.write("other")

    on(child_seen)(saves)
    emit(child_seen, sender=None, child=child, robust=False)
    assert seen == ["twin", "twin"]
    assert Child.objects.filter(name="unsaved").count() == 0


@PLACES
def test_another_instance_of_the_same_row(
    child_seen: type[Event], child: Child, outside: bool
) -> None:
    """a second instance of the same row, saved, is what the next receiver sees."""
    seen = []

    @on(child_seen)
    def saves_its_own(child: Child) -> None:
        other = Child.objects.get(pk=child.pk)
        other.name = "saved"
        other.save()

    on(child_seen)(lambda child: seen.append(child.name))
    with place(outside):
        emit(child_seen, sender=None, child=child, robust=False)
    assert seen == ["saved"]


@PLACES
def test_deleted_rows(child_seen: type[Event], child: Child, outside: bool, errors: Any) -> None:
    """the next one sees the row as it is now; where it is gone, the instance as it was."""
    seen = []
    key = child.pk
    on(child_seen)(lambda: Child.objects.all().delete())
    on(child_seen)(lambda child: seen.append((child.pk, child.name, child.parent.name)))
    with place(outside):
        emit(child_seen, sender=None, child=child)
    assert seen == [(key, "child", "parent")]
    assert errors() == []


def test_deleted_by_itself_and_failed(child_seen: type[Event], child: Child) -> None:
    """undone: an instance that a failed receiver deleted has its key again."""
    key = child.pk

    @on(child_seen)
    def fails(child: Child) -> None:
        child.delete()
        fail()

    seen = []
    on(child_seen)(lambda child: seen.append((child.pk, child._state.adding)))
    with transaction.atomic():
        emit(child_seen, sender=None, child=child)
    assert seen == [(key, False)]
    assert Child.objects.count() == 1


@PLACES
def test_unsaved_instances(child_seen: type[Event], child: Child, outside: bool) -> None:
    """An instance on its way to the database keeps the changes of receivers, but failed ones."""
    new = Child(parent_id="p", name="new")
    seen = []

    @on(child_seen)
    def changes(child: Child) -> None:
        child.name = "changed"

    @on(child_seen)
    def fails(child: Child) -> None:
        child.name = "failed"
        child.save()
        fail()

    @on(child_seen)
    def looks(child: Child) -> None:
        seen.append((child.name, child.pk, child._state.adding))
        Note.write("other")

    on(child_seen)(lambda child: seen.append((child.name, child.pk, child._state.adding)))
    with place(outside):
        emit(child_seen, sender=None, child=new)
    assert seen == [("changed", None, True)] * 2
    new.save()
    assert Child.objects.filter(name="changed").count() == 1
    assert Child.objects.count() == 2


def test_nothing_to_refresh_costs_nothing(
    child_seen: type[Event], child: Child, statements: Any
) -> None:
    """A receiver that runs no SQL, or only reads, costs no refresh."""
    on(child_seen)(lambda child: setattr(child, "name", "unsaved"))
    on(child_seen)(Note.objects.count)
    with transaction.atomic(), statements() as sent:
        emit(child_seen, sender=None, child=child, data={"a": [1]})
    assert sent.verbs == ["SAVEPOINT", "SELECT", "RELEASE"]


def test_one_query_refreshes(child_seen: type[Event], child: Child, statements: Any) -> None:
    """refreshed, relations that are loaded included, by one statement per instance."""
    on(child_seen)(lambda: Note.write("a"))
    with statements() as sent:
        emit(child_seen, sender=None, child=child)
    assert sent.verbs == ["INSERT", "SELECT"]


def test_deferred_fields_stay_usable(child_seen: type[Event], child: Child) -> None:
    """Receivers share one instance, with deferred fields too."""
    lazy = Child.objects.only("name").get(pk=child.pk)
    seen = []
    on(child_seen)(lambda child: seen.append((child.size, child.parent.slug)))
    on(child_seen)(lambda: Note.write("a"))
    on(child_seen)(lambda child: seen.append((child.size, child.parent.slug)))
    emit(child_seen, sender=None, child=lazy)
    assert seen == [(0, "p"), (0, "p")]


def test_receivers_of_pre_save_keep_their_changes(child: Child, errors: Any) -> None:
    """A receiver of Django's `pre_save` may change the instance; a failed one's is undone."""

    @on(pre_save, sender=Child)
    def changes(instance: Child) -> None:
        instance.name = "by pre_save"
        instance.data["deep"].append(2)
        Note.objects.get_or_create(by="pre_save")

    @on(pre_save, sender=Child)
    def fails(instance: Child) -> None:
        instance.name = "failed"
        instance.size = 7
        fail()

    child.name = "by caller"
    child.save()
    stored = Child.objects.get()
    assert (stored.name, stored.size, stored.data) == ("by pre_save", 0, {"deep": [1, 2]})
    assert len(errors()) == 1
