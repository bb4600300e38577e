"""A receiver that always fails, or hangs, for some cases: the others do not notice."""

from uuid import UUID

from tests.chaos.deliveries.settling import Span
from tests.chaos.deliveries.stage import LONG_LEASE, PATIENCE, SLACK, Scene
from tests.chaos.findings import Findings, Result

KINDS = {"raises": 6, "hangs": 4, "is deaf": 1}
"""What it does, and in how many cases: in more than a worker has slots for one receiver, unless it
does not even react to its time limit; a worker that has lost all of its slots ends."""
HEALTHY = 3
BOUND = 2 * 3 + SLACK
"""Seconds after which nobody else may still be waiting: those that hang have the slots for twice
their time limit at most."""
LONG = 2 * PATIENCE
"""Seconds after which all poison must have been given up."""
SPOILED = "chaos.spoiled"


def poisoned(scene: Scene, number: int) -> Result:
    """Poison some cases: what others wait for is there soon, what follows is there in the end."""
    kind, cases = list(KINDS.items())[number % len(KINDS)]
    findings = Findings()
    span = Span(scene, findings)
    poisoned = scene.start("circle", cases)
    healthy = scene.start("circle", HEALTHY)
    with scene.worker(WORKER_LEASE=LONG_LEASE):
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
        span.settle(LONG, dead=lambda each: each.pk in poison)
    _expect_reasons(span, poison)
    return Result(kind, findings)


def _expect_reasons(span: Span, poison: set[int]) -> None:
    for each in span.deliveries():
        if each.pk in poison:
            span.findings.expect(f"attempts of {each}", each.attempts, 2)
            span.findings.expect(f"an error of {each}", bool(each.error), True)


def _complete(scene: Scene, case: UUID, context: dict[str, object]) -> None:
    scene.mutate("complete_work_item", scene.rows.items(case)["a"], context)
