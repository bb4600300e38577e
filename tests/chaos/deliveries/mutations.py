"""The process of a mutation is killed between any two things that it does with the database."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from tests.chaos.deliveries.rows import Picture
from tests.chaos.deliveries.settling import Span
from tests.chaos.deliveries.stage import LONG_LEASE, Scene
from tests.chaos.findings import Findings, Result

RECEIVERS = ("first", "second", "later", "outside")
MOST_MOMENTS = 200
TOGETHER = 20
"""How many cases are started at once."""


@dataclass(frozen=True)
class Operation:
    """One operation of the workflow: what it is done to, and how many events it has."""

    name: str
    workflow: str
    verb: str
    task: str | None
    """The item that it is about; None where it is about the case."""
    events: int
    """How many of the events that receivers in the background listen to."""
    nested: bool | None = None
    """Whether it calls another one, of another case, that stays (True) or is undone (False)."""


OPERATIONS = (
    Operation("an item, its follower", "sequence", "complete_work_item", "a", events=2),
    Operation("the last item", "single", "complete_work_item", "x", events=2),
    Operation("a case of two items", "pair", "cancel_case", None, events=3),
    Operation("an operation in another", "single", "complete_work_item", "x", 4, nested=True),
    Operation("one that is undone in it", "single", "complete_work_item", "x", 2, nested=False),
)


@dataclass(frozen=True)
class Subject:
    """What an operation is carried out on."""

    cases: tuple[UUID, ...]
    key: UUID
    context: dict[str, Any]


def killed_mutation(scene: Scene, number: int) -> Result:
    """Kill one operation at each of its moments: all of it is stored, or nothing."""
    operation = OPERATIONS[number % len(OPERATIONS)]
    wanted = [RECEIVERS[(number + place) % len(RECEIVERS)] for place in range(1 + number % 4)]
    findings = Findings()
    span = Span(scene, findings)
    killed = 0
    with scene.worker(WORKER_LEASE=LONG_LEASE):
        subjects = _subjects(scene, operation, wanted)
        whole = _whole(scene, operation, next(subjects))
        findings.expect(f"events of {operation.name}", len(whole.events), operation.events)
        found = len(whole.deliveries)
        findings.expect(f"deliveries of {operation.name}", found, operation.events * len(wanted))
        while killed < MOST_MOMENTS and _kill(span, operation, next(subjects), killed + 1, whole):
            killed += 1
        span.settle()
    span.expect_attempts(1)
    return Result(f"{operation.name}: {killed} moments", findings)


def _whole(scene: Scene, operation: Operation, subject: Subject) -> Picture:
    """Carry it out unhurt; returns what is stored then."""
    scene.mutate(operation.verb, subject.key, subject.context)
    return scene.rows.picture(*subject.cases)


def _kill(span: Span, operation: Operation, subject: Subject, moment: int, whole: Picture) -> bool:
    """Carry it out, killed at this moment; returns whether there was such a moment."""
    rows = span.scene.rows
    nothing = rows.picture(*subject.cases)
    moments = span.scene.mutate(operation.verb, subject.key, subject.context, moment)
    found = rows.picture(*subject.cases)
    what = f"{operation.name}, killed at {moment}"
    if moments is None:
        span.findings.expect(what, found, nothing, whole)
    else:
        span.findings.expect(f"{what}, of {moments}", found, whole)
    return moments is None


def _subjects(scene: Scene, operation: Operation, wanted: list[str]) -> Iterator[Subject]:
    """Start cases, as many as are taken, and yield what the operation is carried out on."""
    while True:
        cases = scene.start(operation.workflow, TOGETHER)
        if operation.nested is None:
            for case in cases:
                yield Subject((case,), _key(scene, operation, case), {"to": wanted})
            continue
        for case, other in zip(cases, scene.start("single", TOGETHER), strict=True):
            then = str(scene.rows.items(other)["x"])
            context = {"to": wanted, "then": then, "fail": not operation.nested}
            yield Subject((case, other), _key(scene, operation, case), context)


def _key(scene: Scene, operation: Operation, case: UUID) -> UUID:
    return case if operation.task is None else scene.rows.items(case)[operation.task]
