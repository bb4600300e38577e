"""What a receiver sees is what the database holds (contract section 4)."""

from collections import OrderedDict, defaultdict
from contextlib import nullcontext
from typing import Any

import pytest
from django.db import transaction
from django.db.models.signals import pre_save

from tests.events.tables import Child, Note, Parent
from workflow_events.events import Event, emit, on

pytestmark = pytest.mark.usefixtures("tables")

PLACES = pytest.mark.parametrize("outside", [False, True], ids=["inside", "outside"])


def place(outside: bool) -> Any:
    return nullcontext() if outside else transaction.atomic()


@pytest.fixture
def matter() -> type[Event]:
    class Matter(Event):
        child: Child
        data: Any = None
        label: str = "label"

    return Matter


@pytest.fixture
def child() -> Child:
    Parent.objects.create(slug="p")
    Parent.objects.create(slug="q", name="other")
    made = Child.objects.create(parent_id="p", data={"deep": [1]})
    return Child.objects.select_related("parent").get(pk=made.pk)


def fail() -> None:
    raise ValueError


@PLACES
def test_one_instance_refreshed_in_place(
    matter: type[Event], child: Child, outside: bool, statements: Any
) -> None:
    """Receivers share one instance per row; after a receiver wrote, the next sees the row."""
    seen: list[Any] = []
    parent = child.parent

    @on(matter)
    def writes_elsewhere() -> None:
        Child.objects.update(name="written")
        Parent.objects.filter(pk="p").update(name="written parent")

    @on(matter)
    def sees(child: Child) -> None:
        seen.append((id(child), child.name, id(child.parent), child.parent.name))

    @on(matter)
    def moves() -> None:
        Child.objects.update(parent_id="q")

    on(matter)(lambda child: seen.append((child.parent_id, child.parent.name)))
    with place(outside):
        emit(matter, sender=None, child=child, robust=False)
        assert (child.parent_id, child.parent.name) == ("q", "other")
    assert seen == [
        (id(child), "written", id(parent), "written parent"),
        ("q", "other"),
    ]


@PLACES
def test_unsaved_changes_are_never_stored(
    matter: type[Event], child: Child, outside: bool, errors: Any
) -> None:
    """Unsaved changes to an instance are never stored."""
    seen: list[Any] = []

    @on(matter)
    def changes_without_saving(child: Child) -> None:
        child.name = "unsaved"
        child.parent.name = "unsaved"
        child.data["deep"].append(2)
        child.surplus = 1

    @on(matter)
    def changes_and_writes_another_row(child: Child) -> None:
        assert child.name == "child"
        child.name = "unsaved"
        child.parent.name = "unsaved"
        Note.write("other")

    @on(matter)
    def fails(child: Child) -> None:
        child.name = "unsaved"
        child.parent.name = "unsaved"
        child.save()
        fail()

    @on(matter)
    def saves(child: Child) -> None:
        seen.append((child.name, child.parent.name, child.data, hasattr(child, "surplus")))
        child.save()
        child.parent.save()

    with place(outside):
        emit(matter, sender=None, child=child)
    assert seen == [("child", "parent", {"deep": [1]}, False)]
    stored = Child.objects.select_related("parent").get()
    assert (stored.name, stored.parent.name, stored.data) == ("child", "parent", {"deep": [1]})
    assert len(errors()) == 1


def test_relations_that_a_receiver_loads(matter: type[Event], statements: Any) -> None:
    """loaded relations: what one receiver loads costs the others nothing unless it changed."""
    Parent.objects.create(slug="p")
    child = Child.objects.create(parent_id="p")
    child = Child.objects.get(pk=child.pk)
    seen = []

    @on(matter)
    def loads(child: Child) -> None:
        child.parent.name = "unsaved"

    on(matter)(lambda child: seen.append(child.parent.name))
    emit(matter, sender=None, child=child, robust=False)
    assert seen == ["parent"]


def test_reverse_relations(matter: type[Event], child: Child) -> None:
    """Unsaved changes are never stored: of what is reached through a reverse key neither."""
    Child.objects.create(parent_id="p", name="twin", twin=child)
    assert child.twin_of.name == "twin"
    seen = []

    @on(matter)
    def changes(child: Child) -> None:
        child.twin_of.name = "unsaved"

    @on(matter)
    def saves(child: Child) -> None:
        seen.append(child.twin_of.name)
        child.twin_of.save()

    @on(matter)
    def changes_and_writes(child: Child) -> None:
        child.twin_of.name = "unsaved"
        Note.write("other")

    on(matter)(saves)
    emit(matter, sender=None, child=child, robust=False)
    assert seen == ["twin", "twin"]
    assert Child.objects.filter(name="unsaved").count() == 0


