from datetime import UTC, datetime
from threading import Thread
from typing import Any
from uuid import uuid4

import pytest
from django.db import connection, connections
from django.db.models import QuerySet, Value
from django.db.models.functions import Concat

from tests.workflow.builders import ANN, item, statements, workflow
from workflow_events.events.database.prepared import (
    Among,
    Parameter,
    Prepared,
    PreparedChange,
    PreparedInsert,
    PreparedUpdate,
)
from workflow_events.workflow import api
from workflow_events.workflow.models import Case, Task, WorkItem

pytestmark = pytest.mark.django_db(transaction=True)


class Builder:
    """Counts how often a query is built."""

    def __init__(self, queryset: Any) -> None:
        self.queryset = queryset
        self.calls = 0

    def __call__(self) -> QuerySet[Any, Any]:
        self.calls += 1
        return self.queryset()


def items_of_a_case() -> QuerySet[WorkItem, WorkItem]:
    return WorkItem.objects.filter(case=Parameter("case", Case._meta.pk)).order_by("pk")


@pytest.fixture
def case() -> Case:
    workflow("a -> b", start="a b")
    return api.start_case("flow", ANN, meta={"key": ["value", 1]})


def test_rows_are_those_of_the_queryset(case: Case) -> None:
    api.start_case("flow", ANN)
    rows = Prepared(items_of_a_case).rows(case=case.pk)
    assert rows == list(case.work_items.order_by("pk"))
    assert len(rows) == 2


def test_rows_are_read_at_each_execution(case: Case) -> None:
    builder = Builder(items_of_a_case)
    prepared = Prepared[WorkItem](builder)
    assert [row.status for row in prepared.rows(case=case.pk)] == ["ready", "ready"]
    api.complete_work_item(item(case, "a"), ANN)
    with statements() as sql:
        rows = prepared.rows(case=case.pk)
    assert [row.status for row in rows] == ["completed", "ready"]
    assert (builder.calls, len(sql)) == (1, 1)


def test_values_of_each_execution_are_used(case: Case) -> None:
    other = api.start_case("flow", ANN)
    prepared = Prepared(items_of_a_case)
    assert {row.case_id for row in prepared.rows(case=case.pk)} == {case.pk}
    assert {row.case_id for row in prepared.rows(case=other.pk)} == {other.pk}
    assert prepared.rows(case=uuid4()) == []
    assert prepared.first(case=uuid4()) is None


def test_values_are_converted_both_ways(case: Case) -> None:
    deadline = datetime(2030, 1, 2, 3, 4, 5, 6, tzinfo=UTC)
    api.update_work_item(item(case, "a"), ANN, deadline=deadline, meta={"a": None})
    due = Parameter("due", WorkItem._meta.get_field("deadline"))
    prepared = Prepared(lambda: WorkItem.objects.filter(deadline=due).select_related("case"))
    found = prepared.first(due=deadline)
    assert found is not None
    assert (found.deadline, found.meta, found.case.meta) == (
        deadline,
        {"a": None},
        {"key": ["value", 1]},
    )


def test_related_rows_come_along(case: Case) -> None:
    child = api.start_case("flow", ANN, parent_work_item=item(case, "a"))
    prepared = Prepared(lambda: items_of_a_case().select_related("case__workflow", "child_case"))
    with statements() as sql:
        first, second = prepared.rows(case=case.pk)
        assert (first.case, first.case.workflow.slug, first.child_case) == (case, "flow", child)
        assert first.child_case.parent_work_item is first
        assert second.child_case is None
    assert len(sql) == 1


def test_protected_fields_of_rows_are_known(case: Case) -> None:
    found = Prepared(items_of_a_case).rows(case=case.pk)[0]
    assert not found._state.adding
    found.name = "Renamed"
    found.save()
    assert item(case, "a").name == "Renamed"


def test_any_number_of_values(case: Case) -> None:
    prepared = Prepared(
        lambda: Task.objects.filter(Among("pk", "slugs", Task._meta.pk)).order_by("pk")
    )
    with statements() as sql:
        assert [task.pk for task in prepared.rows(slugs=["a", "b"])] == ["a", "b"]
        assert [task.pk for task in prepared.rows(slugs={"b", "none"})] == ["b"]
        assert prepared.rows(slugs=[]) == []
    assert len(sql) == 3


