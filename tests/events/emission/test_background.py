"""Receivers in the background: what is refused, what is recorded, and when it is stored."""

import asyncio
from typing import Any

import pytest
from django.apps import apps
from django.db import connection, transaction
from django.db.models.signals import post_save

from tests.events.notebook import Notebook
from tests.events.places import PLACES, Failed, fail, place
from tests.events.tables import Note
from workflow_events.events import Event, emit, filter_events, on
from workflow_events.events.emission.dispatch import is_heard
from workflow_events.events.emission.recording import stored_together
from workflow_events.events.registration.registry import registry

pytestmark = pytest.mark.usefixtures("tables", "notebook")


class Said(Event):
    text: str


def operate_in_vain(text: str) -> None:
    with transaction.atomic(), stored_together():
        emit(Said, sender=None, text=text)
        fail()


def test_it_is_not_called_but_recorded(notebook: Notebook) -> None:
    on(Said, background=True, name="a")(fail)
    with transaction.atomic():
        emit(Said, sender=None, text="x")
    assert notebook.stored == [["said {'text': 'x'} to a"]]


def test_what_receivers_made_of_the_payload_is_recorded(notebook: Notebook) -> None:
    on(Said, background=True, name="a")(fail)

    @on(Said)
    def changes(event: Said) -> None:
        event.text = "changed"

    emit(Said, sender=None, text="x")
    assert notebook.stored == [["said {'text': 'changed'} to a"]]


def test_all_receivers_in_order_are_one_record(notebook: Notebook) -> None:
    on(Said, background=True, name="last", order=1)(fail)
    on(Said, delivery="background", name="first")(fail)
    emit(Said, sender=None, text="x")
    assert notebook.stored == [["said {'text': 'x'} to first, last"]]


@PLACES
def test_without_operation_each_emission_is_stored(notebook: Notebook, outside: bool) -> None:
    on(Said, background=True, name="a")(fail)
    with place(outside):
        emit(Said, sender=None, text="x")
        assert len(notebook.stored) == 1
        emit(Said, sender=None, text="y")
    assert [len(records) for records in notebook.stored] == [1, 1]
    assert Note.all_by() == ["store 0", "store 1"]


