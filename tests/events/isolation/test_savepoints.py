"""Savepoints: when receivers cost one, and what it holds (contract section 4)."""

from typing import Any

import pytest
from django.db import connection, transaction

from tests.events.places import PLACES, place
from tests.events.tables import Note
from workflow_events.events import Event, emit, filter_events, on

pytestmark = pytest.mark.usefixtures("tables")


@PLACES
def test_no_sql_no_statement(matter: type[Event], statements: Any, outside: bool) -> None:
    """A receiver that runs no SQL costs no savepoint."""
    ran = []
    on(matter)(lambda: ran.append(1))
    on(matter, atomic=False)(lambda: ran.append(2))
    on(matter)(filter_events(lambda sender: True)(lambda: ran.append(3)))

    @on(matter)
    def fails() -> None:
        raise ValueError

    @on(matter)
    def blocks_without_sql() -> None:
        ran.append(connection.in_atomic_block)

    with place(outside), statements() as sent:
        emit(matter, sender=None)
    assert sent.verbs == []
    assert ran == [1, 2, 3, True]


def test_a_savepoint_at_the_first_sql(matter: type[Event], statements: Any) -> None:
    """savepoints are opened at the first SQL only; keys are checked after a write only."""
    on(matter)(lambda: None)
    on(matter)(Note.objects.count)
    on(matter)(lambda: (Note.write("a"), Note.write("b")))
    on(matter)(lambda: Note.write("c"))
    on(matter)(lambda: None)
    with transaction.atomic(), statements() as sent:
        emit(matter, sender=None)
    if connection.vendor == "postgresql":
        check = ["SET CONSTRAINTS", "SET CONSTRAINTS"]
        first = ["SAVEPOINT", *check, "INSERT", "INSERT", *check, "RELEASE"]
        assert sent.verbs == [
            *("SAVEPOINT", "SELECT", "RELEASE"),
            *first,
            *("SAVEPOINT", "INSERT", *check, "RELEASE"),
        ]
    else:
        # The table has no keys, and none refer to it, so there is nothing to check.
        written = [verb for verb in sent.verbs if not verb.startswith("PRAGMA")]
        assert written[:3] == ["SAVEPOINT", "SELECT", "RELEASE"]
        assert [verb for verb in written[3:] if verb != "SELECT"] == [
            *("SAVEPOINT", "INSERT", "INSERT", "RELEASE"),
            *("SAVEPOINT", "INSERT", "RELEASE"),
        ]


def test_outside_a_transaction_nothing_is_added(matter: type[Event], statements: Any) -> None:
    """Outside a transaction each receiver runs in one of its own, and COMMIT checks the keys."""
    on(matter)(lambda: (Note.write("a"), Note.write("b")))
    on(matter)(Note.objects.count)
    with statements() as sent:
        emit(matter, sender=None)
    assert sent.verbs == ["INSERT", "INSERT", "SELECT"]
    sql = [query["sql"] for query in sent.captured_queries]
    assert len([s for s in sql if s.startswith("BEGIN")]) == 2
    assert len([s for s in sql if s.startswith("COMMIT")]) == 2


def test_sql_of_a_failed_receiver(matter: type[Event], statements: Any) -> None:
    """what this receiver wrote: undone, by one ROLLBACK TO."""

    @on(matter)
    def fails() -> None:
        Note.objects.count()
        raise ValueError

    with transaction.atomic(), statements() as sent:
        emit(matter, sender=None)
    assert sent.verbs == ["SAVEPOINT", "SELECT", "ROLLBACK TO", "RELEASE"]


def test_a_receiver_of_its_own_block(matter: type[Event], statements: Any) -> None:
    """An inner `transaction.atomic()` opens the savepoint of the receiver before its own."""

    @on(matter)
    def receiver() -> None:
        with transaction.atomic():
            Note.objects.count()

    with transaction.atomic(), statements() as sent:
        emit(matter, sender=None)
    assert sent.verbs == ["SAVEPOINT", "SAVEPOINT", "SELECT", "RELEASE", "RELEASE"]


