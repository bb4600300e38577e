"""Plans that note in the trace of their context what their receivers do.

The functions of the receivers are wrapped, nothing else: order, isolation and failures are those
of any plan.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from functools import partial
from typing import Any

from workflow_events.events.declaration.event import Event
from workflow_events.events.emission import frames
from workflow_events.events.emission.plans import Outside, Plan, Watcher, assembled, plan_of
from workflow_events.events.registration.calls import loop_over, source_of
from workflow_events.events.registration.phases import Phase
from workflow_events.events.registration.receivers import Predicate, Receiver
from workflow_events.events.registration.targets import Source
from workflow_events.events.tracing.traces import Candidate, Emitted, Outcome, awaiting, noting

_NOBODY_YET = Outside(after_commit=(), background=(), asking=(), logged=False)


def candidates_of(
    listeners: Iterable[Receiver],
    source: Source,
    sender: object,
    *,
    is_muted: Callable[[Receiver], bool],
    is_historical: bool,
    dry_run: bool,
) -> tuple[Candidate, ...]:
    """Return the receivers that mean an event, and what is known of each before it is emitted."""

    def known(receiver: Receiver) -> Outcome | None:
        if not receiver.hears(source, sender):
            return Outcome.WRONG_SENDER
        if is_muted(receiver):
            return Outcome.MUTED
        if is_historical and receiver.phase is Phase.BACKGROUND:
            return Outcome.WRONG_SENDER
        if dry_run and receiver.phase is Phase.COMMIT:
            return Outcome.AFTER_COMMIT
        # A delivery is listed whatever its options: here it is not run anyway.
        if dry_run and receiver.phase is Phase.TRANSACTION and not _may_run_dry(receiver):
            return Outcome.NOT_RUN
        return None

    return tuple([Candidate(receiver, known(receiver)) for receiver in listeners])


def _may_run_dry(receiver: Receiver) -> bool:
    return receiver.atomic and receiver.dry_run


def traced_plan(
    candidates: tuple[Candidate, ...],
    carried: frozenset[str],
    *,
    is_open: bool,
    logged: bool,
    watchers: tuple[Watcher, ...],
) -> Plan:
    """Prepare receivers as `plan_of` does, so that a trace notes what each of them does."""
    chosen = [candidate.receiver for candidate in candidates if candidate.outcome is None]

    def called(receiver: Receiver) -> tuple[Callable[..., Any], None]:
        if receiver.concurrent:
            awaited = receiver.prepare_awaited(carried, is_open=is_open)
            return awaiting(receiver, awaited), None
        return noting(receiver, _call(receiver, carried, is_open=is_open)), None

    def asked(receiver: Receiver) -> tuple[Callable[..., Any], None]:
        return noting(receiver, _ask(receiver, carried, is_open=is_open)), None

    plan = assembled(
        chosen,
        called,
        asked,
        is_open=is_open,
        logged=logged,
        watchers=(*watchers, partial(Emitted, candidates=candidates, logged=logged)),
    )
    if plan.outside is None and any(candidate.outcome in _HEARD for candidate in candidates):
        plan = replace(plan, outside=_NOBODY_YET)
    left_to_loop = plan_of(chosen, carried, is_open=is_open, logged=logged, watchers=()).on_loop
    return replace(plan, on_loop=left_to_loop)


_HEARD = (Outcome.NOT_RUN, Outcome.AFTER_COMMIT)
"""For a signal to be sent, which nobody else may hear (`is_heard`)."""


def _call(
    receiver: Receiver, carried: frozenset[str], *, is_open: bool
) -> Callable[[Event], Predicate | None]:
    function, shape = receiver.prepare_call(carried, is_open=is_open)
    if not receiver.predicates:
        functions, loop = (function,), loop_over(shape, is_open=is_open, watching=False)

        def call(event: Event) -> None:
            loop(functions, event, None, None)

        return call
    refusing = _refusing(receiver, carried, is_open=is_open)

    def call_if_it_holds(event: Event) -> Predicate | None:
        source = source_of(event)
        refused_by = refusing(source)
        if refused_by is None:
            arguments, keywords = shape.bind(source)
            function(*arguments, **keywords)
        return refused_by

    return call_if_it_holds


def _ask(
    receiver: Receiver, carried: frozenset[str], *, is_open: bool
) -> Callable[[Event], Predicate | None]:
    refusing = _refusing(receiver, carried, is_open=is_open)

    def choose_if_it_holds(event: Event) -> Predicate | None:
        refused_by = refusing(source_of(event))
        if refused_by is None:
            emission: Any = frames.current.get()
            emission.chosen.append(receiver)
        return refused_by

    return choose_if_it_holds


def _refusing(
    receiver: Receiver, carried: frozenset[str], *, is_open: bool
) -> Callable[[dict[str, Any]], Predicate | None]:
    conditions = [(p, p.wish.shape(carried, is_open=is_open)) for p in receiver.predicates]

    def refusing(source: dict[str, Any]) -> Predicate | None:
        for predicate, wanted in conditions:
            arguments, keywords = wanted.bind(source)
            if not predicate.function(*arguments, **keywords):
                return predicate
        return None

    return refusing
