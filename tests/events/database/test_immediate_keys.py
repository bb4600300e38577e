"""Dangling keys of our tables are found at the statement on SQLite; cascades still work."""

import pytest
from django.core.management import call_command
from django.db import IntegrityError, connection, transaction

from tests.workflow.builders import ANN, item, workflow
from workflow_events.workflow import api
from workflow_events.workflow.models import Case, Task, WorkItem

sqlite_only = pytest.mark.skipif(
    "connection.vendor != 'sqlite'", reason="PostgreSQL keeps Django's deferred keys"
)


@sqlite_only
@pytest.mark.django_db
def test_no_table_has_a_deferred_key() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT name, sql FROM sqlite_master WHERE name LIKE 'workflow_%'")
        tables = {name: sql for name, sql in cursor.fetchall() if sql}
    assert sum("REFERENCES" in sql for sql in tables.values()) == 4
    assert not [name for name, sql in tables.items() if "DEFERR" in sql.upper()]


@sqlite_only
@pytest.mark.django_db
def test_a_dangling_key_fails_at_the_statement() -> None:
    workflow("a")
    case = api.start_case("flow", ANN)
    with pytest.raises(IntegrityError), transaction.atomic():
        WorkItem.objects.create(case=case, task_id="missing", name="x")
    with pytest.raises(IntegrityError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("DELETE FROM workflow_task")
    with pytest.raises(IntegrityError), transaction.atomic():
        WorkItem.objects.update(task_id="missing")
    assert Task.objects.count() == 1


@pytest.mark.django_db
def test_cascading_deletes_of_large_families() -> None:
    """Django deletes a hundred rows at a time; children go before their root."""
    workflow("many", tasks={"many": {"is_multiple_instance": True}})
    root = api.start_case("flow", ANN)
    Case.objects.bulk_create(Case(workflow_id="flow", family=root) for _ in range(250))
    WorkItem.objects.bulk_create(
        WorkItem(case=root, task_id="many", name="x", child_case=child)
        for child in Case.objects.exclude(pk=root.pk)
    )
    previous = None
    for row in WorkItem.objects.order_by("pk"):
        row.previous_work_item = previous
        row.save()
        previous = row
    root.delete()
    assert not Case.objects.exists()
    assert not WorkItem.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_flush_empties_the_tables_in_any_order() -> None:
    workflow("a")
    case = api.start_case("flow", ANN)
    api.start_case("flow", ANN, item(case, "a"))
    call_command("flush", interactive=False, verbosity=0)
    assert not Case.objects.exists()
