"""``on_commit`` callbacks of receivers (contract section 4)."""

from collections.abc import Callable
from typing import Any

import pytest
from django.db import transaction

from tests.events.places import PLACES, fail, place
from tests.events.tables import Note
from workflow_events.events import Event, emit, on

pytestmark = pytest.mark.usefixtures("tables")


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
