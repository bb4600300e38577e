"""What a completion costs over HTTP: the service beside a bare view, in turns within one run.

Both are driven by clients that run on the same cores as they, and PostgreSQL, do; so the ratios
count, not the figures.
"""

import json
import os
import pickle
import tempfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from statistics import median
from typing import NamedTuple
from uuid import UUID

from django.db import connection
from django.test import Client as DjangoClient

from benchmarks.http_clients import Turn, drive, post
from benchmarks.http_servers import THREADS, WORKERS, Server, bare_view, service
from benchmarks.http_statements import Statement, recorded
from benchmarks.report import Report
from workflow_events.events.identifiers import uuid7
from workflow_events.workflow import design
from workflow_events.workflow.models import Case, WorkItem
from workflow_events.workflow.users import BaseUser

ROUNDS = int(os.environ.get("HTTP_ROUNDS", "7"))
REQUESTS = {1: 300, 4: 600, 16: 1200}
"""By number of clients: how many completions a turn consists of."""
WARM_UP = 400
TAIL = 99
PERCENTILES = (50, TAIL)
LEAST_OF_THE_RATE, MOST_OF_THE_TAIL = 0.5, 3.0
AUTHOR = BaseUser("benchmark")
DOCUMENT = """\
mutation Complete($input: CompleteWorkItemInput!) {
  completeWorkItem(input: $input) { workItem { id status } }
}"""


class Ready(NamedTuple):
    """A work item that is ready, alone in its case."""

    item: UUID
    case: UUID


@dataclass(frozen=True)
class Candidate:
    """One of those that are compared."""

    server: Server
    request: Callable[[Ready], bytes]
    expected: bytes
    turns: dict[int, list[Turn]] = field(default_factory=lambda: {n: [] for n in REQUESTS})
    cpu_seconds: list[float] = field(default_factory=list)
    """Of the workers per completion, in each turn of most clients."""

    def drive(self, ready: Iterator[Ready], number: int, clients: int) -> Turn:
        """Complete so many work items."""
        requests = [self.request(one) for one in islice(ready, number)]
        return drive(self.server.port, requests, clients, self.expected)

    def take_turn(self, ready: Iterator[Ready], clients: int) -> None:
        """Complete work items, and note how that went."""
        before = self.server.cpu_seconds()
        self.turns[clients].append(self.drive(ready, REQUESTS[clients], clients))
        if clients == max(REQUESTS):
            self.cpu_seconds.append((self.server.cpu_seconds() - before) / REQUESTS[clients])


def run(report: Report) -> None:
    """Measure everything of this module."""
    url = os.environ["DATABASE_URL"]
    _design()
    statements = _recorded()
    print(
        f"{ROUNDS} rounds in turns, {os.cpu_count()} cores for all: "
        f"the load, {WORKERS} workers with {THREADS} threads, PostgreSQL"
    )
    with ExitStack() as stack:
        place = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        file = place / "statements"
        file.write_bytes(pickle.dumps(statements))
        bare = Candidate(
            stack.enter_context(bare_view(url, file, place)), _request_of_the_view, b'"completed"'
        )
        ours = Candidate(
            stack.enter_context(service(url, place)), _request_of_the_service, b'"COMPLETED"'
        )
        _measure(ours, bare)
        ceiling = _ceiling(bare)
        _print(report, ours, bare, statements, ceiling)


def _measure(ours: Candidate, bare: Candidate) -> None:
    ready = _ready_items(2 * (WARM_UP + ROUNDS * sum(REQUESTS.values())))
    for candidate in (ours, bare):
        candidate.drive(ready, WARM_UP, max(REQUESTS))
    for turn in range(ROUNDS):
        for clients in REQUESTS:
            for candidate in (ours, bare) if turn % 2 else (bare, ours):
                candidate.take_turn(ready, clients)
    assert next(ready, None) is None


def _ceiling(bare: Candidate) -> float:
    """Return how many requests per second the load reaches where nothing is done for them."""
    request = post("/nothing", json.dumps({"item": "none"}).encode())
    clients = max(REQUESTS)
    requests = [request] * REQUESTS[clients]
    return median(
        drive(bare.server.port, requests, clients, bare.expected).rate for _ in range(ROUNDS)
    )


