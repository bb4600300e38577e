"""Lists and completions with a million work items, beside ten thousand (PostgreSQL).

Two services, each on a database of its own, are asked in turns. The documents are those of a work
list; whatever is measured matches as many rows in both, unless its name says that it does not.
"""

from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from statistics import median

from benchmarks.databases import new_database
from benchmarks.million_questions import COMPLETE, LISTS, List
from benchmarks.million_service import Question, Service, sequential_scans
from benchmarks.remote import Remote, in_a_process
from benchmarks.report import Report

SMALL, LARGE = 10_000, 1_000_000
TURNS = 60
COMPLETIONS = 150
WARM_UP = 10
TIMES_AS_LONG = 2.5
SEEDING_SECONDS = 90
SAME_COST = 0.2
MILLISECONDS = 1000


@dataclass(frozen=True)
class Pair:
    """The service with few rows, and the one with many."""

    small: Remote
    large: Remote

    def in_turns(self, turns: int, ask: Callable[[Remote, int], float]) -> tuple[float, float]:
        """Return the median of what either took (ms); the first few turns only warm up."""
        took: tuple[list[float], list[float]] = ([], [])
        for turn in range(turns + WARM_UP):
            for remote, seconds in zip((self.small, self.large), took, strict=True):
                seconds.append(ask(remote, turn))
        small, large = (median(seconds[WARM_UP:]) * MILLISECONDS for seconds in took)
        return small, large


def run(report: Report) -> None:
    """Measure everything of this module; raises `NotReached` when there is no PostgreSQL."""
    with ExitStack() as stack:
        urls = [stack.enter_context(new_database(f"{rows}_items")) for rows in (SMALL, LARGE)]
        pair = Pair(*(stack.enter_context(in_a_process(Service, url)) for url in urls))
        print(f"\nWork items: {SMALL:,} and {LARGE:,}; medians of {TURNS} turns", flush=True)
        report.section("Seeding, indexes and statistics included")
        report.line(f"{SMALL:,} work items", pair.small("seed", SMALL), "s")
        took = pair.large("seed", LARGE)
        report.limit(f"{LARGE:,} work items", took, "s", at_most=SEEDING_SECONDS)
        _lists(report, pair)
        _counts(report, pair)
        _completions(report, pair)


def _lists(report: Report, pair: Pair) -> None:
    for title in dict.fromkeys(asked.section for asked in LISTS):
        report.section(f"{title}: the first ten")
        for asked in LISTS:
            if asked.section == title:
                _list(report, pair, asked)


def _list(report: Report, pair: Pair, asked: List) -> None:
    matches = [
        remote("ask", asked.counted)[1]["rows"]["totalCount"] for remote in (pair.small, pair.large)
    ]
    if asked.same_matches and len(set(matches)) > 1:
        raise AssertionError(f"{asked.name} matches {matches} rows")
    small, large = pair.in_turns(TURNS, lambda remote, _: remote("ask", asked.page)[0])
    what = f"{asked.name} ({matches[0]:,} / {matches[1]:,}): {small:.1f} → {large:.1f} ms"
    if asked.limited:
        report.limit(what, large / small, "times", at_most=TIMES_AS_LONG)
    else:
        report.line(what, large / small, "times, no limit")
    plans = pair.large("plans", asked.page)
    scans = len(sequential_scans(plans))
    report.limit("    sequential scans of cases or work items", scans, "", at_most=0)
    if scans:
        print("\n\n".join(plans))


def _counts(report: Report, pair: Pair) -> None:
    report.section("The same with totalCount, which has no limit: it reads what it counts")
    for asked in LISTS:
        turns = TURNS // 10
        small, large = pair.in_turns(turns, lambda remote, _, q=asked.counted: remote("ask", q)[0])
        report.line(f"{asked.name}: {small:.1f} → {large:.1f} ms", large / small, "times")


def _completions(report: Report, pair: Pair) -> None:
    report.section("Completing a work item, which creates the next")
    items = {
        id(remote): remote("open_items", "task-3", COMPLETIONS + WARM_UP)
        for remote in (pair.small, pair.large)
    }

    def complete(remote: Remote, turn: int) -> float:
        item = items[id(remote)][turn]
        seconds: float = remote("ask", Question(COMPLETE, {"input": {"id": item}}))[0]
        return seconds

    small, large = pair.in_turns(COMPLETIONS, complete)
    what = f"completeWorkItem: {small:.1f} → {large:.1f} ms"
    report.limit(what, large / small, "times", at_most=1 + SAME_COST)
