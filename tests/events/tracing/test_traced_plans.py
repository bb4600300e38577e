"""A trace has plans of its own: who traces sees all, and nobody else notices."""

from __future__ import annotations

import threading
from typing import Any

import pytest

from tests.events.tracing.explanations import (
    Reported,
    outcomes,
)
from workflow_events.events import emit, on
from workflow_events.events.emission.dispatch import is_heard
from workflow_events.events.emission.plans import NOBODY
from workflow_events.events.errors import TracedAlready
from workflow_events.events.registration.registry import registry
from workflow_events.events.tracing.traced import traced

pytestmark = pytest.mark.usefixtures("tables")


def test_a_trace_inside_a_trace_is_refused() -> None:
    with traced() as trace:
        with pytest.raises(TracedAlready), traced():
            pass
        emit(Reported, sender=None)
    assert len(trace.events) == 1


def test_everything_is_heard_in_the_trace_and_nowhere_else() -> None:
    heard = []
    with traced():
        assert is_heard(Reported, None)
        other = threading.Thread(target=lambda: heard.append(is_heard(Reported, None)))
        other.start()
        other.join()
    assert heard == [False]
    assert not is_heard(Reported, None)
    assert registry.plan(Reported, None) is NOBODY


def test_plans_are_looked_up_as_ever_once_the_last_trace_has_ended() -> None:
    on(Reported)(lambda: None)
    before = registry.plan(Reported, None)
    with traced():
        assert registry.plan(Reported, None) is not before
        assert registry.plan(Reported, None) is registry.plan(Reported, None)
        elsewhere = []
        other = threading.Thread(target=lambda: elsewhere.append(registry.plan(Reported, None)))
        other.start()
        other.join()
    assert elsewhere == [before]
    assert registry.plan(Reported, None) is before
    assert registry._plans[Reported, None] is before


def test_receivers_that_come_while_a_trace_is_under_way() -> None:
    with traced() as trace:
        emit(Reported, sender=None)
        on(Reported)(lambda: None)
        emit(Reported, sender=None)
    emit(Reported, sender=None)
    assert [outcomes(trace, n) for n in (0, 1)] == [[], ["ran"]]
    assert len(registry.plan(Reported, None).groups) == 1


def test_threads_that_begin_and_end_traces_do_not_disturb_each_other() -> None:
    """Each finds its own events, whoever traces beside it; those without a trace lose none."""
    on(Reported)(lambda: None)
    start = threading.Barrier(4)
    failures: list[Any] = []

    def trace_often() -> None:
        start.wait()
        for _ in range(100):
            with traced() as trace:
                emit(Reported, sender=None)
            if outcomes(trace) != ["ran"]:
                failures.append(outcomes(trace))

    def emit_often() -> None:
        start.wait()
        for number in range(300):
            plan = registry.plan(Reported, None)
            if plan.watchers or not plan.groups:
                failures.append(plan)
            if number % 50 == 0:
                registry.forget_plans()

    threads = [threading.Thread(target=t) for t in (trace_often, trace_often, emit_often)]
    for thread in threads:
        thread.start()
    start.wait()
    for thread in threads:
        thread.join()
    assert failures == []
    assert registry._tracing == 0
    assert registry.plan(Reported, None) is registry._plans[Reported, None]
