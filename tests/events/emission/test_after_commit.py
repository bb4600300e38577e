"""Receivers with ``delivery="commit"``: after COMMIT, only if there is one, failures logged."""

from typing import Any

import pytest
from django.db import connection, transaction

from tests.events.places import PLACES, Failed, fail, place
from tests.events.tables import Child, Note, Parent
from workflow_events.events import Event, emit, filter_events, on
from workflow_events.events.emission.dispatch import is_heard

pytestmark = pytest.mark.usefixtures("tables")


@pytest.fixture
def steps() -> list[str]:
    return []


def test_it_runs_after_commit(matter: type[Event], steps: list[str]) -> None:
    @on(matter, delivery="commit")
    def later() -> None:
        steps.append(f"later, in a transaction: {connection.in_atomic_block}")
        Note.write("later")

    on(matter)(lambda: steps.append("inside"))
    with transaction.atomic():
        with transaction.atomic():
            emit(matter, sender=None)
        steps.append("emitted")
        assert Note.all_by() == []
    assert steps == ["inside", "emitted", "later, in a transaction: True"]
    assert Note.all_by() == ["later"]


def test_without_a_transaction_it_runs_at_once(matter: type[Event], steps: list[str]) -> None:
    on(matter, delivery="commit")(lambda: steps.append("later"))
    on(matter)(lambda: steps.append("inside"))
    emit(matter, sender=None)
    assert steps == ["inside", "later"]


@PLACES
def test_a_rollback_drops_it(matter: type[Event], steps: list[str], outside: bool) -> None:
    on(matter, delivery="commit")(lambda: steps.append("later"))

    def emit_in_vain() -> None:
        with transaction.atomic():
            emit(matter, sender=None)
            fail()

    with place(outside), pytest.raises(Failed):
        emit_in_vain()
    assert steps == []


def test_the_failure_of_the_receiver_that_emitted_drops_it(
    matter: type[Event], steps: list[str], errors: Any
) -> None:
    class Other(Event):
        pass

    on(Other, delivery="commit")(lambda: steps.append("later"))

    @on(matter)
    def fails() -> None:
        emit(Other, sender=None)
        fail()

    @on(matter)
    def succeeds() -> None:
        emit(Other, sender=None)

    with transaction.atomic():
        emit(matter, sender=None)
    assert steps == ["later"]
    assert len(errors()) == 1


def test_a_veto_drops_it(matter: type[Event], steps: list[str]) -> None:
    on(matter, delivery="commit")(lambda: steps.append("later"))
    on(matter, raise_exception=True)(fail)
    with pytest.raises(ExceptionGroup), transaction.atomic():
        emit(matter, sender=None)
    assert steps == []


def test_a_failure_is_logged_and_undone_and_the_next_one_runs(
    matter: type[Event], errors: Any
) -> None:
    @on(matter, delivery="commit")
    def fails() -> None:
        Note.write("fails")
        fail()

    on(matter, delivery="commit")(lambda: Note.write("next"))
    with transaction.atomic():
        emit(matter, sender=None)
    assert Note.all_by() == ["next"]
    [record] = errors()
    assert record.receiver.endswith("fails")


def test_an_error_that_passes_all_receivers_is_logged_too(
    matter: type[Event], caplog: pytest.LogCaptureFixture
) -> None:
    from workflow_events.events.errors import PassesReceivers

    @on(matter, delivery="commit")
    def ends() -> None:
        raise PassesReceivers("too late")

    with transaction.atomic():
        emit(matter, sender=None)
    [record] = caplog.records
    assert "the receivers of" in record.getMessage()


def test_it_sees_what_was_committed() -> None:
    class Seen(Event):
        child: Child

    sizes = []
    on(Seen, delivery="commit")(lambda child: sizes.append((child.size, child.parent.name)))
    parent = Parent.objects.create(slug="p")
    child = Child.objects.create(parent=parent)
    with transaction.atomic():
        emit(Seen, sender=None, child=child)
        Child.objects.update(size=7)
        Parent.objects.update(name="new")
    assert sizes == [(7, "new")]


def test_filters_are_asked_after_commit(matter: type[Event], steps: list[str]) -> None:
    @on(matter, delivery="commit")
    @filter_events(lambda: steps.append(f"asked {connection.in_atomic_block}") is not None)
    def later() -> None:
        steps.append("later")

    with transaction.atomic():
        emit(matter, sender=None)
        assert steps == []
    assert steps == ["asked True"]


def test_in_order_of_emission_then_of_receivers(matter: type[Event], steps: list[str]) -> None:
    class Other(Event):
        pass

    on(matter, delivery="commit", order=1)(lambda: steps.append("second"))
    on(matter, delivery="commit")(lambda: steps.append("first"))
    on(Other, delivery="commit")(lambda: steps.append("other"))
    with transaction.atomic():
        emit(matter, sender=None)
        emit(Other, sender=None)
    assert steps == ["first", "second", "other"]


def test_what_it_emits_has_it_as_cause(matter: type[Event]) -> None:
    class Other(Event):
        pass

    causes = []
    on(matter, delivery="commit")(lambda: emit(Other, sender=None))
    on(Other, delivery="commit")(lambda event: causes.append(event.envelope.cause))
    with transaction.atomic():
        event = emit(matter, sender=None)
    assert causes == [event.envelope.id]


def test_it_does_not_count_as_listener(matter: type[Event]) -> None:
    on(matter, delivery="commit")(lambda: None)
    assert not is_heard(matter, None)
    on(matter)(lambda: None)
    assert is_heard(matter, None)


def test_without_sql_it_costs_no_statement(matter: type[Event], statements: Any) -> None:
    on(matter, delivery="commit")(lambda: None)
    with transaction.atomic(), statements() as sent:
        emit(matter, sender=None)
    assert sent.verbs == []
