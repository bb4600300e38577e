"""What receivers in the background cost the mutation, in a process that has no others."""

import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from statistics import median
from typing import Any
from uuid import UUID

Costs = dict[int, tuple[float, Counter[str]]]
"""By number of receivers: milliseconds, and statements by what they are for."""

TABLES = {
    "log": ("delivery_loggedevent",),
    "ledger": ("delivery_delivery",),
    "engine": ("procrastinate", "django_tasks_database"),
}
"""What a statement for each of them names at its beginning."""
BEGINNING = 80
"""Characters."""
PAST = 10_000
"""Events that were delivered long ago."""
ROUNDS, WARM_UP = 7, 5
COMPLETIONS, CANCELLATIONS = 40, 3
"""How many are measured in a round."""


class Mutations:
    """What runs in the process; each public method can be called from outside by its name."""

    def __init__(self) -> None:
        from benchmarks.http_cases import make_workflow

        make_workflow()
        _fill()

    def complete(self, receivers: list[int]) -> Costs:
        """Measure completions with these numbers of receivers."""
        from benchmarks.http_cases import AUTHOR, ready_items
        from workflow_events.workflow.api import complete_work_item
        from workflow_events.workflow.events import post_complete_work_item

        ready = ready_items(len(receivers) * ROUNDS * (WARM_UP + COMPLETIONS))

        def mutate() -> None:
            complete_work_item(next(ready).item, AUTHOR)

        return _costs(post_complete_work_item, receivers, mutate, COMPLETIONS)

    def cancel(self, receivers: list[int], items: int) -> Costs:
        """Measure cancellations of cases with so many items, each of which has its event."""
        from benchmarks.http_cases import AUTHOR
        from workflow_events.workflow.api import cancel_case
        from workflow_events.workflow.events import post_cancel_work_item

        cases = iter(_cases(len(receivers) * ROUNDS * (WARM_UP + CANCELLATIONS), items))

        def mutate() -> None:
            cancel_case(next(cases), AUTHOR)

        return _costs(post_cancel_work_item, receivers, mutate, CANCELLATIONS)


def _costs(event: Any, receivers: list[int], mutate: Callable[[], None], mutations: int) -> Costs:
    """Measure in turns."""
    took: dict[int, list[float]] = {number: [] for number in receivers}
    statements: dict[int, Counter[str]] = {}
    for _ in range(ROUNDS):
        for number in receivers:
            with _listening(event, number):
                for _ in range(WARM_UP):
                    statements[number] = _statements(mutate)
                took[number] += [_milliseconds(mutate) for _ in range(mutations)]
    return {number: (median(took[number]), statements[number]) for number in receivers}


@contextmanager
def _listening(event: Any, number: int) -> Iterator[None]:
    from workflow_events.events import on
    from workflow_events.events.registration.registry import registry

    with registry.scoped():
        # So that items are canceled row by row, with and without receivers in the background.
        on(event)(_receiver())
        for place in range(number):
            on(event, background=True, name=f"benchmark.{place}")(_receiver())
        yield


def _receiver() -> Callable[..., None]:
    def receiver(work_item: Any) -> None:
        pass

    return receiver


def _statements(mutate: Callable[[], None]) -> Counter[str]:
    """Return how many statements a mutation has, those for log, ledger and engine by name."""
    from django.db import connection

    counted: Counter[str] = Counter()

    def count(execute: Callable[..., Any], sql: str, *arguments: Any) -> Any:
        counted["all"] += 1
        for what, tables in TABLES.items():
            counted[what] += any(table in sql[:BEGINNING] for table in tables)
        return execute(sql, *arguments)

    with connection.execute_wrapper(count):
        mutate()
    return counted


def _milliseconds(mutate: Callable[[], None]) -> float:
    begun = time.perf_counter()
    mutate()
    return (time.perf_counter() - begun) * 1000


def _fill() -> None:
    """Store a past: PostgreSQL plans otherwise for tables that it has only seen empty."""
    from django.db import connection
    from django.utils import timezone

    from workflow_events.delivery.models import Delivery, LoggedEvent, State
    from workflow_events.events.declaration.identifiers import uuid7

    now = timezone.now()
    past = [LoggedEvent(id=uuid7(), name="past", time=now, content={}) for _ in range(PAST)]
    LoggedEvent.objects.bulk_create(past, batch_size=500)
    times = {"due": now, "created_at": now, "finished_at": now}
    done = [Delivery(event=e, receiver="past", state=State.DONE, **times) for e in past]
    Delivery.objects.bulk_create(done, batch_size=500)
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")


def _cases(number: int, items: int) -> list[UUID]:
    """Make running cases with so many ready items each; returns their keys."""
    from workflow_events.events.declaration.identifiers import uuid7
    from workflow_events.workflow.models import Case, WorkItem

    cases = [uuid7() for _ in range(number)]
    Case.objects.bulk_create(
        [Case(pk=case, family_id=case, workflow_id="article") for case in cases], batch_size=500
    )
    WorkItem.objects.bulk_create(
        [
            WorkItem(case_id=case, task_id="write", name="write", addressed_groups=["authors"])
            for case in cases
            for _ in range(items)
        ],
        batch_size=500,
    )
    return cases
