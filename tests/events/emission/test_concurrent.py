"""``@on(…, concurrent=True)``: receivers that run at the same time, without the database."""

import asyncio
import contextlib
import contextvars
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from asgiref.sync import sync_to_async
from django.db import connection, connections, transaction
from django.dispatch import Signal

from tests.events.emission.test_aemit import LIMIT, run
from tests.events.tables import Child, Note
from workflow_events.events import Event, ReceiverError, aemit, emit, filter_events, on
from workflow_events.events.emission.frames import beside, end_all
from workflow_events.events.errors import (
    ConcurrentAssignment,
    ConcurrentSQL,
    PassesReceivers,
    RegistrationError,
)


class Meeting:
    """Where a number of receivers wait for each other, so that they must run at the same time."""

    def __init__(self, parties: int) -> None:
        self.barrier = asyncio.Barrier(parties)

    async def wait(self) -> None:
        async with asyncio.timeout(LIMIT):
            await self.barrier.wait()


async def noop() -> None: ...


def test_overlap(matter: type[Event], errors: Any) -> None:
    """Neighbours of the same order overlap; other orders and receivers keep their place."""
    got: list[str] = []
    first, second = Meeting(3), Meeting(2)

    def meets(name: str, meeting: Meeting) -> Callable[..., Awaitable[None]]:
        async def receiver() -> None:
            got.append(f"{name} begins")
            await meeting.wait()
            got.append(f"{name} ends")

        return receiver

    @on(matter, order=1)
    def between() -> None:
        got.append("between")

    on(matter, concurrent=True)(meets("a", first))
    on(matter, concurrent=True, atomic=False)(meets("b", first))
    on(matter, concurrent=True, raise_exception=True)(meets("c", first))
    on(matter, concurrent=True, order=2)(meets("d", second))
    on(matter, concurrent=True, order=2)(meets("e", second))
    on(matter, concurrent=True, order=3)(meets("f", Meeting(1)))

    emit(matter, sender=None)
    assert got[:3] == ["a begins", "b begins", "c begins"]
    assert sorted(got[3:6]) == ["a ends", "b ends", "c ends"]
    assert got[6:9] == ["between", "d begins", "e begins"]
    assert sorted(got[9:11]) == ["d ends", "e ends"]
    assert got[11:] == ["f begins", "f ends"]
    assert errors() == []


def test_neighbours_only(matter: type[Event]) -> None:
    """One that is not concurrent has its place between those of the same order, too."""
    got = []

    @on(matter, concurrent=True)
    async def first() -> None:
        got.append("first")

    @on(matter)
    def second() -> None:
        got.append("second")

    @on(matter, concurrent=True)
    async def third() -> None:
        got.append("third")

    emit(matter, sender=None, robust=False)
    assert got == ["first", "second", "third"]


@pytest.mark.usefixtures("tables")
def test_on_the_loop_of_aemit(matter: type[Event]) -> None:
    got = []
    meeting = Meeting(2)

    for _ in range(2):

        @on(matter, concurrent=True)
        async def receiver() -> None:
            await meeting.wait()
            got.append(asyncio.get_running_loop())

    async def main() -> None:
        await aemit(matter, sender=None)
        assert got == [asyncio.get_running_loop()] * 2

    run(main)


def test_each_fails_on_its_own(matter: type[Event], errors: Any) -> None:
    got = []
    meeting = Meeting(3)

    @on(matter, concurrent=True)
    async def fails() -> None:
        await meeting.wait()
        raise ValueError("logged")

    @on(matter, concurrent=True, raise_exception=True)
    async def refuses() -> None:
        await meeting.wait()
        raise KeyError("raised")

    @on(matter, concurrent=True)
    async def runs() -> None:
        await meeting.wait()
        await asyncio.sleep(0)
        got.append("runs")

    @on(matter)
    def after() -> None:
        got.append("after")

    with pytest.raises(ReceiverError) as caught:
        emit(matter, sender=None)
    assert [name.rpartition(".")[2] for name in caught.value.receivers] == ["refuses"]
    assert got == ["runs", "after"]
    assert [r.receiver.rpartition(".")[2] for r in errors()] == ["fails", "refuses"]


