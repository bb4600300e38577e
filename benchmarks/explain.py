"""What a trace adds to a mutation with many receivers, and to emissions beside it."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import Event as Flag
from threading import Thread
from typing import Any

from django.db import connection

from benchmarks.completions import USER, completing, ready_item
from benchmarks.dispatch import MessageSent, receiver_of
from benchmarks.report import NOISE, Report
from benchmarks.timing import best_of
from workflow_events.access.permissions import BasePermission, permission_for
from workflow_events.access.policy import Policy, using
from workflow_events.events import emit, filter_events, on
from workflow_events.events.registration.registry import registry
from workflow_events.events.tracing.traced import traced
from workflow_events.graphql.mutations import CompleteWorkItem, DryRun, SkipWorkItem
from workflow_events.records import PostUpdateRecord, changed
from workflow_events.workflow.events import post_complete_work_item
from workflow_events.workflow.models import Case, WorkItem

RECEIVERS = 50
COMPLETIONS = 2
ROUNDS = 200
EMISSIONS = 20
LIMIT = 1.10
MILLISECOND = 1e-3
MICROSECOND = 1e-6


class Everybody(BasePermission):
    """Lets mutations be run dry."""

    @permission_for(DryRun)
    def may_be_run_dry(self, mutation: type, info: Any) -> bool:
        """Return that it may."""
        return True


def run(report: Report) -> None:
    """Print what tracing adds to a completion that has fifty receivers."""
    database = connection.vendor
    with using(Policy(permissions=(Everybody(),))), ready_item() as item:
        with receivers_that_do_nothing():
            what = f"{database}, {RECEIVERS} receivers that do nothing"
            _completions(report, item, what)
            _emissions(report, item)
        with receivers_of_all_kinds():
            _completions(report, item, f"{database}, {RECEIVERS} receivers of all kinds")


@contextmanager
def receivers_that_do_nothing() -> Iterator[None]:
    """While the body runs, as many are registered as a trace has least to compare with."""
    with registry.scoped():
        for _ in range(RECEIVERS):
            on(post_complete_work_item)(receiver_of("work_item, user, context"))
        yield


@contextmanager
def receivers_of_all_kinds() -> Iterator[None]:
    """While the body runs, receivers read, write, emit, are filtered out, or run later.

    None is concurrent: to start an event loop takes longer than all else.
    """
    with registry.scoped():
        before = len(registry.receivers)
        for _ in range(RECEIVERS // 10):
            on(post_complete_work_item)(receiver_of("work_item, user, context"))
            on("post_*_work_item")(receiver_of("event"))
            on("*_work_item", sender=SkipWorkItem)(receiver_of("work_item"))
            on(post_complete_work_item)(_only("first")(receiver_of("work_item")))
            on(post_complete_work_item)(_only("second")(receiver_of("work_item")))
            on(post_complete_work_item, delivery="commit")(receiver_of("work_item"))
            on(post_complete_work_item)(_read)
            on(post_complete_work_item)(_write)
            on(post_complete_work_item)(_emit)
        on(PostUpdateRecord[WorkItem])(changed("status")(receiver_of("record, diff")))
        for number in range(RECEIVERS - (len(registry.receivers) - before)):
            name = f"benchmarks.explain.in_background_{number}"
            on(post_complete_work_item, background=True, name=name)(receiver_of("work_item"))
        on(MessageSent)(receiver_of("message"))
        yield


def _only(task: str) -> Callable[[Any], Any]:
    def is_of_task(work_item: WorkItem) -> bool:
        return work_item.task_id == task

    return filter_events(is_of_task)


def _read(work_item: WorkItem) -> None:
    Case.objects.filter(pk=work_item.case_id).exists()


def _write(work_item: WorkItem) -> None:
    WorkItem.objects.filter(pk=work_item.pk).update(description="Seen")


def _emit(work_item: WorkItem) -> None:
    emit(MessageSent, sender=None, message="Seen", user="ada", context=None)


def _completions(report: Report, item: WorkItem, what: str) -> None:
    calls = [completing(item), completing(item, traced), completing(item, dry_run=True)]
    without, with_trace, with_answer = best_of(calls, COMPLETIONS, ROUNDS)
    report.section(f"A completion over GraphQL, undone: {what}")
    report.line("not traced", without / MILLISECOND, "ms")
    report.limit("traced, of that", with_trace / without, "times", at_most=LIMIT)
    dry = "run dry, with its explanation in the answer, of that"
    report.line(dry, with_answer / without, "times")


def _emissions(report: Report, item: WorkItem) -> None:
    report.section(f"An emission with {RECEIVERS} receivers")
    payload = {"work_item": item, "user": USER, "context": None}

    def emit_often() -> None:
        for _ in range(EMISSIONS):
            emit(post_complete_work_item, sender=CompleteWorkItem, **payload)

    def emit_often_after_a_trace() -> None:
        with traced():
            pass
        emit_often()

    before, after = best_of([emit_often, emit_often_after_a_trace], 1, ROUNDS)
    with TracedElsewhere():
        [beside] = best_of([emit_often], 1, ROUNDS)
    report.line("nobody traces", before / EMISSIONS / MICROSECOND, "µs")
    report.limit("a trace has ended before, of that", after / before, "times", at_most=1 + NOISE)
    report.line("another thread traces, of that", beside / before, "times")


class TracedElsewhere:
    """While the body runs, a thread is in a trace."""

    def __enter__(self) -> None:
        self._end, begun = Flag(), Flag()

        def trace() -> None:
            with registry.tracing():
                begun.set()
                self._end.wait()

        self._thread = Thread(target=trace)
        self._thread.start()
        begun.wait()

    def __exit__(self, *_: object) -> None:
        self._end.set()
        self._thread.join()
