"""A receiver that always fails, or hangs, for some cases: the others do not notice."""

from uuid import UUID

from tests.chaos.deliveries.settling import Span
from tests.chaos.deliveries.stage import PATIENCE, Scene
from tests.chaos.findings import Findings, Result

KINDS = ("raises", "hangs")
POISONED, HEALTHY = 6, 3
"""More poisoned cases than a worker runs receivers at once."""
BOUND = 3.0
"""Seconds after which nobody else may still be waiting."""
SPOILED = "chaos.spoiled"


def poisoned(scene: Scene, number: int) -> Result:
    """Poison some cases: what others wait for is there soon, what follows is there in the end."""
    kind = KINDS[number % len(KINDS)]
    findings = Findings()
    span = Span(scene, findings)
    poisoned = scene.start("circle", POISONED)
    healthy = scene.start("circle", HEALTHY)
    with scene.worker():
        for case in poisoned:
            _complete(scene, case, {"to": ["spoiled", "first"], "poison": kind})
        poison = {each.pk for each in span.deliveries() if each.receiver == SPOILED}
        for case in healthy:
            _complete(scene, case, {"to": ["spoiled", "first"]})
        others = {each.pk for each in span.deliveries()} - poison

        def others_done() -> bool:
            return all(each.state == "done" for each in span.deliveries() if each.pk in others)

        if not scene.until(others_done, BOUND):
            late = [
                each for each in span.deliveries() if each.pk in others and each.state != "done"
            ]
            findings.append(f"{len(late)} others wait after {BOUND} s, the first: {late[0]}")
        for case in poisoned:
            _complete(scene, case, {"to": ["spoiled"]})
        span.settle(2 * PATIENCE, dead=lambda each: each.pk in poison)
    _expect_reasons(span, poison)
    return Result(kind, findings)


def _expect_reasons(span: Span, poison: set[int]) -> None:
    for each in span.deliveries():
        if each.pk in poison:
            span.findings.expect(f"attempts of {each}", each.attempts, 2)
            span.findings.expect(f"an error of {each}", bool(each.error), True)


def _complete(scene: Scene, case: UUID, context: dict[str, object]) -> None:
    scene.mutate("complete_work_item", scene.rows.items(case)["a"], context)
