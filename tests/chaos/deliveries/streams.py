"""Workers race for one stream, and for many."""

from collections import defaultdict
from contextlib import ExitStack
from itertools import pairwise
from typing import Any

from tests.chaos.deliveries.settling import Span
from tests.chaos.deliveries.stage import LONG_LEASE, PATIENCE, Scene
from tests.chaos.findings import Findings, Result

STEPS_OF_ONE, STREAMS, STEPS_OF_MANY = 8, 6, 2


def racing(scene: Scene, number: int) -> Result:
    """Walk cases while workers deliver: each stream one after the other, in order, once."""
    workers = 2 + number % 2
    findings = Findings()
    span = Span(scene, findings)
    one, other, *many = map(str, scene.start("circle", 2 + STREAMS))
    with ExitStack() as stack:
        for _ in range(workers):
            stack.enter_context(scene.worker(WORKER_LEASE=LONG_LEASE))
        walks = [
            scene.order("walk", cases=[one], times=STEPS_OF_ONE, context={"to": ["first"]}),
            scene.order("walk", cases=[other], times=STEPS_OF_ONE, context={"to": ["later"]}),
            scene.order("walk", cases=many, times=STEPS_OF_MANY, context={"to": ["first"]}),
        ]
        for walk in walks:
            walk.answer()
        span.settle(PATIENCE)
    span.expect_attempts(1)
    _expect_one_at_a_time(span)
    steps = 2 * (2 * STEPS_OF_ONE + STREAMS * STEPS_OF_MANY)
    findings.expect("deliveries", len(span.deliveries()), steps)
    begun = {note["process"] for note in span.notes("begun")}
    return Result(f"{len(begun)} of {workers} workers had some", findings)


def _expect_one_at_a_time(span: Span) -> None:
    streams: defaultdict[tuple[str, str], list[dict[str, Any]]] = defaultdict(list)
    for note in [*span.notes("begun"), *span.notes("ended")]:
        streams[note["receiver"], note["stream"]].append(note)
    for stream, notes in streams.items():
        notes.sort(key=lambda note: float(note["moment"]))
        for one, following in pairwise(notes):
            if one["what"] == "begun" and following["event"] != one["event"]:
                span.findings.append(f"two at once in {stream}: {one}, {following}")
