"""Transactions, savepoints and on_commit callbacks of receivers (contract section 4)."""

from collections.abc import Callable
from contextlib import nullcontext, suppress
from typing import Any

import pytest
from django.db import DatabaseError, connection, transaction

from tests.events.tables import Child, Note, Parent
from workflow_events.events import Event, ReceiverError, emit, filter_events, on
from workflow_events.events.errors import BrokenTransaction

pytestmark = pytest.mark.usefixtures("tables")

PLACES = pytest.mark.parametrize("outside", [False, True], ids=["inside", "outside"])


@pytest.fixture
def matter() -> type[Event]:
    class Matter(Event):
        pass

    return Matter


def fail() -> None:
    raise ValueError


def place(outside: bool) -> Any:
    return nullcontext() if outside else transaction.atomic()


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


@PLACES
def test_callbacks_run_in_order(matter: type[Event], outside: bool) -> None:
    """callbacks registered before the failure leave no trace, those of others run in order."""
    committed: list[str] = []

    def register(name: str, *, fail: bool = False) -> Callable[[], None]:
        def receiver() -> None:
            transaction.on_commit(lambda: committed.append(name))
            if fail:
                raise ValueError

        return receiver

    with place(outside):
        transaction.on_commit(lambda: committed.append("emitter"))
        for name in "abcd":
            on(matter)(register(name, fail=name in "bd"))
        emit(matter, sender=None)
        transaction.on_commit(lambda: committed.append("end"))
    assert committed == ["emitter", "a", "c", "end"]


@PLACES
@pytest.mark.parametrize("deep", [False, True])
@pytest.mark.parametrize("registers", [False, True])
def test_callbacks_survive_an_inner_rollback(
    matter: type[Event], outside: bool, deep: bool, registers: bool
) -> None:
    """An inner block that is rolled back drops its own callbacks only."""
    committed: list[str] = []

    @on(matter)
    def rolls_an_inner_block_back() -> None:
        if registers:
            transaction.on_commit(lambda: committed.append("a"))
        try:
            with transaction.atomic():
                transaction.on_commit(lambda: committed.append("inner"))
                Note.write("inner")
                fail()
        except ValueError:
            pass

    @on(matter)
    def only_registers() -> None:
        transaction.on_commit(lambda: committed.append("b"))

    @on(matter)
    def fails() -> None:
        transaction.on_commit(lambda: committed.append("c"))
        raise ValueError

    class Outer(Event):
        pass

    on(Outer)(lambda: emit(matter, sender=None) and None)
    on(Outer)(fails)
    with place(outside):
        emit(Outer if deep else matter, sender=None)
    assert committed == (["a", "b"] if registers else ["b"])
    assert Note.all_by() == []


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


def test_a_key_of_the_emitter(matter: type[Event], errors: Any) -> None:
    """A key that was already open before the first receiver is the emitter's error."""
    from django.db import IntegrityError

    ran = []

    @on(matter)
    def reads() -> None:
        ran.append(Note.objects.count())

    @on(matter)
    def writes() -> None:
        ran.append("writes")
        Child.objects.update(name="new")

    on(matter)(lambda: ran.append("later"))
    with pytest.raises(IntegrityError), transaction.atomic():  # noqa: PT012 (one transaction)
        Child.objects.create(parent_id="nobody")
        emit(matter, sender=None)
    assert ran == [0, "writes"]
    assert errors() == []


def test_a_key_of_the_emitter_that_a_receiver_swallows(matter: type[Event]) -> None:
    """is the emitter's error: a receiver cannot hide it."""
    from django.db import IntegrityError

    @on(matter)
    def writes() -> None:
        with suppress(IntegrityError):
            Child.objects.update(name="new")

    with pytest.raises(IntegrityError), transaction.atomic():  # noqa: PT012 (one transaction)
        Child.objects.create(parent_id="nobody")
        emit(matter, sender=None)


def test_a_key_of_the_emitter_without_receivers_that_write(matter: type[Event]) -> None:
    """An emitter may close its key after the emission, when no receiver writes."""
    on(matter)(Note.objects.count)
    with transaction.atomic():
        Child.objects.create(parent_id="p")
        emit(matter, sender=None)
        Parent.objects.create(slug="p")
    assert Child.objects.count() == 1


