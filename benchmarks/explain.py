"""What a trace adds to a mutation with many receivers, and to emissions beside it."""

import json
from collections.abc import Callable
from contextlib import nullcontext
from threading import Event as Flag
from threading import Thread
from typing import Any

from django.db import transaction
from django.test import RequestFactory

from benchmarks.dispatch import receiver_of
from benchmarks.report import Report
from benchmarks.timing import best_of
from workflow_events.access.permissions import BasePermission, permission_for
from workflow_events.access.policy import Policy, using
from workflow_events.events import emit, on
from workflow_events.events.registration.registry import registry
from workflow_events.events.tracing.traced import traced
from workflow_events.graphql.mutations import CompleteWorkItem, DryRun
from workflow_events.graphql.view import GraphQLView
from workflow_events.workflow import api, design
from workflow_events.workflow.events import post_complete_work_item
from workflow_events.workflow.users import BaseUser

RECEIVERS = 50
COMPLETIONS = 10
EMISSIONS = 200
LIMIT = 1.10
MILLISECOND = 1e-3
MICROSECOND = 1e-6
USER = BaseUser("clerk", ["clerks"])
QUERY = """mutation ($input: CompleteWorkItemInput!, $dryRun: Boolean) {
  completeWorkItem(input: $input, dryRun: $dryRun) {
    workItem { id status case { id status } }
    %s
  }
}"""


class Everybody(BasePermission):
    """Lets mutations be run dry."""

    @permission_for(DryRun)
    def may_be_run_dry(self, mutation: type, info: Any) -> bool:
        """Return that it may."""
        return True


def run(report: Report) -> None:
    """Print what tracing adds to a completion that has fifty receivers."""
    with registry.scoped(), using(Policy(permissions=(Everybody(),))):
        _run(report)


def _run(report: Report) -> None:
    item = _item()
    for _ in range(RECEIVERS):
        on(post_complete_work_item)(receiver_of("work_item, user, context"))
    plain = _completing(item, nullcontext)
    traces = _completing(item, traced)
    dry = _completing(item, nullcontext, dry_run=True)
    without, with_trace, with_answer = best_of([plain, traces, dry], COMPLETIONS)

    report.section(f"A completion over GraphQL with {RECEIVERS} receivers, undone")
    report.line("not traced", without / MILLISECOND, "ms")
    report.limit("traced, of that", with_trace / without, "times", at_most=LIMIT)
    report.line(
        "run dry, with its explanation in the answer, of that", with_answer / without, "times"
    )

    report.section(f"An emission with {RECEIVERS} receivers")
    payload = {"work_item": item, "user": USER, "context": None}

    def emits() -> object:
        return emit(post_complete_work_item, sender=CompleteWorkItem, **payload)

    def emits_often() -> None:
        for _ in range(EMISSIONS):
            emits()

    def emits_after_a_trace() -> None:
        with traced():
            pass
        emits_often()

    before, after = best_of([emits_often, emits_after_a_trace], 1)
    with TracedElsewhere():
        [beside] = best_of([emits_often], 1)
    report.line("nobody traces", before / EMISSIONS / MICROSECOND, "us")
    report.limit("a trace has ended before, of that", after / before, "times", at_most=1.05)
    report.line("another thread traces, of that", beside / before, "times")


def _item() -> Any:
    design.save_task("first", USER, name="First")
    design.save_task("second", USER, name="Second")
    design.save_workflow("linear", USER, name="Linear", start_tasks=["first"])
    design.add_workflow_flow("linear", ["first"], "'second'|task", None, USER)
    return api.start_case("linear", USER).work_items.get()


def _completing(
    item: Any, around: Callable[[], Any], *, dry_run: bool = False
) -> Callable[[], object]:
    view, post = GraphQLView.as_view(), RequestFactory().post
    body = json.dumps(
        {
            "query": QUERY % ("explanation" if dry_run else "clientMutationId"),
            "variables": {"input": {"id": str(item.pk)}, "dryRun": dry_run},
        }
    )

    def complete() -> None:
        with transaction.atomic(), around():
            response: Any = view(post("/graphql/", body, content_type="application/json"))
            transaction.set_rollback(True)
        assert b"errors" not in response.content, response.content

    return complete


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
