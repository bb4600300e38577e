"""What receivers may do to a payload: attributes, containers, querysets (contract section 4)."""

from collections import OrderedDict, defaultdict
from typing import Any

import pytest
from django.db import transaction

from tests.events.places import fail
from tests.events.tables import Child
from workflow_events.events import Event, emit, on

pytestmark = pytest.mark.usefixtures("tables")


def test_payload_attributes(child_seen: type[Event], child: Child, errors: Any) -> None:
    """Payload attributes can be assigned; later receivers and the emitter see the change."""
    seen = []
    other = Child.objects.create(parent_id="q", name="second")

    @on(child_seen)
    def assigns(event: Any) -> None:
        event.label = "new"
        event.child = other

    @on(child_seen)
    def fails(event: Any) -> None:
        event.label = "failed"
        event.label = "failed twice"
        event.child = None
        fail()

    @on(child_seen)
    def renames(child: Child) -> None:
        Child.objects.filter(pk=child.pk).update(name="renamed")

    on(child_seen)(lambda child, label, event: seen.append((child.name, label, event.label)))
    event = emit(child_seen, sender=None, child=child)
    assert seen == [("renamed", "new", "new")]
    assert event.child is other
    assert len(errors()) == 1


def test_undeclared_attributes(child_seen: type[Event], child: Child, errors: Any) -> None:
    """Assigning an undeclared attribute is an `AttributeError`."""

    @on(child_seen)
    def assigns(event: Any) -> None:
        event.lable = "typo"

    emit(child_seen, sender=None, child=child)
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
def test_containers_of_a_failed_receiver(child_seen: type[Event], child: Child, data: Any) -> None:
    """changed in the payload or in `validated_data`: undone, in the very same objects."""
    import copy

    data = copy.deepcopy(data)
    before = copy.deepcopy(data)
    parts = list(data.values()) if isinstance(data, dict) else list(data)
    seen = []

    @on(child_seen)
    def fails(data: Any) -> None:
        spoil(data)
        fail()

    on(child_seen)(lambda data: seen.append(repr(data)))
    event = emit(child_seen, sender=None, child=child, data=data)
    assert seen == [repr(before)] == [repr(data)]
    assert event.data is data
    after = list(data.values()) if isinstance(data, dict) else list(data)
    if not isinstance(data, set):
        assert all(one is other for one, other in zip(parts, after, strict=True))


def test_false_for_nought(child_seen: type[Event], child: Child) -> None:
    """undone, also where the new value compares as equal to the old one."""
    data = {"n": 0, "same": child, "list": [1]}
    other = Child.objects.get(pk=child.pk)

    @on(child_seen)
    def fails(data: Any) -> None:
        data["n"] = False
        data["same"] = other
        data["list"][0] = True
        fail()

    emit(child_seen, sender=None, child=child, data=data)
    assert data["n"] is not False
    assert data["same"] is child
    assert data["list"][0] is not True


def test_containers_of_others_are_kept(child_seen: type[Event], child: Child) -> None:
    """`validated_data` is the live dict: what a receiver changes stays, whoever fails later."""
    data: dict[str, Any] = {"meta": {}, "child": child}
    seen = []

    @on(child_seen)
    def changes(data: Any) -> None:
        data["meta"]["a"] = 1
        data["added"] = True

    @on(child_seen)
    def fails(data: Any) -> None:
        data["meta"]["b"] = 1
        fail()

    @on(child_seen)
    def writes(data: Any) -> None:
        data["meta"]["c"] = 1
        data["child"].name = "unsaved"
        Child.objects.update(name="stored")

    on(child_seen)(lambda data: seen.append(data["child"].name))
    with transaction.atomic():
        emit(child_seen, sender=None, child=child, data=data)
    assert data == {"meta": {"a": 1, "c": 1}, "added": True, "child": child}
    assert seen == ["stored"]


def test_instances_deep_in_a_container(child_seen: type[Event], child: Child) -> None:
    """instances in `validated_data`-like dicts are the row as it is now, at any depth."""
    data = {"list": [child], "nested": {"child": child}}
    seen = []

    @on(child_seen)
    def changes(data: Any) -> None:
        data["list"][0].name = "unsaved"

    on(child_seen)(lambda data: seen.append(data["nested"]["child"].name))
    on(child_seen)(lambda: Child.objects.update(name="stored"))
    on(child_seen)(lambda data: seen.append(data["nested"]["child"].name))
    emit(child_seen, sender=None, child=None, data=data)
    assert seen == ["child", "stored"]


def test_querysets(child_seen: type[Event], child: Child, statements: Any) -> None:
    """after a receiver wrote, the next one sees the row as it is now, in a queryset too."""
    seen = []
    rows = Child.objects.order_by("pk")
    list(rows)
    on(child_seen)(lambda data: seen.append([row.name for row in data]))

    @on(child_seen)
    def changes(data: Any) -> None:
        for row in data:
            row.name = "unsaved"

    on(child_seen)(lambda data: seen.append([row.name for row in data]))
    on(child_seen)(lambda: Child.objects.create(parent_id="p", name="new"))
    on(child_seen)(lambda data: seen.append([row.name for row in data]))
    event = emit(child_seen, sender=None, child=child, data=rows)
    assert seen == [["child"], ["child"], ["child", "new"]]
    assert [row.name for row in event.data] == ["child", "new"]
