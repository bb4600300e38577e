"""One occurrence on its way through its receivers, and what becomes of those that fail."""

from __future__ import annotations

import logging
from collections.abc import Iterable

from asgiref.sync import async_to_sync
from django.db import DatabaseError

from workflow_events.events.declaration.event import Event
from workflow_events.events.emission.concurrency import Siblings, disconnected
from workflow_events.events.emission.frames import check_depth, current
from workflow_events.events.emission.plans import ConcurrentGroup, Group, Step
from workflow_events.events.errors import PassesReceivers, ReceiverError, message_of
from workflow_events.events.isolation.savepoints import IsolatedFrame
from workflow_events.events.isolation.snapshots import NOTHING, UNCHANGING, Snapshot, refreshed
from workflow_events.events.registration.receivers import Receiver

logger = logging.getLogger("workflow_events.events")

_RUN_AGAIN = frozenset({"40001", "40P01"})
"""SQLSTATEs after which a whole transaction must be run again: serialization, deadlock."""


class Emission(IsolatedFrame):
    """Runs a plan: each receiver isolated, its failure recorded, its leavings settled."""

    __slots__ = ("chosen", "failures", "robust", "snapshot", "wrote")

    chosen: list[Receiver]
    """The receivers in the background whose filters hold, where it is they that are asked."""

    def __init__(self, event: Event, robust: bool) -> None:
        self.event = event
        self.parent = current.get()
        self.assigned = self.exceeded = None
        self.wrote = False
        self.failures: tuple[tuple[Receiver, Exception], ...] = ()
        self.robust = robust
        self.snapshot = NOTHING
        for value in event.__dict__.values():
            if type(value) not in UNCHANGING:
                self.snapshot = Snapshot(event)
                break

    def run(self, groups: Iterable[Step]) -> bool:
        """Run all receivers of the groups; return whether one wrote to the database.

        Raises `ReceiverError` for the failures of receivers with ``raise_exception=True``, and
        what passes every receiver, like `EventDepthExceeded`.
        """
        if self.parent is not None:
            check_depth(self)
            self.parent.check_connection()
        self.begin()
        token = current.set(self)
        try:
            for group in groups:
                if group.atomic:
                    self._run_group(group)
                elif isinstance(group, ConcurrentGroup):
                    self._run_together(group)
                else:
                    with self.suspended():
                        self._run_group(group)
        except BaseException as error:
            self._undo_all(error)
            raise
        finally:
            current.reset(token)
            self.end()
        if self.exceeded is not None:
            raise self.exceeded
        if self.failures:
            self._raise_failures()
        return self.wrote

    def _undo_all(self, error: BaseException) -> None:
        try:
            self.undo(error)
        except DatabaseError as lost:
            # SQLite ends the whole transaction with a statement that it cuts off.
            error.add_note(f"There was nothing to undo any more: {lost}")

    def _run_group(self, group: Group) -> None:
        first = 0
        while functions := group.functions[first:]:
            snapshot = self.snapshot
            loop = group.watching_loop if snapshot.live else group.loop
            failure = None
            self.group, self.first, self.functions = group, first, functions
            self.remaining = remaining = iter(functions)
            self.paused = False
            try:
                loop(remaining, self.event, snapshot.live, snapshot.saved)
            except Exception as error:
                if passes(error) or self.place < first:  # or no receiver was called
                    raise
                failure = error
            if failure is None and not self.paused and not (snapshot.live and snapshot.changed()):
                return
            self._settle(group, failure)
            first = self.place + 1

    def _run_together(self, group: ConcurrentGroup) -> None:
        self.chosen = []
        if group.asking is not None:
            self._run_group(group.asking)
        places = [
            place
            for place, receiver in enumerate(group.receivers)
            if not receiver.filtered or receiver in self.chosen
        ]
        if not places:
            return
        self.stand_at(group, places[0])
        siblings = Siblings(self, ends_all=lambda error: not self.robust or passes(error))
        calls = [(group.receivers[place], group.functions[place]) for place in places]
        try:
            with disconnected(self):
                outcomes = async_to_sync(siblings.run)(calls)
        finally:
            self.snapshot.restore()  # what they changed in place, in whatever order
        if (exceeded := self.top.exceeded) is not None:
            raise exceeded
        for place, failure in zip(places, outcomes, strict=True):
            if isinstance(failure, Exception):
                self.stand_at(group, place)
                self._record(failure)

    def _settle(self, group: Group, failure: Exception | None) -> None:
        if (exceeded := self.top.exceeded) is not None:
            raise exceeded  # whatever the receiver made of it: nothing that it did is kept
        if group.atomic:
            failure = self._keep_or_undo(failure)
        if self.emitter_error is not None:
            raise self.emitter_error
        if failure is not None:
            vars(self.event).update(self.assigned or {})
            self.snapshot.restore()
            self._record(failure)
        if self.wrote_now:
            self.wrote_now = False
            self.wrote = True
            self.snapshot = self.refreshed()
        elif failure is None:
            self.snapshot.accept()
        if self.assigned:
            self.assigned = None
            self.snapshot = Snapshot(self.event)

    def refreshed(self) -> Snapshot:
        """Bring the payload up to date for the next receiver, and the emitter."""
        with self.between_receivers():
            return refreshed(self.event)

    def _keep_or_undo(self, failure: Exception | None) -> Exception | None:
        if failure is None:
            return self.keep()
        try:
            self.undo(failure)
        except DatabaseError as lost:
            raise failure from lost
        return failure

    def _record(self, failure: Exception) -> None:
        receiver = self.receiver
        self.failures = (*self.failures, (receiver, failure))
        if not self.robust:
            raise failure
        log_failure(receiver, self.event, failure)

    def _raise_failures(self) -> None:
        raising = [(r.name, error) for r, error in self.failures if r.raise_exception]
        if raising:
            names, errors = zip(*raising, strict=True)
            raise ReceiverError(self.event.event_name, names, errors)


def log_failure(receiver: Receiver, event: Event, failure: BaseException) -> None:
    """Log what a receiver has raised (contract section 4)."""
    logger.error(
        "Receiver %s failed on %s: %s",
        receiver.name,
        event.event_name,
        message_of(failure),
        exc_info=failure,
        extra={"receiver": receiver.name, "event": event.event_name},
    )


def passes(error: BaseException) -> bool:
    """Tell whether an error is beyond what undoing one receiver can mend."""
    if isinstance(error, PassesReceivers) or not isinstance(error, Exception):
        return True
    state = getattr(error.__cause__, "sqlstate", None)
    return isinstance(error, DatabaseError) and state in _RUN_AGAIN
