"""What receivers in the background cost, how soon they begin, and how many a worker runs.

On PostgreSQL and on an SQLite file; workers are processes of their own, on the same cores as all.
"""

import tempfile
import time
from contextlib import ExitStack
from pathlib import Path
from statistics import quantiles

from benchmarks.databases import NotReached, new_database
from benchmarks.delivery_cost import Mutations
from benchmarks.delivery_ledger import Ledger
from benchmarks.delivery_workers import MODULES, OURS, Drained, bare, drained, worker
from benchmarks.http_servers import PRODUCTION
from benchmarks.remote import Remote, in_a_process
from benchmarks.report import Report

RECEIVERS = [0, 1, 3, 10]
EVENTS = 100
PARTS = ("log", "ledger", "engine")
IDLE_DELIVERIES, PAUSE, LATENCY = 150, 0.1, 20
BACKLOG, LEAST_OF_THE_RATE = 2_000, 0.5
PENDING, GROWTH = 10_000, 1.1
SETTLING = 2
"""Seconds that a worker gets to start."""


def run(report: Report) -> None:
    """Measure everything of this module."""
    with ExitStack() as stack:
        place = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        urls = {"SQLite": f"sqlite:///{place}/benchmark.sqlite3"}
        try:
            urls = {"PostgreSQL": stack.enter_context(new_database("delivery")), **urls}
        except NotReached as error:
            print(f"\nNothing was measured on PostgreSQL: {error}")
        for vendor, url in urls.items():
            where = place / vendor
            where.mkdir()
            with in_a_process(Mutations, url, PRODUCTION) as mutations:
                _cost(report, vendor, mutations)
            variables = {**PRODUCTION, "EVENT_RECEIVER_MODULES": MODULES}
            ledger = stack.enter_context(in_a_process(Ledger, url, variables))
            ledger("clear")  # no worker has the receivers of the mutations
            _latency(report, vendor, ledger, url, where)
            _throughput(report, vendor, ledger, url, where)
            _pending(report, vendor, ledger, url, where)


def _cost(report: Report, vendor: str, mutations: Remote) -> None:
    for what, costs in (
        ("a completion, one event", mutations("complete", RECEIVERS)),
        (f"a case canceled, {EVENTS} events", mutations("cancel", RECEIVERS, EVENTS)),
    ):
        report.section(f"{vendor}: {what}")
        without, _ = costs[0]
        report.line("without receivers in the background", without, "ms")
        for number in RECEIVERS[1:]:
            milliseconds, statements = costs[number]
            with_them = f"with {number} receiver{'s' * (number > 1)}"
            report.line(with_them, milliseconds / without, f"times ({milliseconds:.1f} ms)")
            most = max(statements[part] for part in PARTS)
            said = ", ".join(f"{part} {statements[part]}" for part in PARTS)
            report.limit(f"    statements for {said}: the most", most, "", at_most=1)
            added = statements["all"] - costs[0][1]["all"]
            report.limit("    statements added in all", added, "", at_most=len(PARTS))


def _latency(report: Report, vendor: str, ledger: Remote, url: str, place: Path) -> None:
    with worker(OURS, url, place):
        time.sleep(SETTLING)
        committed = ledger("complete", IDLE_DELIVERIES, PAUSE)
        while ledger("left"):
            time.sleep(PAUSE)
        lines = map(str.split, (place / "notes").read_text().splitlines())
        begun = {number: float(moment) for number, moment in lines}
    waits = [(begun[number] - moment) * 1000 for number, moment in committed.items()]
    percentiles = quantiles(waits, n=20)
    report.section(f"{vendor}: from COMMIT to the start of the receiver, worker idle")
    if vendor == "PostgreSQL":
        report.limit("p50", percentiles[9], "ms", at_most=LATENCY)
    else:
        report.line("p50", percentiles[9], "ms")
    report.line("p95", percentiles[18], "ms")
    ledger("clear")


def _throughput(report: Report, vendor: str, ledger: Remote, url: str, place: Path) -> None:
    concurrency = 4 if vendor == "PostgreSQL" else 1
    report.section(f"{vendor}: throughput of one worker, concurrency {concurrency}")
    for kind, what in (("nothing", "doing nothing"), ("insert", "one INSERT")):
        ledger("store_bare", kind, BACKLOG)
        with worker(bare(url, concurrency), url, place, concurrency) as megabytes:
            theirs = drained(lambda: ledger("left_bare"), megabytes)
        report.line(f"the bare engine, {what}", theirs.rate, "jobs/s")
        ledger("clear")
        for together in (False, True):
            stored = "many to an operation" if together else "one to an operation"
            ledger("store", kind, BACKLOG, BACKLOG, together)
            ours = _drained(ledger, url, place, concurrency)
            report.line(f"ours, {what}, {stored}", ours.rate, "deliveries/s")
            ratio = ours.rate / theirs.rate
            report.target("    beside it", ratio, "times its rate", at_least=LEAST_OF_THE_RATE)


def _pending(report: Report, vendor: str, ledger: Remote, url: str, place: Path) -> None:
    for streams in (PENDING, 1):
        said = f"{streams:,} streams" if streams > 1 else "one stream"
        report.section(f"{vendor}: {PENDING:,} pending deliveries of {said}")
        ledger("store", "insert", PENDING, streams, True)
        found = _drained(ledger, url, place)
        report.line("drained in", found.seconds, "s")
        start, middle, end = (found.megabytes(left) for left in (0.95, 0.5, 0))
        report.line("memory of the worker near the beginning", start, "MB")
        report.line("in the middle", middle, "MB")
        report.limit("at the end", end / start, f"times ({end:.1f} MB)", at_most=GROWTH)


def _drained(ledger: Remote, url: str, place: Path, concurrency: int = 4) -> Drained:
    with worker(OURS, url, place, concurrency) as megabytes:
        found = drained(lambda: ledger("left"), megabytes)
    assert ledger("not_done") == 0
    rows, twice = ledger("effects")
    assert twice == 0, f"{twice} of {rows} rows were written twice"
    ledger("clear")
    return found