@PLACES
def test_predicates_are_part_of_the_receiver(
    matter: type[Event], statements: Any, errors: Any, outside: bool
) -> None:
    """A predicate's SQL is isolated with it, and its exception is the receiver's failure."""

    @on(matter)
    @filter_events(lambda: Note.objects.count() == 0)
    def receiver() -> None:
        Note.write("a")
        raise ValueError

    @on(matter)
    @filter_events(lambda: Note.write("b") or 1 / 0)
    def never() -> None:
        raise AssertionError

    with place(outside), statements() as sent:
        emit(matter, sender=None)
    if not outside:
        assert sent.verbs.count("SAVEPOINT") == 2
        assert sent.verbs.count("ROLLBACK TO") == 2
    assert [type(record.exc_info[1]) for record in errors()] == [ValueError, ZeroDivisionError]
    assert Note.all_by() == []


@PLACES
def test_without_a_savepoint(
    matter: type[Event], statements: Any, errors: Any, outside: bool
) -> None:
    """`@on(..., atomic=False)` opts out of the savepoint."""
    committed = []

    @on(matter, atomic=False)
    def keeps() -> None:
        Note.write("kept")
        transaction.on_commit(lambda: committed.append("kept"))
        raise ValueError

    @on(matter)
    def after() -> None:
        Note.write("after")
        transaction.on_commit(lambda: committed.append("after"))

    @on(matter, atomic=False)
    def last() -> None:
        assert connection.in_atomic_block is not outside
        Note.write("last")

    with place(outside), statements() as sent:
        emit(matter, sender=None)
    assert sent.verbs.count("SAVEPOINT") == (0 if outside else 1)
    assert Note.all_by() == ["kept", "after", "last"]
    assert committed == ["kept", "after"]
    assert len(errors()) == 1


def test_the_first_sql_in_a_nested_emission(matter: type[Event], statements: Any) -> None:
    """The savepoints of all receivers around it are opened, outermost first."""

    class Inner(Event):
        pass

    on(Inner)(Note.objects.count)
    on(matter)(lambda: emit(Inner, sender=None) and None)
    with transaction.atomic(), statements() as sent:
        emit(matter, sender=None)
    assert sent.verbs == ["SAVEPOINT", "SAVEPOINT", "SELECT", "RELEASE", "RELEASE"]


@PLACES
def test_select_for_update(matter: type[Event], outside: bool) -> None:
    """Inside a receiver there is a transaction, so that rows can be locked."""
    rows = []
    on(matter)(lambda: rows.append(list(Note.objects.select_for_update())))
    with place(outside):
        emit(matter, sender=None, robust=False)
    assert rows == [[]]


@PLACES
def test_iterators(matter: type[Event], outside: bool, errors: Any) -> None:
    """Rows can be streamed, as the first SQL of a receiver too."""
    Note.write("a")
    got = []
    on(matter)(lambda: got.extend(note.by for note in Note.objects.iterator(chunk_size=1)))
    on(matter)(lambda: Note.write("b"))
    with place(outside):
        emit(matter, sender=None, robust=False)
    assert got == ["a"]
    assert Note.all_by() == ["a", "b"]


@PLACES
def test_own_wrappers(matter: type[Event], outside: bool) -> None:
    """A receiver's own `execute_wrapper` sees its statements, and stays in order with ours."""
    seen: list[str] = []

    def watch(execute: Any, sql: str, *arguments: Any) -> Any:
        seen.append(sql.split(maxsplit=1)[0])
        return execute(sql, *arguments)

    @on(matter)
    def receiver() -> None:
        with connection.execute_wrapper(watch):
            Note.write("a")
            Note.objects.count()

    with place(outside):
        emit(matter, sender=None, robust=False)
    assert {"INSERT", "SELECT"} <= set(seen)