@PLACES
def test_another_instance_of_the_same_row(matter: type[Event], child: Child, outside: bool) -> None:
    """a second instance of the same row, saved, is what the next receiver sees."""
    seen = []

    @on(matter)
    def saves_its_own(child: Child) -> None:
        other = Child.objects.get(pk=child.pk)
        other.name = "saved"
        other.save()

    on(matter)(lambda child: seen.append(child.name))
    with place(outside):
        emit(matter, sender=None, child=child, robust=False)
    assert seen == ["saved"]


@PLACES
def test_deleted_rows(matter: type[Event], child: Child, outside: bool, errors: Any) -> None:
    """the next one sees the row as it is now; where it is gone, the instance as it was."""
    seen = []
    key = child.pk
    on(matter)(lambda: Child.objects.all().delete())
    on(matter)(lambda child: seen.append((child.pk, child.name, child.parent.name)))
    with place(outside):
        emit(matter, sender=None, child=child)
    assert seen == [(key, "child", "parent")]
    assert errors() == []


def test_deleted_by_itself_and_failed(matter: type[Event], child: Child) -> None:
    """undone: an instance that a failed receiver deleted has its key again."""
    key = child.pk

    @on(matter)
    def fails(child: Child) -> None:
        child.delete()
        fail()

    seen = []
    on(matter)(lambda child: seen.append((child.pk, child._state.adding)))
    with transaction.atomic():
        emit(matter, sender=None, child=child)
    assert seen == [(key, False)]
    assert Child.objects.count() == 1


@PLACES
def test_unsaved_instances(matter: type[Event], child: Child, outside: bool) -> None:
    """An instance on its way to the database keeps the changes of receivers, but failed ones."""
    new = Child(parent_id="p", name="new")
    seen = []

    @on(matter)
    def changes(child: Child) -> None:
        child.name = "changed"

    @on(matter)
    def fails(child: Child) -> None:
        child.name = "failed"
        child.save()
        fail()

    @on(matter)
    def looks(child: Child) -> None:
        seen.append((child.name, child.pk, child._state.adding))
        Note.write("other")

    on(matter)(lambda child: seen.append((child.name, child.pk, child._state.adding)))
    with place(outside):
        emit(matter, sender=None, child=new)
    assert seen == [("changed", None, True)] * 2
    new.save()
    assert Child.objects.filter(name="changed").count() == 1
    assert Child.objects.count() == 2


def test_payload_attributes(matter: type[Event], child: Child, errors: Any) -> None:
    """Payload attributes can be assigned; later receivers and the emitter see the change."""
    seen = []
    other = Child.objects.create(parent_id="q", name="second")

    @on(matter)
    def assigns(event: Any) -> None:
        event.label = "new"
        event.child = other

    @on(matter)
    def fails(event: Any) -> None:
        event.label = "failed"
        event.label = "failed twice"
        event.child = None
        fail()

    @on(matter)
    def renames(child: Child) -> None:
        Child.objects.filter(pk=child.pk).update(name="renamed")

    on(matter)(lambda child, label, event: seen.append((child.name, label, event.label)))
    event = emit(matter, sender=None, child=child)
    assert seen == [("renamed", "new", "new")]
    assert event.child is other
    assert len(errors()) == 1


def test_undeclared_attributes(matter: type[Event], child: Child, errors: Any) -> None:
    """Assigning an undeclared attribute is an `AttributeError`."""

    @on(matter)
    def assigns(event: Any) -> None:
        event.lable = "typo"

    emit(matter, sender=None, child=child)
    assert "has no attribute 'lable'" in errors()[0].getMessage()


CONTAINERS = [
    {"a": {"b": [1, {"c": 1}]}, "n": 0},
    [[1], {"a": [1]}, 0],
    {1, 2},
    OrderedDict(a=[1], n=0),
    defaultdict(list, a=[1], n=0),
]


def spoil(value: Any) -> None:
    if isinstance(value, dict):
        for member in list(value.values()):
            spoil(member)
        value["n"] = False
        value["new"] = 1
        value.pop("a", None)
    elif isinstance(value, list):
        for member in value:
            spoil(member)
        value.insert(0, "new")
    elif isinstance(value, set):
        value.add("new")