@pytest.mark.parametrize(
    "error",
    [ValueError("no"), KeyboardInterrupt(), asyncio.CancelledError(), PassesReceivers("enough")],
    ids=lambda error: type(error).__name__,
)
def test_what_ends_all(matter: type[Event], errors: Any, error: BaseException) -> None:
    """What passes receivers, and with `robust=False` all, cancels the others and waits for them."""
    got = []
    meeting = Meeting(3)

    @on(matter, concurrent=True)
    async def waits() -> None:
        try:
            await meeting.wait()
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            got.append("cancelled")
            await asyncio.sleep(0)
            got.append("cleaned up")
            raise

    @on(matter, concurrent=True)
    async def ends() -> None:
        await meeting.wait()
        raise error

    @on(matter, concurrent=True)
    async def failed_already() -> None:
        try:
            await meeting.wait()
            await asyncio.Event().wait()
        finally:
            raise KeyError("while it cleaned up")

    @on(matter)
    def never() -> None:
        got.append("never")

    with pytest.raises(type(error)) as caught:
        emit(matter, sender=None, robust=not isinstance(error, ValueError))
    assert caught.value is error
    assert caught.value.__notes__ == [
        "Another receiver had failed beside it: KeyError('while it cleaned up')"
    ]
    assert got == ["cancelled", "cleaned up"]
    assert errors() == []


@pytest.mark.skipif(not hasattr(asyncio, "eager_task_factory"), reason="since Python 3.12")
@pytest.mark.usefixtures("tables")
def test_eager_tasks(matter: type[Event], errors: Any) -> None:
    """A loop may begin tasks at once; what ends all then keeps the next from being begun."""
    got = []

    @on(matter, concurrent=True)
    async def begins() -> None:
        got.append("begins")
        await asyncio.Event().wait()

    @on(matter, concurrent=True)
    async def ends() -> None:
        raise ValueError("no")

    @on(matter, concurrent=True)
    async def never() -> None:
        got.append("never")

    async def main() -> None:
        loop: Any = asyncio.get_running_loop()
        loop.set_task_factory(asyncio.eager_task_factory)  # type: ignore[attr-defined]
        with pytest.raises(ValueError, match="no"):
            await aemit(matter, sender=None, robust=False)

    run(main)
    assert got == ["begins"]


def test_cancelled_around(matter: type[Event]) -> None:
    """asgiref cancels what it waits for in a thread; the receivers end with it."""
    got = []

    async def main() -> None:
        meeting = Meeting(3)

        for _ in range(2):

            @on(matter, concurrent=True)
            async def waits() -> None:
                await meeting.wait()
                try:
                    await asyncio.Event().wait()
                finally:
                    got.append("ended")

        task = asyncio.create_task(sync_to_async(emit)(matter, sender=None))
        await meeting.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    run(main)
    assert got == ["ended"] * 2


async def create() -> None:
    await Note.objects.acreate(by="concurrent")


async def count() -> None:
    await Note.objects.acount()


async def enter_block() -> None:
    def block() -> None:
        with transaction.atomic():
            raise AssertionError("entered")

    await sync_to_async(block)()


async def enter_block_without_savepoint() -> None:
    def block() -> None:
        with transaction.atomic(savepoint=False):
            Note.write("concurrent")

    await sync_to_async(block)()


async def wait_for_commit() -> None:
    await sync_to_async(transaction.on_commit)(lambda: Note.write("concurrent"))


async def emit_heard() -> None:
    await aemit(Heard.event, sender=None)


async def emit_heard_in_thread() -> None:
    await sync_to_async(emit)(Heard.event, sender=None)


async def emit_heard_in_loop() -> None:
    emit(Heard.event, sender=None)