def test_any_number_of_keys(case: Case) -> None:
    keys = list(case.work_items.order_by("pk").values_list("pk", flat=True))
    prepared = Prepared(
        lambda: WorkItem.objects.filter(Among("pk", "keys", WorkItem._meta.pk)).order_by("pk")
    )
    assert [row.pk for row in prepared.rows(keys=[*keys, uuid4()])] == keys


def test_an_update_of_several_rows(case: Case) -> None:
    name: Any = WorkItem._meta.get_field("name")
    rename = PreparedChange(
        items_of_a_case, name=Parameter("name", name), description=Concat("name", Value("?"))
    )
    other = api.start_case("flow", ANN)
    for _ in range(2):
        with statements() as sql:
            assert rename.execute(case=case.pk, name="Renamed") == 2
        assert len(sql) == 1
    assert {(row.name, row.description) for row in case.work_items.all()} == {
        ("Renamed", "Renamed?")
    }
    assert rename.execute(case=uuid4(), name="Nobody's") == 0
    assert set(other.work_items.values_list("name", flat=True)).isdisjoint(["Renamed", "Nobody's"])


def test_certain_columns_come_as_tuples(case: Case) -> None:
    prepared = Prepared(lambda: items_of_a_case().values_list("task_id", "meta"))
    assert prepared.rows(case=case.pk) == [("a", {}), ("b", {})]


def test_a_value_must_be_given(case: Case) -> None:
    with pytest.raises(KeyError, match="case"):
        Prepared(items_of_a_case).rows()


def test_each_connection_compiles_its_own(case: Case) -> None:
    builder = Builder(lambda: Task.objects.order_by("pk"))
    prepared = Prepared[Task](builder)
    assert len(prepared.rows()) == 2
    found: list[Task] = []

    def elsewhere() -> None:
        try:
            found.extend(prepared.rows())
        finally:
            connections.close_all()

    if connection.vendor == "postgresql":
        thread = Thread(target=elsewhere)
        thread.start()
        thread.join()
        assert (len(found), builder.calls) == (2, 2)
    replaced = connections["default"]
    try:
        connections["default"] = replaced.copy()
        connections["default"].connection = replaced.connection
        prepared.rows()
    finally:
        connections["default"] = replaced
    assert builder.calls == (3 if connection.vendor == "postgresql" else 2)


def test_an_insert_stores_what_save_would(case: Case) -> None:
    insert = PreparedInsert(WorkItem)
    previous = item(case, "a")
    for name in ("first", "second"):
        new = WorkItem(case=case, task_id="a", name=name, previous_work_item=previous)
        new.addressed_groups = ["clerks"]
        with statements() as sql:
            insert.execute(new)
        assert len(sql) == 1
        assert (new._state.adding, new._state.db) == (False, "default")
        stored = WorkItem.objects.get(pk=new.pk)
        for field in WorkItem._meta.concrete_fields:
            assert getattr(stored, field.attname) == getattr(new, field.attname), field
        assert (stored.name, stored.meta, stored.previous_work_item) == (name, {}, previous)


def test_an_insert_refuses_what_save_would(case: Case) -> None:
    new = WorkItem(case=case, task=Task(pk=None), name="of a task without a key")
    with pytest.raises(ValueError, match="unsaved related object 'task'"):
        PreparedInsert(WorkItem).execute(new)
    assert (new._state.adding, case.work_items.count()) == (True, 2)


def test_an_update_writes_its_fields_of_its_row_only(case: Case) -> None:
    update = PreparedUpdate(WorkItem, ("name", "meta", "modified_at"))
    first, second = item(case, "a"), item(case, "b")
    for name in ("Once", "Twice"):
        first.name, first.meta, first.description = name, {"name": [name]}, "not written"
        before = first.modified_at
        with statements() as sql:
            assert update.execute(first)
        assert len(sql) == 1
        stored = item(case, "a")
        assert (stored.name, stored.meta, stored.description) == (name, {"name": [name]}, None)
        assert stored.modified_at == first.modified_at > before
    assert (item(case, "b").name, item(case, "b").meta) == (second.name, second.meta)


def test_an_update_says_when_the_row_is_gone(case: Case) -> None:
    gone = item(case, "a")
    WorkItem.objects.filter(pk=gone.pk).delete()
    assert not PreparedUpdate(WorkItem, ("name",)).execute(gone)