@pytest.mark.parametrize("data", CONTAINERS, ids=lambda v: type(v).__name__)
def test_containers_of_a_failed_receiver(matter: type[Event], child: Child, data: Any) -> None:
    """changed in the payload or in `validated_data`: undone, in the very same objects."""
    import copy

    data = copy.deepcopy(data)
    before = copy.deepcopy(data)
    parts = list(data.values()) if isinstance(data, dict) else list(data)
    seen = []

    @on(matter)
    def fails(data: Any) -> None:
        spoil(data)
        fail()

    on(matter)(lambda data: seen.append(repr(data)))
    event = emit(matter, sender=None, child=child, data=data)
    assert seen == [repr(before)] == [repr(data)]
    assert event.data is data
    after = list(data.values()) if isinstance(data, dict) else list(data)
    if not isinstance(data, set):
        assert all(one is other for one, other in zip(parts, after, strict=True))


def test_false_for_nought(matter: type[Event], child: Child) -> None:
    """undone, also where the new value compares as equal to the old one."""
    data = {"n": 0, "same": child, "list": [1]}
    other = Child.objects.get(pk=child.pk)

    @on(matter)
    def fails(data: Any) -> None:
        data["n"] = False
        data["same"] = other
        data["list"][0] = True
        fail()

    emit(matter, sender=None, child=child, data=data)
    assert data["n"] is not False
    assert data["same"] is child
    assert data["list"][0] is not True


def test_containers_of_others_are_kept(matter: type[Event], child: Child) -> None:
    """`validated_data` is the live dict: what a receiver changes stays, whoever fails later."""
    data: dict[str, Any] = {"meta": {}, "child": child}
    seen = []

    @on(matter)
    def changes(data: Any) -> None:
        data["meta"]["a"] = 1
        data["added"] = True

    @on(matter)
    def fails(data: Any) -> None:
        data["meta"]["b"] = 1
        fail()

    @on(matter)
    def writes(data: Any) -> None:
        data["meta"]["c"] = 1
        data["child"].name = "unsaved"
        Child.objects.update(name="stored")

    on(matter)(lambda data: seen.append(data["child"].name))
    with transaction.atomic():
        emit(matter, sender=None, child=child, data=data)
    assert data == {"meta": {"a": 1, "c": 1}, "added": True, "child": child}
    assert seen == ["stored"]


def test_instances_deep_in_a_container(matter: type[Event], child: Child) -> None:
    """instances in `validated_data`-like dicts are the row as it is now, at any depth."""
    data = {"list": [child], "nested": {"child": child}}
    seen = []

    @on(matter)
    def changes(data: Any) -> None:
        data["list"][0].name = "unsaved"

    on(matter)(lambda data: seen.append(data["nested"]["child"].name))
    on(matter)(lambda: Child.objects.update(name="stored"))
    on(matter)(lambda data: seen.append(data["nested"]["child"].name))
    emit(matter, sender=None, child=None, data=data)
    assert seen == ["child", "stored"]


def test_querysets(matter: type[Event], child: Child, statements: Any) -> None:
    """after a receiver wrote, the next one sees the row as it is now, in a queryset too."""
    seen = []
    rows = Child.objects.order_by("pk")
    list(rows)
    on(matter)(lambda data: seen.append([row.name for row in data]))

    @on(matter)
    def changes(data: Any) -> None:
        for row in data:
            row.name = "unsaved"

    on(matter)(lambda data: seen.append([row.name for row in data]))
    on(matter)(lambda: Child.objects.create(parent_id="p", name="new"))
    on(matter)(lambda data: seen.append([row.name for row in data]))
    event = emit(matter, sender=None, child=child, data=rows)
    assert seen == [["child"], ["child"], ["child", "new"]]
    assert [row.name for row in event.data] == ["child", "new"]


def test_nothing_to_refresh_costs_nothing(
    matter: type[Event], child: Child, statements: Any
) -> None:
    """A receiver that runs no SQL, or only reads, costs no refresh."""
    on(matter)(lambda child: setattr(child, "name", "unsaved"))
    on(matter)(Note.objects.count)
    with transaction.atomic(), statements() as sent:
        emit(matter, sender=None, child=child, data={"a": [1]})
    assert sent.verbs == ["SAVEPOINT", "SELECT", "RELEASE"]


def test_one_query_refreshes(matter: type[Event], child: Child, statements: Any) -> None:
    """refreshed, relations that are loaded included, by one statement per instance."""
    on(matter)(lambda: Note.write("a"))
    with statements() as sent:
        emit(matter, sender=None, child=child)
    assert sent.verbs == ["INSERT", "SELECT"]


def test_deferred_fields_stay_usable(matter: type[Event], child: Child) -> None:
    """Receivers share one instance, with deferred fields too."""
    lazy = Child.objects.only("name").get(pk=child.pk)
    seen = []
    on(matter)(lambda child: seen.append((child.size, child.parent.slug)))
    on(matter)(lambda: Note.write("a"))
    on(matter)(lambda child: seen.append((child.size, child.parent.slug)))
    emit(matter, sender=None, child=lazy)
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
