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

from django.test import Client as DjangoClient

from benchmarks.http_cases import Ready, body, make_workflow, ready_items
from benchmarks.http_clients import Turn, drive, post
from benchmarks.http_servers import THREADS, WORKERS, Server, bare_view, service
from benchmarks.http_statements import Statement, recorded
from benchmarks.report import Report

ROUNDS = int(os.environ.get("HTTP_ROUNDS", "7"))
REQUESTS = {1: 300, 4: 600, 16: 1200}
"""By number of clients: how many completions a turn consists of."""
WARM_UP = 400
TAIL = 99
PERCENTILES = (50, TAIL)
LEAST_OF_THE_RATE, MOST_OF_THE_TAIL = 0.5, 3.0


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
    make_workflow()
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
    ready = ready_items(2 * (WARM_UP + ROUNDS * sum(REQUESTS.values())))
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


def _recorded() -> list[Statement]:
    """Return the statements of a completion, as the service executes it in this process."""
    [first, second] = ready_items(2)

    def complete(ready: Ready) -> None:
        answer = DjangoClient(headers={"host": "127.0.0.1"}).post(
            "/graphql", body(ready), content_type="application/json"
        )
        assert b"COMPLETED" in answer.content, answer.content

    complete(first)  # what is done once in a process is done by now
    return recorded(lambda: complete(second), item=second.item, case=second.case)


def _request_of_the_service(ready: Ready) -> bytes:
    return post("/graphql", body(ready))


def _request_of_the_view(ready: Ready) -> bytes:
    return post(
        "/complete", json.dumps({"item": str(ready.item), "case": str(ready.case)}).encode()
    )
