"""The migration makes what the models say, and indexes into JSON on PostgreSQL only."""

import pytest
from django.core.management import call_command
from django.db import connection

from workflow_events.workflow.models import Case, WorkItem
from workflow_events.workflow.models.indexes import ContainmentIndex

pytestmark = pytest.mark.django_db


def test_no_migration_is_missing() -> None:
    call_command("makemigrations", check=True, dry_run=True, verbosity=0)


@pytest.mark.parametrize("model", [Case, WorkItem])
def test_json_is_indexed_on_postgresql_only(model: type[Case] | type[WorkItem]) -> None:
    with connection.cursor() as cursor:
        found = connection.introspection.get_constraints(cursor, model._meta.db_table)
    expected = {i.name for i in model._meta.indexes if isinstance(i, ContainmentIndex)}
    assert expected
    if connection.vendor == "postgresql":
        assert {name for name, data in found.items() if data.get("type") == "gin"} == expected
    else:
        assert not expected & set(found)


@pytest.mark.django_db(transaction=True)
def test_indexes_into_json_can_be_removed_again() -> None:
    index = next(i for i in Case._meta.indexes if isinstance(i, ContainmentIndex))
    with connection.schema_editor() as editor:
        editor.remove_index(Case, index)
        editor.add_index(Case, index)