def _print(
    report: Report,
    ours: Candidate,
    bare: Candidate,
    statements: list[Statement],
    ceiling: float,
) -> None:
    for clients in REQUESTS:
        most = clients == max(REQUESTS)
        report.section(f"Completions over HTTP, {clients} client{'s' * (clients > 1)}")
        _print_rates(report, ours.turns[clients], bare.turns[clients], judged=most)
        for percent in PERCENTILES:
            _print_waits(
                report,
                ours.turns[clients],
                bare.turns[clients],
                percent,
                judged=most and percent == TAIL,
            )
    report.section("Beside it")
    report.line("SQL statements of a completion, BEGIN and COMMIT apart", len(statements), "")
    report.line("the bare view without its statements, 16 clients", ceiling, "requests/s")
    for name, candidate in (("the service", ours), ("the bare view", bare)):
        used = median(candidate.cpu_seconds) * 1000
        report.line(f"{name}: processor time of its workers, 16 clients", used, "ms/completion")
        report.line(f"{name}: memory of all its processes", candidate.server.megabytes(), "MB")


def _print_rates(report: Report, ours: list[Turn], bare: list[Turn], *, judged: bool) -> None:
    report.line("the service", median(turn.rate for turn in ours), "completions/s")
    report.line("the bare view", median(turn.rate for turn in bare), "completions/s")
    ratio = median(a.rate / b.rate for a, b in zip(ours, bare, strict=True))
    what, unit = "the service, beside the bare view", "times its rate"
    if judged:
        report.target(what, ratio, unit, at_least=LEAST_OF_THE_RATE)
    else:
        report.line(what, ratio, unit)


def _print_waits(
    report: Report, ours: list[Turn], bare: list[Turn], percent: int, *, judged: bool
) -> None:
    for name, turns in (("the service", ours), ("the bare view", bare)):
        wait = median(turn.percentile(percent) for turn in turns) * 1000
        report.line(f"{name}: p{percent}", wait, "ms")
    pairs = zip(ours, bare, strict=True)
    ratio = median(a.percentile(percent) / b.percentile(percent) for a, b in pairs)
    what, unit = f"the service, beside the bare view: p{percent}", "times its wait"
    if judged:
        report.limit(what, ratio, unit, at_most=MOST_OF_THE_TAIL)
    else:
        report.line(what, ratio, unit)


def _design() -> None:
    """Make a workflow that goes round and round, so that each completion creates an item."""
    for slug, group in (("write", "authors"), ("check", "editors")):
        design.save_task(slug, AUTHOR, name=slug, address_groups=f"['{group}']|groups")
    design.save_workflow("article", AUTHOR, name="Article", start_tasks=["write"])
    for slug, following in (("write", "check"), ("check", "write")):
        design.add_workflow_flow("article", [slug], f"'{following}'|task", None, AUTHOR)


def _ready_items(number: int) -> Iterator[Ready]:
    """Create so many cases, each with one ready work item, and yield them."""
    made = [Ready(uuid7(), uuid7()) for _ in range(number)]
    Case.objects.bulk_create(
        [Case(pk=case, family_id=case, workflow_id="article") for _, case in made],
        batch_size=2000,
    )
    WorkItem.objects.bulk_create(
        [
            WorkItem(
                pk=item, case_id=case, task_id="write", name="write", addressed_groups=["authors"]
            )
            for item, case in made
        ],
        batch_size=2000,
    )
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")
    yield from made


def _recorded() -> list[Statement]:
    """Return the statements of a completion, as the service executes it in this process."""
    [first, second] = _ready_items(2)

    def complete(ready: Ready) -> None:
        answer = DjangoClient().post(
            "/graphql", _body_of_the_service(ready), content_type="application/json"
        )
        assert b"COMPLETED" in answer.content, answer.content

    complete(first)  # what is done once in a process is done by now
    return recorded(lambda: complete(second), item=second.item, case=second.case)


def _body_of_the_service(ready: Ready) -> bytes:
    variables = {"input": {"id": str(ready.item)}}
    return json.dumps({"query": DOCUMENT, "variables": variables}).encode()


def _request_of_the_service(ready: Ready) -> bytes:
    return post("/graphql", _body_of_the_service(ready))


def _request_of_the_view(ready: Ready) -> bytes:
    return post(
        "/complete", json.dumps({"item": str(ready.item), "case": str(ready.case)}).encode()
    )