async def emit_after_commit() -> None:
    await aemit(Heard.after_commit, sender=None)


async def emit_to_background() -> None:
    await aemit(Heard.background, sender=None)


async def swallow() -> None:
    try:
        await create()
    except ConcurrentSQL:
        raise ConcurrentSQL("swallowed, and nothing is broken") from None


class Heard:
    """Events of which each has a receiver."""

    event: type[Event]
    after_commit: type[Event]
    background: type[Event]

    @classmethod
    def declare(cls) -> None:
        class Heard(Event): ...

        class HeardAfterCommit(Event): ...

        class HeardInBackground(Event): ...

        cls.event, cls.after_commit, cls.background = Heard, HeardAfterCommit, HeardInBackground

        @on(Heard)
        def hears() -> None:
            raise AssertionError("heard")

        @on(HeardAfterCommit, delivery="commit")
        def hears_after_commit() -> None:
            raise AssertionError("heard")

        @on(HeardInBackground, background=True)
        def hears_in_background() -> None:
            raise AssertionError("heard")


USES = [
    create,
    count,
    enter_block,
    enter_block_without_savepoint,
    wait_for_commit,
    emit_heard,
    emit_heard_in_thread,
    emit_heard_in_loop,
    emit_after_commit,
    emit_to_background,
    swallow,
]
CASES = {
    f"{use.__name__}, {'inside' if inside else 'outside'} a transaction": (use, inside)
    for use in USES
    for inside in (True, False)
}


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
@pytest.mark.usefixtures("tables")
def test_no_database(
    matter: type[Event],
    notebook: Any,
    errors: Any,
    case: tuple[Callable[[], Awaitable[None]], bool],
) -> None:
    """SQL is a clear error that points to the background, and nothing has been executed."""
    use, inside = case
    Heard.declare()
    meeting = Meeting(2)

    @on(matter, concurrent=True)
    async def uses_database() -> None:
        await meeting.wait()
        await use()

    @on(matter, concurrent=True)
    async def does_not() -> None:
        await meeting.wait()

    sent = []

    def note(execute: Any, sql: str, *arguments: Any) -> Any:
        sent.append(sql)
        return execute(sql, *arguments)

    @on(matter, order=1)
    def writes() -> None:
        assert sent == []
        Note.write("after")

    block = transaction.atomic() if inside else contextlib.nullcontext()
    with block, connection.execute_wrapper(note):
        emit(matter, sender=None)
    assert Note.all_by() == ["after"]
    assert notebook.stored == []
    [record] = errors()
    error = record.exc_info[1]
    assert isinstance(error, ConcurrentSQL)
    if use is not swallow:
        assert "uses_database is registered with concurrent=True" in str(error)
        assert "background=True" in str(error)


@pytest.mark.parametrize("inside", [True, False], ids=["inside", "outside"])
@pytest.mark.usefixtures("tables")
def test_connection_that_is_not_open_yet(matter: type[Event], errors: Any, inside: bool) -> None:
    """Opening it forgets what Django was to do after COMMIT: nothing of that is lost."""
    got = []

    @on(matter)
    def registers() -> None:
        transaction.on_commit(lambda: got.append("committed"))

    @on(matter, concurrent=True)
    async def uses_database() -> None:
        await create()

    @on(matter, concurrent=True)
    async def registers_too() -> None:
        await wait_for_commit()

    @on(matter, order=1)
    def writes() -> None:
        Note.write("after")

    connection.close()
    if inside:
        with transaction.atomic():
            emit(matter, sender=None)
    else:
        emit(matter, sender=None)
    assert Note.all_by() == ["after"]
    assert got == ["committed"]
    assert [type(r.exc_info[1]) for r in errors()] == [ConcurrentSQL] * 2


