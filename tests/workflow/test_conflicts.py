"""Operations that meet: one lock per family, ``Conflict`` across (contract section 5)."""

import threading
from typing import Any

import pytest
from django.db import OperationalError, connection, transaction

from tests.workflow.builders import ANN, complete, item, record, start, state, statuses, workflow
from workflow_events.events import on
from workflow_events.workflow import api
from workflow_events.workflow.errors import Conflict, InvalidTransition
from workflow_events.workflow.models import WorkItem

pytestmark = pytest.mark.django_db

postgresql_only = pytest.mark.skipif(
    "connection.vendor != 'postgresql'", reason="SQLite has one writer at a time"
)


@postgresql_only
@pytest.mark.django_db(transaction=True)
def test_two_clients_complete_one_item() -> None:
    workflow("a -> b")
    case = start()
    pk = item(case, "a").pk
    recorder = record(["post_complete_work_item"])
    outcomes = in_threads(
        lambda: api.complete_work_item(pk, ANN), lambda: api.complete_work_item(pk, ANN)
    )
    assert sorted(type(o).__name__ for o in outcomes) == ["InvalidTransition", "WorkItem"]
    assert len(recorder) == 1
    assert statuses(case) == [("a", "completed"), ("b", "ready")]


@postgresql_only
@pytest.mark.django_db(transaction=True)
def test_two_clients_complete_the_branches_of_a_join() -> None:
    workflow("a -> b c; b c -> d")
    case = start()
    complete(case, "a")
    b, c = item(case, "b").pk, item(case, "c").pk
    in_threads(lambda: api.complete_work_item(b, ANN), lambda: api.complete_work_item(c, ANN))
    assert statuses(case)[3:] == [("d", "ready")]


@postgresql_only
@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("raise_exception", [False, True])
def test_a_deadlock_across_families_is_a_conflict(raise_exception: bool) -> None:
    """Each completes its item while its receiver cancels the other's case."""
    workflow("a -> b")
    first, second = start(), start()
    other = {first.pk: second.pk, second.pk: first.pk}
    both = threading.Barrier(2, timeout=10)

    @on("post_complete_work_item", raise_exception=raise_exception)
    def cross(work_item: WorkItem) -> None:
        both.wait()
        api.suspend_case(other[work_item.case_id], ANN)

    outcomes = in_threads(
        lambda: api.complete_work_item(item(first, "a"), ANN),
        lambda: api.complete_work_item(item(second, "a"), ANN),
    )
    assert sorted(type(o).__name__ for o in outcomes) == ["Conflict", "WorkItem"]
    loser = first if statuses(first) == [("a", "suspended")] else second
    winner = second if loser is first else first
    assert (statuses(loser), state(loser)) == ([("a", "suspended")], "suspended")
    assert statuses(winner) == [("a", "completed"), ("b", "ready")]


def in_threads(*operations: Any) -> list[Any]:
    outcomes: list[Any] = []

    def run(operation: Any) -> None:
        try:
            outcomes.append(operation())
        except Exception as error:
            outcomes.append(error)
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=(operation,)) for operation in operations]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=20)
    assert len(outcomes) == len(operations)
    return outcomes


class Lost(Exception):
    def __init__(self, **attributes: Any) -> None:
        super().__init__("lost")
        self.__dict__.update(attributes)


@pytest.mark.parametrize(
    ("cause", "expected"),
    [
        (Lost(sqlstate="40P01"), Conflict),
        (Lost(sqlstate="40001"), Conflict),
        (Lost(sqlite_errorcode=5), Conflict),
        (Lost(sqlite_errorcode=261), Conflict),
        (Lost(sqlite_errorcode=1), OperationalError),
        (Lost(sqlstate="57P01"), OperationalError),
        (None, OperationalError),
    ],
)
def test_which_errors_are_conflicts(cause: Exception | None, expected: type[Exception]) -> None:
    workflow("a -> b")
    case = start()
    fail = True

    def interrupt(execute: Any, sql: str, *arguments: Any) -> Any:
        if sql.startswith("UPDATE") and fail:
            raise OperationalError("lost") from cause
        return execute(sql, *arguments)

    with connection.execute_wrapper(interrupt), pytest.raises(expected), transaction.atomic():
        complete(case, "a")
    fail = False
    assert statuses(case) == [("a", "ready")]


def test_nested_operations_leave_the_conflict_to_the_outermost() -> None:
    workflow("a -> b")
    case, other = start(), start()
    seen = []

    @on("pre_complete_work_item")
    def nested(work_item: WorkItem) -> None:
        if work_item.case_id == case.pk:
            try:
                api.cancel_case(other, ANN)
            except OperationalError as error:
                seen.append(error)

    def interrupt(execute: Any, sql: str, *arguments: Any) -> Any:
        if sql.startswith("UPDATE"):
            raise OperationalError("lost") from Lost(sqlstate="40P01")
        return execute(sql, *arguments)

    with connection.execute_wrapper(interrupt), pytest.raises(Conflict):
        complete(case, "a")
    assert len(seen) == 1
    assert statuses(other) == statuses(case) == [("a", "ready")]
    with pytest.raises(InvalidTransition):
        api.resume_case(case, ANN)
