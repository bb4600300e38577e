"""What a failing receiver does: every kind of failure (contract section 4, the table)."""

from collections.abc import Callable
from contextlib import nullcontext
from typing import Any

import pytest
from asgiref.sync import sync_to_async
from django.db import connection, transaction

from tests.events.kinds import KINDS, kinds_here
from tests.events.tables import Child, Note, Parent
from workflow_events.events import Event, ReceiverError, emit, on

pytestmark = pytest.mark.usefixtures("tables")

SENDER = object


class Scene:
    """An emission with one receiver that fails, between two that do not."""

    def __init__(self, kind: str, *, raising: bool, is_async: bool) -> None:
        self.misbehave = KINDS[kind].misbehave
        self.committed: list[str] = []
        self.seen: list[Any] = []
        Parent.objects.create(slug="p")
        self.child = Child.objects.select_related("parent").get(
            pk=Child.objects.create(parent_id="p", data={"deep": [1]}).pk
        )
        self.nested = {"list": [1, {"a": 1}]}
        self.data: dict[str, Any] = {"nested": self.nested, "child": self.child}
        self.declare()
        self.register(raising=raising, is_async=is_async)

    def declare(self) -> None:
        class Matter(Event):
            label: str
            data: dict[str, Any]
            child: Child
            rows: Any

        self.matter = Matter

    def register(self, *, raising: bool, is_async: bool) -> None:
        @on(self.matter)
        def before() -> None:
            self.leave("before")

        def spoil(event: Any) -> None:
            self.leave("failing")
            event.label = "spoilt"
            self.data["added"] = self.nested["added"] = 1
            self.nested["list"].append(2)
            self.nested["list"][1]["a"] = 2
            self.child.name = self.child.parent.name = "spoilt"
            self.child.data["deep"].append(2)
            self.child.parent = Parent(slug="other")

        if is_async:

            @on(self.matter, raise_exception=raising)
            async def failing(event: Any) -> None:
                await sync_to_async(spoil)(event)
                await sync_to_async(self.misbehave)()

        else:

            @on(self.matter, raise_exception=raising)
            def failing(event: Any) -> None:
                spoil(event)
                self.misbehave()

        @on(self.matter)
        def after(event: Any, data: Any, child: Any, rows: Any) -> None:
            self.seen.append((event.label, set(data), child.name, child.parent.name))
            self.seen.append((data["nested"], child.data, sorted(r.name for r in rows)))
            self.leave("after")

    def leave(self, name: str) -> None:
        Note.write(name)
        transaction.on_commit(lambda: self.committed.append(name))

    def operate(self) -> Any:
        self.leave("emitter")
        rows = Child.objects.all()
        return emit(
            self.matter, sender=SENDER, label="label", data=self.data, child=self.child, rows=rows
        )

    def check_payload(self) -> None:
        nested = {"list": [1, {"a": 1}]}
        assert self.seen == [
            ("label", {"nested", "child"}, "child", "parent"),
            (nested, {"deep": [1]}, ["child"]),
        ]
        assert self.data["nested"] == nested
        assert self.child.data == {"deep": [1]}
        assert (self.child.name, self.child.parent.name) == ("child", "parent")

    def check_rows(self) -> None:
        stored = Child.objects.select_related("parent").get()
        assert (stored.name, stored.parent.slug, stored.parent.name) == ("child", "p", "parent")
        assert stored.data == {"deep": [1]}


@pytest.fixture(params=[False, True], ids=["sync", "async"])
def is_async(request: pytest.FixtureRequest) -> bool:
    return request.param


@pytest.fixture(params=[False, True], ids=["robust", "raising"])
def raising(request: pytest.FixtureRequest) -> bool:
    return request.param


def check_record(records: list[Any], receiver: str, event: str) -> None:
    """The log: `ERROR` on `workflow_events.events`, with receiver, event and traceback."""
    assert [record.levelname for record in records] == ["ERROR"]
    record = records[0]
    assert record.receiver.startswith(__name__)
    assert record.receiver.endswith(f".{receiver}")
    assert record.event == event
    assert record.getMessage().startswith(f"Receiver {record.receiver} failed on {event}: ")
    assert record.exc_info[1].__traceback__ is not None or "swallowed" in str(record.exc_info[1])


