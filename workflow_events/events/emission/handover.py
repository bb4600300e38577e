"""Handing an occurrence over, when its emission has ended, to those who get it later."""

from __future__ import annotations

from asyncio import _get_running_loop  # the public one raises where there is none
from collections.abc import Sequence

from django.db import transaction

from workflow_events.events.declaration.event import Event
from workflow_events.events.emission.committed import AfterCommit
from workflow_events.events.emission.emission import Emission
from workflow_events.events.emission.plans import Outside, Plan, Watcher
from workflow_events.events.emission.recording import record
from workflow_events.events.emission.running_loop import is_left_to_loop
from workflow_events.events.errors import RegistrationError
from workflow_events.events.registration.receivers import Receiver
from workflow_events.events.registration.registry import registry


def carry_out(plan: Plan, event: Event, robust: bool, *, is_watched: bool = False) -> bool:
    """Run the receivers inside the transaction, and hand the occurrence over to the others.

    Returns whether one of the former wrote to the database. Raises as `emit` does. ``is_watched``:
    the watchers of the plan have been entered.
    """
    if plan.watchers and not is_watched:
        return _watched(plan, plan.watchers, event, robust)
    if _get_running_loop() is not None and is_left_to_loop(plan, event, robust):
        return False
    wrote = bool(plan.groups) and Emission(event, robust).run(plan.groups)
    if plan.outside is not None:
        hand_over(event, plan.outside, robust)
    return wrote


def _watched(plan: Plan, watchers: tuple[Watcher, ...], event: Event, robust: bool) -> bool:
    if not watchers:
        return carry_out(plan, event, robust, is_watched=True)
    with watchers[0](event):
        return _watched(plan, watchers[1:], event, robust)
    raise AssertionError("unreachable: no watcher suppresses an error")


def hand_over(event: Event, outside: Outside, robust: bool) -> None:
    """Record the occurrence for the background, and register the receivers after COMMIT.

    Raises what the recorder raises for a payload that cannot be stored and, without ``robust``,
    what a filter raises.
    """
    receivers = _chosen(event, outside, robust)
    if receivers or outside.logged:
        if registry.recorder is None:
            raise RegistrationError(
                f"{event.event_name} has receivers in the background, but nobody stores "
                "events: add workflow_events.delivery to INSTALLED_APPS."
            )
        record(registry.recorder, event, receivers)
    # Last: outside of a transaction they run at once, which is too early for what may be refused.
    if outside.after_commit:
        transaction.on_commit(AfterCommit(event, outside.after_commit), robust=True)


def _chosen(event: Event, outside: Outside, robust: bool) -> Sequence[Receiver]:
    """Return the receivers in the background whose filters hold.

    A filter that fails is logged, or without ``robust`` raised.
    """
    if not outside.asking:
        return outside.background
    emission = Emission(event, robust)
    emission.chosen = []
    emission.run(outside.asking)
    chosen = emission.chosen
    return [r for r in outside.background if not r.filtered or r in chosen]