@pytest.mark.usefixtures("tables")
def test_context_of_its_own(matter: type[Event], errors: Any) -> None:
    """A task in another context does not tell whose it is, and is refused all the same."""

    @on(matter, concurrent=True)
    async def begins_task() -> None:
        await asyncio.create_task(create(), context=contextvars.Context())

    emit(matter, sender=None)
    assert Note.all_by() == []
    [record] = errors()
    assert isinstance(record.exc_info[1], ConcurrentSQL)
    assert "context of its own" in str(record.exc_info[1])


@pytest.mark.usefixtures("tables")
def test_thread_of_its_own(matter: type[Event], errors: Any) -> None:
    """Another thread has another connection, which is nobody else's."""
    got = []

    @on(matter, concurrent=True)
    async def counts() -> None:
        def count() -> int:
            try:
                return Note.objects.count()
            finally:
                connections.close_all()

        got.append(await sync_to_async(count, thread_sensitive=False)())

    emit(matter, sender=None)
    assert got == [0]
    assert errors() == []


def test_events_that_nobody_hears(matter: type[Event], errors: Any) -> None:
    class Unheard(Event): ...

    causes = []

    @on(matter, concurrent=True)
    async def emits() -> None:
        emit(Unheard, sender=None)
        inner = await aemit(Unheard, sender=None)
        causes.append(inner.envelope.cause)

    event = emit(matter, sender=None)
    assert causes == [event.envelope.id]
    assert errors() == []


def test_assignments_are_refused(child_seen: type[Event], errors: Any) -> None:
    @on(child_seen, concurrent=True)
    async def assigns(event: Any) -> None:
        event.label = "assigned"

    event: Any = emit(child_seen, sender=None, child=None)
    assert event.label == "label"
    [record] = errors()
    assert isinstance(record.exc_info[1], ConcurrentAssignment)
    assert "assigns child_seen.label" in str(record.exc_info[1])


@pytest.mark.usefixtures("tables")
def test_changes_in_place_are_undone(
    child_seen: type[Event], child: Child, statements: Any
) -> None:
    """Whether it fails or not; later receivers find all as it was."""
    got = []

    @on(child_seen, concurrent=True)
    async def changes(child: Child, data: dict[str, Any]) -> None:
        child.name = "changed"
        data["deep"].append(1)

    @on(child_seen, concurrent=True)
    async def fails(child: Child, data: dict[str, Any]) -> None:
        child.data["more"] = 1
        data["other"] = 1
        raise ValueError

    @on(child_seen, order=1)
    def later(child: Child, data: dict[str, Any]) -> None:
        got.append((child.name, child.data, data))

    data: dict[str, Any] = {"deep": []}
    deep = data["deep"]
    with statements() as sent:
        emit(child_seen, sender=None, child=child, data=data)
    assert got == [("child", {"deep": [1]}, {"deep": []})]
    assert data["deep"] is deep
    assert sent.verbs == []


def test_filters_are_asked_before(matter: type[Event], errors: Any) -> None:
    """In order, before any of them runs; one that fails is the failure of its receiver."""
    got = []

    def asks(name: str, answer: bool) -> Callable[..., bool]:
        def asking() -> bool:
            got.append(f"ask {name}")
            assert beside.get() is None
            return answer

        return asking

    def fails() -> bool:
        raise ValueError("no")

    @on(matter, concurrent=True)
    async def unfiltered() -> None:
        got.append("unfiltered")

    @on(matter, concurrent=True)
    @filter_events(asks("a", True))
    async def chosen() -> None:
        got.append("chosen")

    @on(matter, concurrent=True)
    @filter_events(asks("b", False))
    async def filtered() -> None:
        got.append("filtered")

    @on(matter, concurrent=True)
    @filter_events(fails)
    async def failing() -> None:
        got.append("failing")

    emit(matter, sender=None)
    assert got == ["ask a", "ask b", "unfiltered", "chosen"]
    [record] = errors()
    assert record.receiver.endswith("failing")