@pytest.mark.parametrize("kind", kinds_here())
def test_inside_a_transaction(
    kind: str, raising: bool, is_async: bool, errors: Callable[[], list[Any]]
) -> None:
    """other receivers run · undone · unharmed, or rolled back as a whole."""
    scene = Scene(kind, raising=raising, is_async=is_async)
    expected: Any = pytest.raises(ReceiverError) if raising else nullcontext()
    with expected as caught, transaction.atomic():
        scene.operate()
    check_record(errors(), "failing", "matter")
    scene.check_payload()
    if raising:
        assert len(caught.value.exceptions) == 1
        assert Note.all_by() == scene.committed == []
    else:
        assert Note.all_by() == scene.committed == ["emitter", "before", "after"]
    scene.check_rows()


@pytest.mark.parametrize("kind", kinds_here())
def test_outside_a_transaction(
    kind: str, raising: bool, is_async: bool, errors: Callable[[], list[Any]]
) -> None:
    """Outside a transaction each receiver runs in one of its own."""
    scene = Scene(kind, raising=raising, is_async=is_async)
    with pytest.raises(ReceiverError) if raising else nullcontext():
        scene.operate()
    check_record(errors(), "failing", "matter")
    scene.check_payload()
    assert Note.all_by() == scene.committed == ["emitter", "before", "after"]
    scene.check_rows()


@pytest.mark.parametrize("outside", [False, True], ids=["inside", "outside"])
@pytest.mark.parametrize("kind", kinds_here())
def test_inside_a_nested_emission(
    kind: str, raising: bool, is_async: bool, outside: bool, errors: Callable[[], list[Any]]
) -> None:
    """undone, at every depth; a nested `ReceiverError` is the outer receiver's failure."""
    scene = Scene(kind, raising=raising, is_async=is_async)

    class Outer(Event):
        pass

    on(Outer)(lambda: scene.leave("first"))
    on(Outer)(scene.operate)
    on(Outer)(lambda: scene.leave("last"))
    with nullcontext() if outside else transaction.atomic():
        scene.leave("outer")
        emit(Outer, sender=SENDER)
    assert [record.event for record in errors()] == ["matter", *(["outer"] if raising else [])]
    check_record(errors()[:1], "failing", "matter")
    scene.check_payload()
    inner = [] if raising else ["emitter", "before", "after"]
    assert Note.all_by() == scene.committed == ["outer", "first", *inner, "last"]
    scene.check_rows()


@pytest.mark.skipif(connection.vendor != "sqlite", reason="PostgreSQL breaks the transaction")
@pytest.mark.parametrize("outside", [False, True], ids=["inside", "outside"])
def test_a_swallowed_error_that_breaks_nothing(
    outside: bool, errors: Callable[[], list[Any]]
) -> None:
    """a swallowed database error where it breaks the transaction; on SQLite a raw one does not."""

    class Matter(Event):
        pass

    @on(Matter)
    def receiver() -> None:
        Note.write("before")
        KINDS["error of a raw statement, swallowed"].misbehave()
        Note.write("after")

    with nullcontext() if outside else transaction.atomic():
        emit(Matter, sender=SENDER)
    assert errors() == []
    assert Note.all_by() == ["before", "after"]


@pytest.mark.parametrize("kind", ["exception", "integrity error", "key dangling by insert"])
def test_not_robust(kind: str, is_async: bool, errors: Callable[[], list[Any]]) -> None:
    """`robust=False`: the first exception propagates at once and the rest do not run."""
    scene = Scene(kind, raising=False, is_async=is_async)
    with transaction.atomic():
        scene.leave("emitter")
        arguments = {"label": "label", "data": scene.data, "child": scene.child, "rows": None}
        with pytest.raises(Exception) as caught:  # noqa: PT011 (any of three)
            emit(scene.matter, sender=SENDER, robust=False, **arguments)
    assert not isinstance(caught.value, ExceptionGroup)
    assert scene.seen == []
    assert errors() == []
    assert Note.all_by() == scene.committed == ["emitter", "before"]
    assert scene.data["nested"] == {"list": [1, {"a": 1}]}
