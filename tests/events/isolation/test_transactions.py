"""Transactions that receivers run in, break, or would like to end (contract section 4)."""

from typing import Any

import pytest
from django.db import DatabaseError, connection, transaction

from tests.events.places import PLACES, fail, place
from tests.events.tables import Note
from workflow_events.events import Event, ReceiverError, emit, on
from workflow_events.events.errors import BrokenTransaction

pytestmark = pytest.mark.usefixtures("tables")


@PLACES
def test_a_failure_before_any_sql_leaves_nothing(
    matter: type[Event], errors: Any, outside: bool
) -> None:
    """other receivers run: one that failed in a block without savepoint breaks no later one."""

    @on(matter)
    def fails() -> None:
        with transaction.atomic(savepoint=False):
            raise ValueError

    @on(matter)
    def recovers() -> None:
        try:
            with transaction.atomic():
                Note.write("inner")
                fail()
        except ValueError:
            pass
        Note.write("after")

    with place(outside):
        emit(matter, sender=None)
    assert Note.all_by() == ["after"]
    assert len(errors()) == 1


@PLACES
def test_swallowed_error_says_so(matter: type[Event], errors: Any, outside: bool) -> None:
    """a swallowed database error where it breaks the transaction is the receiver's failure."""

    @on(matter, raise_exception=True)
    def receiver() -> None:
        Note.write("a")
        try:
            with transaction.atomic(savepoint=False):
                Note.write("a")
        except DatabaseError:
            pass

    with pytest.raises(ReceiverError) as caught, place(outside):
        emit(matter, sender=None)
    assert [type(error) for error in caught.value.exceptions] == [BrokenTransaction]
    assert Note.all_by() == []


def test_emission_in_a_broken_transaction(matter: type[Event], errors: Any) -> None:
    """What the emitter broke stays broken; receivers cannot mend it."""
    on(matter)(lambda: Note.write("receiver"))
    with transaction.atomic():
        Note.write("emitter")
        transaction.set_rollback(True)
        emit(matter, sender=None)
        assert connection.needs_rollback
    assert len(errors()) == 1
    assert Note.all_by() == []


class Stop(BaseException):
    """Not an Exception."""


@PLACES
@pytest.mark.parametrize("error", [KeyboardInterrupt, SystemExit, GeneratorExit, Stop])
@pytest.mark.parametrize("nested", [False, True])
@pytest.mark.parametrize("writes", [False, True])
@pytest.mark.parametrize("atomic", [False, True])
def test_base_exceptions_pass(  # noqa: PLR0917 (its parameters)
    matter: type[Event],
    outside: bool,
    error: type[BaseException],
    nested: bool,
    writes: bool,
    atomic: bool,
) -> None:
    """`BaseException`s pass through; the connection stays usable."""
    ran: list[str] = []
    committed: list[int] = []

    @on(matter, atomic=atomic)
    def receiver() -> None:
        if writes and (atomic or not outside or nested):
            Note.write("receiver")
        transaction.on_commit(lambda: committed.append(1)) if atomic or not outside else None
        raise error

    class Outer(Event):
        pass

    @on(Outer, atomic=atomic)
    def outer() -> None:
        emit(matter, sender=None)

    on(Outer)(lambda: ran.append("never"))
    on(matter)(lambda: ran.append("never"))
    with pytest.raises(error), place(outside):
        emit(Outer if nested else matter, sender=None)
    assert ran == committed == []
    if atomic or not outside:
        assert Note.all_by() == []
    with transaction.atomic():
        Note.write("usable")
    assert "usable" in Note.all_by()


@PLACES
def test_an_inner_failure_can_be_caught(matter: type[Event], errors: Any, outside: bool) -> None:
    """the receiver may catch the error and go on."""

    class Inner(Event):
        pass

    @on(Inner, raise_exception=True)
    def fails() -> None:
        Note.write("failing")
        raise ValueError("inner")

    on(Inner)(lambda: Note.write("inner"))

    @on(matter)
    def catches() -> None:
        Note.write("before")
        try:
            with transaction.atomic():
                Note.write("part")
                emit(Inner, sender=None)
        except ReceiverError:
            Note.write("caught")

    with place(outside):
        emit(matter, sender=None)
    assert Note.all_by() == ["before", "caught"]
    assert len(errors()) == 1


@pytest.mark.skipif(
    connection.vendor == "sqlite", reason="Django allows savepoints inside atomic() only there"
)
def test_manual_transactions(matter: type[Event], errors: Any) -> None:
    """A transaction that was begun by `set_autocommit(False)` is one."""
    on(matter)(lambda: Note.write("kept"))

    @on(matter)
    def fails() -> None:
        Note.write("failing")
        raise ValueError

    transaction.set_autocommit(False)
    try:
        Note.write("emitter")
        emit(matter, sender=None)
        assert not transaction.get_autocommit()
        assert Note.all_by() == ["emitter", "kept"]
        transaction.rollback()
    finally:
        transaction.set_autocommit(True)
    assert Note.all_by() == []
    assert len(errors()) == 1


@PLACES
def test_durable_blocks(matter: type[Event], errors: Any, outside: bool) -> None:
    """each receiver runs in a transaction, so that a durable block inside is refused."""

    @on(matter)
    def receiver() -> None:
        Note.write("before")
        with transaction.atomic(durable=True):
            Note.write("durable")

    with place(outside):
        emit(matter, sender=None)
    assert [type(record.exc_info[1]) for record in errors()] == [RuntimeError]
    assert Note.all_by() == []


@PLACES
@pytest.mark.parametrize("sql", ["COMMIT", "ROLLBACK", "END", "BEGIN"])
def test_raw_control_of_the_transaction(
    matter: type[Event], outside: bool, sql: str, errors: Any
) -> None:
    """ "Unharmed" is meant literally: what would end the emitter's transaction is refused."""

    @on(matter)
    def receiver() -> None:
        Note.write("receiver")
        with connection.cursor() as cursor:
            cursor.execute(sql)

    on(matter)(lambda: Note.write("after"))
    with place(outside):
        Note.write("emitter")
        emit(matter, sender=None)
    assert Note.all_by() == ["emitter", "after"]
    assert f"cannot execute {sql}" in errors()[0].getMessage()


def test_own_transaction_of_a_receiver_without_savepoint(matter: type[Event]) -> None:
    """`atomic=False` outside a transaction: a receiver begins and ends its own."""

    @on(matter, atomic=False)
    def receiver() -> None:
        with transaction.atomic(durable=True):
            Note.write("first")
        with transaction.atomic():
            Note.write("second")

    emit(matter, sender=None, robust=False)
    assert Note.all_by() == ["first", "second"]
