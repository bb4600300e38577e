"""What records cost who does not listen to them: an emission, a save, an operation; in turns.

Fifty receivers of records, fifty observers and fifty patterns are registered, and none of them is
concerned by what is measured. Without them no signal is connected and no line of
`workflow_events.records` runs, as if it were not installed.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from functools import partial
from typing import Any

from django.db import connection, models, transaction
from django.db.models.signals import post_delete, post_save, pre_delete, pre_save

from benchmarks.completions import completing, ready_item
from benchmarks.dispatch import MessageSent, receiver_of
from benchmarks.report import Report
from benchmarks.timing import ratios_in_turns
from workflow_events.events import Event, emit, on
from workflow_events.events.registration.registry import registry
from workflow_events.records import (
    Observer,
    PostCreateRecord,
    PostUpdateRecord,
    RecordEvent,
    changed,
)
from workflow_events.records.heard import heard_of

EACH = 50
"""Receivers of records, observers, and patterns."""
EMISSIONS = 500
SAVES = 10
COMPLETIONS = 2
SIGNALS = (pre_save, post_save, pre_delete, post_delete)


class Bystander(Event):
    """What the patterns mean."""


class Note(models.Model):
    """What is saved."""

    title = models.CharField(max_length=50)
    size = models.IntegerField(default=0)

    class Meta:
        app_label = "benchmarks"

    def __str__(self) -> str:
        return self.title


class Elsewhere(models.Model):
    """What is listened to."""

    title = models.CharField(max_length=50)

    class Meta:
        app_label = "benchmarks"

    def __str__(self) -> str:
        return self.title


def run(report: Report) -> None:
    """Measure everything of this module."""
    _emissions(report)
    with connection.schema_editor() as editor:
        editor.create_model(Note)
    try:
        _saves(report)
    finally:
        with connection.schema_editor() as editor:
            editor.delete_model(Note)
    _operations(report)


@contextmanager
def bystanders() -> Iterator[None]:
    """While the body runs, many are registered who are not concerned."""
    with registry.scoped():
        registry.loaded = False  # as at a start: who hears what is worked out once
        for _ in range(EACH):
            on(PostUpdateRecord[Elsewhere])(changed("title")(receiver_of("record, diff")))
            on("bystand*")(receiver_of("event"))
            _observe()
        registry.start()
        assert post_save.has_listeners(Elsewhere)
        assert not post_save.has_listeners(Note)
        yield


@contextmanager
def nobody() -> Iterator[None]:
    """While the body runs, none of them is, and nothing of records is connected."""
    with bystanders():
        pass  # that is work too, after which a processor has forgotten what it knew
    assert heard_of == {}
    assert not any(signal.has_listeners(Elsewhere) for signal in SIGNALS)
    yield


def _observe() -> None:
    class Watcher(Observer):
        observes = Elsewhere

        def created(self, record: Elsewhere) -> None:
            pass

        def updated(self, record: Elsewhere, diff: dict[str, Any]) -> None:
            pass

        def deleted(self, record: Elsewhere) -> None:
            pass


def _emissions(report: Report) -> None:
    report.section(
        f"An emission, {3 * EACH} registered who are not concerned, of that without them"
    )
    for place, around in (("outside", nullcontext), ("inside", transaction.atomic)):
        with registry.scoped(), around():
            for count in (0, 1, 10):
                what = f"{place} a transaction, receivers: {count}"
                report.unchanged(what, _beside_bystanders(_emitting(count), EMISSIONS))
    with registry.scoped():
        emitting = _emitting(1, delivery="commit")
        report.unchanged(
            "outside a transaction, receivers after COMMIT: 1",
            _beside_bystanders(emitting, EMISSIONS),
        )


def _emitting(count: int, **options: Any) -> Callable[[], object]:
    sender = type("Sender", (), {})
    for _ in range(count):
        on(MessageSent, sender=sender, **options)(receiver_of("sender, message, user, context"))
    return lambda: emit(MessageSent, sender=sender, message="Hello", user="ada", context=None)


def _saves(report: Report) -> None:
    report.section(f"Saving a record, {3 * EACH} registered who are not concerned, of that without")
    with transaction.atomic():
        note = Note.objects.create(title="a")
        unheard = {"create": _creating, "update": note.save}
        for what, save in unheard.items():
            report.unchanged(what, _beside_bystanders(save, SAVES))
        report.section("Saving a record that somebody listens to, of that without")
        for event in (PostCreateRecord, PostUpdateRecord):
            for what, save in unheard.items():
                ratios = ratios_in_turns(save, [nobody, partial(_heard, event)], SAVES)
                report.line(f"{what}, {event.event_name} is heard", ratios[1], "times")
        transaction.set_rollback(True)


@contextmanager
def _heard(event: type[RecordEvent[Any]]) -> Iterator[None]:
    with registry.scoped():
        on(event, sender=Note)(receiver_of("record"))
        yield


def _creating() -> None:
    Note(title="b").save()


def _operations(report: Report) -> None:
    with ready_item() as item:
        complete = completing(item)
        report.section("A completion over GraphQL, without receivers of it")
        report.unchanged(
            f"{3 * EACH} registered who are not concerned, of that without",
            _beside_bystanders(complete, COMPLETIONS),
        )


def _beside_bystanders(call: Callable[[], object], number: int) -> float:
    return ratios_in_turns(call, [nobody, bystanders], number)[1]