def test_outside_of_a_transaction_it_is_stored_before_receivers_after_commit_run(
    notebook: Notebook, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What cannot be stored is refused: nobody has heard of it."""
    heard: list[int] = []
    on(Said, delivery="commit")(lambda: heard.append(len(notebook.stored)))
    on(Said, background=True, name="a")(fail)
    emit(Said, sender=None, text="x")
    assert heard == [1]
    monkeypatch.setattr(notebook, "encode", lambda event, receivers: fail())
    with pytest.raises(Failed):
        emit(Said, sender=None, text="x")
    assert heard == [1]


def test_an_operation_is_stored_at_its_end_at_once(notebook: Notebook) -> None:
    on(Said, background=True, name="a")(fail)
    with transaction.atomic(), stored_together():
        emit(Said, sender=None, text="x")
        with transaction.atomic(), stored_together():
            emit(Said, sender=None, text="y")
        emit(Said, sender=None, text="z")
        assert notebook.stored == []
    assert [[text[15] for text in records] for records in notebook.stored] == [["x", "y", "z"]]


def test_what_was_undone_meanwhile_is_not_stored(notebook: Notebook, errors: Any) -> None:
    on(Said, background=True, name="a")(fail)

    class Other(Event):
        pass

    @on(Other)
    def fails() -> None:
        emit(Said, sender=None, text="b")
        fail()

    @on(Other)
    def succeeds() -> None:
        emit(Said, sender=None, text="c")

    with transaction.atomic(), stored_together():
        with pytest.raises(Failed):
            operate_in_vain("a")
        emit(Other, sender=None)
    assert [[text[15] for text in records] for records in notebook.stored] == [["c"]]
    assert len(errors()) == 1


def test_a_failed_operation_stores_nothing(notebook: Notebook) -> None:
    on(Said, background=True, name="a")(fail)
    with pytest.raises(Failed):
        operate_in_vain("x")
    assert notebook.stored == []
    emit(Said, sender=None, text="y")
    assert len(notebook.stored) == 1


def test_an_operation_that_is_to_be_rolled_back_stores_nothing(notebook: Notebook) -> None:
    on(Said, background=True, name="a")(fail)
    with transaction.atomic(), stored_together():
        emit(Said, sender=None, text="x")
        transaction.set_rollback(True)
    assert notebook.stored == []


def test_a_veto_stores_nothing(notebook: Notebook) -> None:
    on(Said, background=True, name="a")(fail)
    on(Said, raise_exception=True)(fail)
    with pytest.raises(ExceptionGroup):
        emit(Said, sender=None, text="x")
    assert notebook.stored == []


@PLACES
def test_an_operation_within_a_receiver_is_stored_with_it(
    notebook: Notebook, errors: Any, outside: bool
) -> None:
    on(Said, background=True, name="a")(fail)

    class Other(Event):
        failing: bool

    @on(Other)
    def operates(failing: bool) -> None:
        with transaction.atomic(), stored_together():
            emit(Said, sender=None, text="x")
        if failing:
            fail()

    with place(outside):
        emit(Other, sender=None, failing=True)
        assert Note.all_by() == []
        emit(Other, sender=None, failing=False)
    assert Note.all_by() == ["store 1"]
    assert len(errors()) == 1


def test_what_a_receiver_emits_is_stored_after_what_it_was_called_for(notebook: Notebook) -> None:
    class Other(Event):
        pass

    on([Other, Said], background=True, name="a")(fail)
    on(Other)(lambda: emit(Said, sender=None, text="x"))
    with transaction.atomic(), stored_together():
        emit(Other, sender=None)
        emit(Said, sender=None, text="y")
    assert notebook.stored == [
        ["other {} to a", "said {'text': 'x'} to a", "said {'text': 'y'} to a"],
    ]


def test_a_thread_that_an_async_receiver_begins_has_operations_of_its_own(
    notebook: Notebook,
) -> None:
    """Threads inherit the context of who begins them, but not the connection."""
    on(Said, background=True, name="a")(fail)

    def operate(text: str) -> None:
        try:
            with transaction.atomic(), stored_together():
                emit(Said, sender=None, text=text)
        finally:
            connection.close()

    class Asked(Event):
        pass

    @on(Asked)
    async def goes_elsewhere() -> None:
        await asyncio.to_thread(operate, "elsewhere")

    with stored_together():
        emit(Asked, sender=None)
        assert notebook.stored == [["said {'text': 'elsewhere'} to a"]]


def test_filters_are_asked_once_when_the_emission_ends(notebook: Notebook) -> None:
    asked = []

    @on(Said, background=True, name="a")
    @filter_events(lambda text: asked.append(text) is None and text == "changed")
    def receiver() -> None:
        fail()

    on(Said, background=True, name="b")(fail)

    @on(Said, order=5)
    def changes(event: Said) -> None:
        assert asked == []
        event.text = "changed"

    emit(Said, sender=None, text="x")
    assert asked == ["changed"]
    assert notebook.stored == [["said {'text': 'changed'} to a, b"]]


def test_nobody_whose_filter_holds_nothing_is_stored(notebook: Notebook) -> None:
    on(Said, background=True, name="a")(filter_events(lambda: False)(fail))
    emit(Said, sender=None, text="x")
    assert notebook.stored == []


def test_a_failing_filter_is_logged_and_undone(notebook: Notebook, errors: Any) -> None:
    def asks() -> bool:
        Note.write("asks")
        raise ValueError

    on(Said, background=True, name="a")(filter_events(asks)(lambda: None))
    on(Said, background=True, name="b")(fail)
    with transaction.atomic():
        emit(Said, sender=None, text="x")
    assert notebook.stored == [["said {'text': 'x'} to b"]]
    assert Note.all_by() == ["store 0"]
    assert len(errors()) == 1


def test_a_failing_filter_is_raised_where_the_first_exception_is(notebook: Notebook) -> None:
    on(Said, background=True, name="a")(filter_events(fail)(lambda: None))
    with pytest.raises(Failed):
        emit(Said, sender=None, text="x", robust=False)
    assert notebook.stored == []


def test_what_the_log_wants_is_stored_without_receivers(notebook: Notebook) -> None:
    notebook.wanted = {Said}
    registry.forget_plans()
    emit(Said, sender=None, text="x")
    assert notebook.stored == [["said {'text': 'x'} to nobody"]]
    assert not is_heard(Said, None)


def test_it_does_not_count_as_listener_of_an_event(notebook: Notebook) -> None:
    on(Said, background=True, name="a")(fail)
    assert not is_heard(Said, None)


def test_a_signal_must_be_sent_to_be_recorded(notebook: Notebook) -> None:
    [installed, *_] = apps.get_models()

    @on(post_save, sender=installed, background=True)
    def receiver(instance: Any) -> None:
        fail()

    assert is_heard(post_save, installed)
    post_save.send(installed, instance="x")
    [[stored]] = notebook.stored
    assert stored.startswith("django.db.models.signals.post_save {")
    assert stored.endswith(
        f" to {__name__}.test_a_signal_must_be_sent_to_be_recorded.<locals>.receiver"
    )


def test_rows_that_migrations_write_are_not_for_the_background(notebook: Notebook) -> None:
    """Their models are not the installed ones, and the tables of the ledger may be missing yet."""
    heard: list[str] = []
    on(post_save, background=True, name="a")(fail)
    on(post_save)(lambda instance: heard.append(instance.by))
    on(post_save, delivery="commit")(lambda instance: heard.append(f"{instance.by} after commit"))
    Note.write("x")  # of a registry of its own, as the models of migrations are
    assert heard == ["x", "x after commit"]
    assert notebook.stored == []
