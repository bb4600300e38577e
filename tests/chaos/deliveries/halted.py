"""A worker ends in the middle of its receivers: killed, or told to stop."""

import signal
import time
from typing import Any

from tests.chaos.deliveries.children import Child
from tests.chaos.deliveries.settling import Span
from tests.chaos.deliveries.stage import GRACE, LEASE, LONG_LEASE, PATIENCE, SLACK, SQLITE, Scene
from tests.chaos.findings import Findings, Result

BEGIN, WROTE = "begin", "wrote"
SPOTS: tuple[dict[str, str], ...] = (
    {"first": WROTE, "outside": BEGIN},
    {"first": BEGIN, "later": BEGIN, "outside": WROTE},
    {"first": BEGIN, "second": WROTE, "outside": WROTE},
    {"first": BEGIN, "second": BEGIN, "later": WROTE},
)
"""Where receivers are when their worker ends; only one has written, as on SQLite only one can."""
FROZEN_ON_SQLITE = {"first": BEGIN, "later": BEGIN, "outside": WROTE}
AWAKE = 0.2
"""Seconds that a worker gets to let go of a lock, before its time is stopped again."""
SOON = 1.0
"""Seconds that a receiver still needs, within the grace."""


def killed_inside(scene: Scene, number: int) -> Result:
    """Kill a worker inside of its receivers: another one delivers what it had, once."""
    spots = SPOTS[number % len(SPOTS)]
    findings = Findings()
    span = Span(scene, findings)
    with scene.worker() as victim:
        _complete(scene, {"to": list(spots), "halt": spots})
        _expect_halted(span, spots)
        victim.kill()
    with scene.worker():
        span.settle()
    span.expect_attempts(1, 2)
    twice = sum(each.attempts == 2 for each in span.deliveries())
    findings.expect("deliveries that were begun twice", twice, len(spots))
    return Result(_said(spots), findings)


def frozen(scene: Scene, number: int) -> Result:
    """Stop a worker's time until another one has delivered what it had: it must not, too."""
    # On SQLite nobody else can write while it stands still after a write.
    spots = FROZEN_ON_SQLITE if scene.stage.vendor == SQLITE else SPOTS[number % len(SPOTS)]
    findings = Findings()
    span = Span(scene, findings)
    with scene.worker() as victim:
        _complete(scene, {"to": list(spots), "halt": spots, "seconds": LEASE})
        _expect_halted(span, spots)
        _freeze(scene, victim)
        with scene.worker():
            span.settle()
            victim.send(signal.SIGCONT)
            scene.until(victim.ended.done, SOON)
            span.settle()
        findings.expect("end of the frozen worker", victim.ended.done(), False)
    return Result(_said(spots), findings)


def stopped(scene: Scene, number: int) -> Result:
    """Tell a worker to stop: what ends within the grace is done, the rest is handed back."""
    spots = SPOTS[number // 2 % len(SPOTS)]
    soon = number % 2 == 0
    findings = Findings()
    span = Span(scene, findings)
    context = {"to": list(spots), "halt": spots, **({"seconds": SOON} if soon else {})}
    with scene.worker(WORKER_LEASE=LONG_LEASE) as stopping:
        _complete(scene, context)
        _expect_halted(span, spots)
        stopping.send(signal.SIGTERM)
        if scene.until(stopping.ended.done, GRACE + SLACK):
            findings.expect("status of the worker", stopping.ended.result(), 0)
        else:
            findings.append(f"the worker did not end within {GRACE + SLACK} s")
    with scene.worker():
        span.settle()
    if soon:
        span.expect_attempts(1)
    return Result("soon done" if soon else f"handed back: {_said(spots)}", findings)


def _freeze(scene: Scene, victim: Child) -> None:
    """Stop its time where it holds no lock on the ledger, which nobody could take over."""

    def free() -> bool:
        victim.send(signal.SIGSTOP)
        if not scene.is_locked():
            return True
        victim.send(signal.SIGCONT)
        time.sleep(AWAKE)
        return False

    assert scene.until(free), "the worker always holds a lock"


def _complete(scene: Scene, context: dict[str, Any]) -> None:
    [case] = scene.start("single")
    scene.mutate("complete_work_item", scene.rows.items(case)["x"], context)


def _expect_halted(span: Span, spots: dict[str, str]) -> None:
    """Wait until each receiver is at its spot."""

    def all_there() -> bool:
        notes = (note for spot in set(spots.values()) for note in span.notes(f"halts at {spot}"))
        return len(list(notes)) == len(spots)

    if not span.scene.until(all_there, PATIENCE):
        span.findings.append(f"receivers that should have come to {spots} did not")


def _said(spots: dict[str, str]) -> str:
    return ", ".join(f"{receiver} {spot}" for receiver, spot in spots.items())
