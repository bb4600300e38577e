"""SQL statements per operation: savepoints counted, BEGIN and COMMIT not (issue's budgets).

The numbers are exact, so that a change that adds a statement shows.
"""

import pytest
from django.db import connection, transaction

from tests.workflow.builders import ANN, complete, item, record, statements, workflow
from workflow_events.events import on
from workflow_events.workflow import api
from workflow_events.workflow.models import Case, WorkItem

pytestmark = pytest.mark.django_db(transaction=True)

HUNDRED = {
    "is_multiple_instance": True,
    "address_groups": f"{[f'g{number:03}' for number in range(100)]}|groups",
}


@pytest.fixture
def hundred() -> Case:
    workflow("many", tasks={"many": HUNDRED})
    return api.start_case("flow", ANN)


def test_start_case() -> None:
    """Workflow with start tasks, case, items."""
    workflow("a -> b")
    with statements() as sql:
        api.start_case("flow", ANN)
    assert len(sql) == 3, sql


def test_start_case_with_100_items() -> None:
    workflow("many", tasks={"many": HUNDRED})
    with statements() as sql:
        case = api.start_case("flow", ANN)
    inserts = [s for s in sql if s.startswith("INSERT")]
    assert len(sql) - len(inserts) == 1, sql
    if connection.vendor == "postgresql":  # SQLite takes only so many parameters in a statement
        assert len(inserts) == 2, sql
    assert WorkItem.objects.filter(case=case).count() == 100


def test_complete_into_the_next_item() -> None:
    """Lock, item, write, flow, tasks, items that are there, items."""
    workflow("a -> b")
    case = api.start_case("flow", ANN)
    pk = item(case, "a").pk
    with statements() as sql:
        api.complete_work_item(pk, ANN)
    assert len(sql) == 7, sql


def test_complete_the_last_item() -> None:
    """Lock, item, write, flow, ready items, case."""
    workflow("a -> b")
    case = api.start_case("flow", ANN)
    complete(case, "a")
    pk = item(case, "b").pk
    with statements() as sql:
        api.complete_work_item(pk, ANN)
    assert len(sql) == 6, sql


@pytest.mark.parametrize("verb", ["cancel", "suspend", "resume"])
def test_cascade_to_100_items_in_bulk(hundred: Case, verb: str) -> None:
    """Lock, case, items, write items, write case."""
    operation = {
        "cancel": api.cancel_case,
        "suspend": api.suspend_case,
        "resume": api.resume_case,
    }[verb]
    if verb == "resume":
        api.suspend_case(hundred, ANN)
    with statements() as sql:
        operation(hundred.pk, ANN)
    assert len(sql) == 5, sql
    assert len(set(WorkItem.objects.values_list("status", "modified_at"))) == 1


@pytest.mark.parametrize("verb", ["cancel", "suspend", "resume"])
def test_cascade_to_100_items_one_by_one(hundred: Case, verb: str) -> None:
    """As in bulk, but a write for each item; receivers that run no SQL cost none."""
    operation = {
        "cancel": api.cancel_case,
        "suspend": api.suspend_case,
        "resume": api.resume_case,
    }[verb]
    if verb == "resume":
        api.suspend_case(hundred, ANN)
    seen = []

    @on([f"pre_{verb}_work_item", f"post_{verb}_work_item"])
    def see(event, work_item):  # type: ignore[no-untyped-def]
        seen.append((event.event_name, work_item.task.name, work_item.case.status))

    with statements() as sql:
        operation(hundred.pk, ANN)
    assert len(sql) == 4 + 100, sql
    assert len(seen) == 200


def test_children_are_written_level_by_level() -> None:
    """Lock, case, items of three levels, write items, write child cases, write case."""
    workflow("a; b", slug="outer", start="a b")
    outer = api.start_case("outer", ANN)
    for task in "ab":
        child = api.start_case("outer", ANN, item(outer, task))
        for inner in "ab":
            api.start_case("outer", ANN, item(child, inner))
    with statements() as sql:
        api.cancel_case(outer.pk, ANN)
    assert len(sql) == 8, sql
    assert set(WorkItem.objects.values_list("status", flat=True)) == {"canceled"}
    assert set(Case.objects.values_list("status", "closed_by_user")) == {("canceled", "ann")}


def test_nested_in_a_transaction_costs_a_savepoint() -> None:
    workflow("a -> b")
    with transaction.atomic(), statements() as sql:
        api.start_case("flow", ANN)
    assert len(sql) == 5, sql


def test_case_events_do_not_slow_items_down(hundred: Case) -> None:
    record(["pre_cancel_case", "post_cancel_case"]).clear()
    with statements() as sql:
        api.cancel_case(hundred.pk, ANN)
    writes = [s for s in sql if s.startswith("UPDATE")]
    assert len(writes) == 2