def test_a_key_that_a_receiver_opens_and_closes(matter: type[Event], errors: Any) -> None:
    """A key is open only if it is open when the receiver ends."""

    @on(matter)
    def receiver() -> None:
        Child.objects.create(parent_id="p")
        Parent.objects.create(slug="p")

    with transaction.atomic():
        emit(matter, sender=None)
    assert errors() == []
    assert Child.objects.count() == 1


def test_a_key_that_a_second_receiver_would_close(matter: type[Event], errors: Any) -> None:
    """a foreign key left dangling leaves no trace, even if a later receiver would mend it."""
    on(matter)(lambda: Child.objects.create(parent_id="p"))
    on(matter)(lambda: Parent.objects.create(slug="p"))
    with transaction.atomic():
        emit(matter, sender=None)
    assert len(errors()) == 1
    assert (Child.objects.count(), Parent.objects.count()) == (0, 1)


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


def test_the_first_sql_in_a_nested_emission(matter: type[Event], statements: Any) -> None:
    """The savepoints of all receivers around it are opened, outermost first."""

    class Inner(Event):
        pass

    on(Inner)(Note.objects.count)
    on(matter)(lambda: emit(Inner, sender=None) and None)
    with transaction.atomic(), statements() as sent:
        emit(matter, sender=None)
    assert sent.verbs == ["SAVEPOINT", "SAVEPOINT", "SELECT", "RELEASE", "RELEASE"]


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


def test_a_callback_that_fails_after_commit(matter: type[Event], errors: Any) -> None:
    """Outside a transaction a callback that fails is its receiver's failure; others run."""

    def fail() -> None:
        raise ValueError

    on(matter)(lambda: (Note.write("a"), transaction.on_commit(fail)))
    on(matter)(lambda: transaction.on_commit(fail))
    on(matter)(lambda: Note.write("b"))
    emit(matter, sender=None)
    assert len(errors()) == 2
    assert Note.all_by() == ["a", "b"]


def test_a_callback_that_fails_after_the_emitters_commit(
    matter: type[Event], caplog: pytest.LogCaptureFixture
) -> None:
    """It is logged; the emitter, who has committed, and other callbacks are unharmed."""
    committed = []

    def fail() -> None:
        raise ValueError("too late")

    on(matter)(lambda: (Note.write("a"), transaction.on_commit(fail)))
    on(matter)(lambda: transaction.on_commit(lambda: committed.append("b")))
    with transaction.atomic():
        emit(matter, sender=None)
    assert committed == ["b"]
    assert Note.all_by() == ["a"]
    assert [record.levelname for record in caplog.records] == ["ERROR"]
    assert "too late" in caplog.text


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


def test_a_key_after_an_error_that_another_swallowed(matter: type[Event], errors: Any) -> None:
    """the log names the failure of the receiver, not that of one before it."""

    @on(matter, atomic=False)
    def swallows() -> None:
        try:
            with transaction.atomic(), connection.cursor() as cursor:
                cursor.execute("SELECT nothing FROM nowhere")
        except DatabaseError:
            pass

    on(matter)(lambda: Child.objects.create(parent_id="nobody"))
    with transaction.atomic():
        emit(matter, sender=None)
    assert [record.exc_info[0].__name__ for record in errors()] == ["IntegrityError"]


@pytest.mark.skipif(connection.vendor == "sqlite", reason="it has no functions in SQL")
def test_a_function_that_writes(matter: type[Event], errors: Any) -> None:
    """a foreign key left dangling, from inside a function that a SELECT calls."""
    parents = Parent._meta.db_table
    body = f"DELETE FROM {parents} WHERE slug = $1; SELECT 1"
    with connection.cursor() as cursor:
        cursor.execute(
            f"CREATE FUNCTION event_tests_zap(text) RETURNS int AS $$ {body} $$ LANGUAGE sql"
        )
    try:
        Parent.objects.create(slug="p")
        Child.objects.create(parent_id="p")

        @on(matter)
        def zaps() -> None:
            with connection.cursor() as cursor:
                cursor.execute(f"SELECT event_tests_zap(slug) FROM {parents}")

        with transaction.atomic():
            emit(matter, sender=None)
        assert len(errors()) == 1
        assert Parent.objects.count() == 1
    finally:
        with connection.cursor() as cursor:
            cursor.execute("DROP FUNCTION event_tests_zap")