@pytest.mark.usefixtures("tables")
def test_filters_may_use_the_database(matter: type[Event], errors: Any) -> None:
    """They run in the ordinary, isolated way."""
    got = []

    def writes() -> bool:
        Note.write("filter")
        return True

    def fails() -> bool:
        Note.write("failing filter")
        raise ValueError

    @on(matter, concurrent=True, atomic=False)
    @filter_events(writes)
    @filter_events(lambda: Note.objects.count() == 1)
    async def receiver() -> None:
        got.append("receiver")

    @on(matter, concurrent=True, atomic=False)
    @filter_events(fails)
    async def failing() -> None:
        got.append("failing")

    with transaction.atomic():
        emit(matter, sender=None)
    assert got == ["receiver"]
    assert Note.all_by() == ["filter"]
    assert len(errors()) == 1


def test_nobody_chosen(matter: type[Event]) -> None:
    """Then no loop is made."""

    @on(matter, concurrent=True)
    @filter_events(lambda: False)
    async def receiver() -> None:
        raise AssertionError

    emit(matter, sender=None, robust=False)


def test_context_does_not_leak(matter: type[Event]) -> None:
    variable = contextvars.ContextVar("variable", default="nothing")
    got = []

    @on(matter, concurrent=True)
    async def sets() -> None:
        got.append(variable.get())
        variable.set("set")

    @on(matter, concurrent=True)
    async def reads() -> None:
        await asyncio.sleep(0)
        got.append(variable.get())

    variable.set("outside")
    emit(matter, sender=None, robust=False)
    assert got == ["outside", "outside"]
    assert (variable.get(), beside.get()) == ("outside", None)


@pytest.mark.usefixtures("tables")
def test_after_commit(matter: type[Event], errors: Any) -> None:
    """Receivers after COMMIT run at the same time likewise, and without the database likewise."""
    got = []
    meeting = Meeting(3)

    for name in ("a", "b"):

        @on(matter, delivery="commit", concurrent=True)
        async def receiver(name: str = name) -> None:
            await meeting.wait()
            got.append(name)

    @on(matter, delivery="commit", concurrent=True)
    async def uses_database() -> None:
        await meeting.wait()
        await create()

    with transaction.atomic():
        emit(matter, sender=None)
        assert got == []
    assert sorted(got) == ["a", "b"]
    assert Note.all_by() == []
    [record] = errors()
    assert isinstance(record.exc_info[1], ConcurrentSQL)


def test_signals(errors: Any) -> None:
    """Of a signal it is only known when it is sent what it carries."""
    signal = Signal()
    got = []

    @on(signal, concurrent=True)
    async def receiver(number: int) -> None:
        got.append(number)

    @on(signal, concurrent=True)
    async def asks_for_more(number: int, absent: int) -> None: ...

    signal.send(None, number=1)
    assert got == [1]
    [record] = errors()
    assert "absent" in str(record.exc_info[1])


def test_end_of_everything_that_is_swallowed(matter: type[Event]) -> None:
    """What ends all emissions, such as the time limit of a request, ends them all the same."""
    got = []

    @on(matter, concurrent=True)
    async def swallows() -> None:
        end_all(PassesReceivers("enough"))

    @on(matter)
    def never() -> None:
        got.append("never")

    with pytest.raises(PassesReceivers, match="enough"):
        emit(matter, sender=None)
    assert got == []


REFUSED: dict[str, tuple[dict[str, Any], str]] = {
    "background": ({"background": True}, "contradicts background=True"),
    "delivery": ({"delivery": "background"}, "contradicts background=True"),
}


@pytest.mark.parametrize(("options", "message"), REFUSED.values(), ids=REFUSED)
def test_refused_registrations(matter: type[Event], options: Any, message: str) -> None:
    with pytest.raises(RegistrationError, match=message):
        on(matter, concurrent=True, **options)(noop)


def test_sync_receivers_are_refused(matter: type[Event]) -> None:
    with pytest.raises(RegistrationError, match="synchronous: concurrent=True is for async def"):

        @on(matter, concurrent=True)
        def synchronous() -> None: ...

    emit(matter, sender=None)
