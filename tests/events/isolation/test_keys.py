"""Foreign keys that are open before or after a receiver (contract section 4)."""

from contextlib import suppress
from typing import Any

import pytest
from django.db import DatabaseError, connection, transaction

from tests.events.tables import Child, Note, Parent
from workflow_events.events import Event, emit, on

pytestmark = pytest.mark.usefixtures("tables")


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
