"""A worker is killed between any two things that it does with the database."""

from tests.chaos.deliveries.children import Child
from tests.chaos.deliveries.settling import Span
from tests.chaos.deliveries.stage import PATIENCE, Scene
from tests.chaos.findings import Findings, Result

RECEIVERS = (["first"], ["later"], ["outside"], ["first", "later"])
MOST_MOMENTS = 100
STRIDE = 10
"""In one round every tenth moment is tried, in ten rounds each."""
LINGER = 0.3
"""Seconds after which a worker that has nothing to do any more counts as a survivor."""


def killed_between(scene: Scene, number: int) -> Result:
    """Kill workers, each at its moment; a last one delivers what is left, once."""
    wanted = RECEIVERS[number // STRIDE % len(RECEIVERS)]
    findings = Findings()
    span = Span(scene, findings)
    moments = range(1 + number % STRIDE, MOST_MOMENTS, STRIDE)
    killed = 0
    for case, moment in zip(scene.start("single", len(moments)), moments, strict=True):
        scene.mutate("complete_work_item", scene.rows.items(case)["x"], {"to": wanted})
        with scene.worker(moment) as victim:
            if not _dies(span, victim):
                break
        killed += 1
    attempts = {each.pk: each.attempts + (each.state != "done") for each in span.deliveries()}
    with scene.worker():
        span.settle()
    found = {each.pk: each.attempts for each in span.deliveries()}
    findings.expect("attempts", found, attempts)
    return Result(f"{' and '.join(wanted)}: {killed} moments", findings)


def _dies(span: Span, victim: Child) -> bool:
    """Return whether the worker was killed before it had nothing to do any more."""
    newest = span.deliveries()[-1].pk

    def ended_or_idle() -> bool:
        return victim.ended.done() or span.deliveries()[-1].state == "done"

    if not span.scene.until(ended_or_idle, PATIENCE):
        span.findings.append(f"delivery {newest} stuck for {PATIENCE} s")
    return span.scene.until(victim.ended.done, LINGER)
