"""What a trace notes while events are emitted: which receivers they meet, what becomes of each."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from contextvars import ContextVar
from dataclasses import dataclass
from enum import StrEnum
from time import perf_counter
from typing import TYPE_CHECKING, Any, NamedTuple

from workflow_events.events.declaration.event import Event, mark_dry_run
from workflow_events.events.emission import frames
from workflow_events.events.isolation.statements import is_bookkeeping
from workflow_events.events.registration.phases import Phase
from workflow_events.events.registration.receivers import Predicate, Receiver, name_of

if TYPE_CHECKING:
    from django.core.mail import EmailMessage
    from django.db.backends.base.base import BaseDatabaseWrapper


class Outcome(StrEnum):
    """What became of one receiver of an event."""

    RAN = "ran"
    FILTERED = "filtered out"
    """One of its filters did not hold."""
    WRONG_SENDER = "wrong sender"
    FAILED = "failed"
    """It, one of its filters, or the database at the end of what it wrote raised an error."""
    MUTED = "muted"
    NOT_RUN = "not run"
    """It has ``atomic=False`` or ``dry_run=False``, and this is a dry run."""
    AFTER_COMMIT = "after commit"
    BACKGROUND = "in the background"
    """A delivery is recorded for it; in a dry run, would be."""
    IN_LOOP = "in the event loop"
    """It was emitted there without being awaited, and runs when the emitter lets go of the loop."""
    NOT_REACHED = "not reached"
    """The emission had ended before its turn."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """A receiver that means an event, in running order; its outcome where that is known before."""

    receiver: Receiver
    outcome: Outcome | None


class Trace:
    """All that was emitted in one context, in order; what receivers emitted is below them.

    ``statements`` counts the SQL on the default connection, without that of transactions and
    savepoints, and without what isolates receivers and brings instances up to date.
    """

    def __init__(self, connection: BaseDatabaseWrapper, *, dry_run: bool) -> None:
        self.dry_run = dry_run
        self.mails: list[EmailMessage] = []
        """What a dry run did not send (`workflow_events.events.tracing.mail`)."""
        self._connection = connection
        self._callbacks_before = len(connection.run_on_commit)
        self._on_commit: list[str] | None = None
        self.events: list[Emitted] = []
        self.latest: dict[int, Emitted] = {}
        """By the ``id()`` of its occurrence, which it keeps alive."""
        self.statements = 0
        self._start = perf_counter()
        self._end: float | None = None

    @property
    def seconds(self) -> float:
        """How long it has taken, until its end."""
        return (self._end or perf_counter()) - self._start

    @property
    def on_commit(self) -> list[str]:
        """The names of what others have registered for after COMMIT, and has not been called."""
        if self._on_commit is not None:
            return self._on_commit
        registered = self._connection.run_on_commit[self._callbacks_before :]
        return [name_of(entry[1]) for entry in registered]

    def end(self) -> None:
        """Stop the clock."""
        self._end = perf_counter()
        self._on_commit = self.on_commit

    def count(
        self, execute: Callable[..., Any], sql: Any, params: Any, many: bool, context: Any
    ) -> Any:
        """Count a statement on its way to the database."""
        if not is_bookkeeping(sql):
            self.statements += 1
        return execute(sql, params, many, context)


class Run(NamedTuple):
    """One call of a receiver, of its filters alone where it runs in the background."""

    receiver: Receiver
    refused_by: Predicate | None
    """The filter that did not hold."""
    seconds: float
    statements: int
    raised: BaseException | None
    frame: Any
    """The emission that called it."""

    @property
    def error(self) -> BaseException | None:
        """What it raised, or the database when it was settled what it had written."""
        if self.raised is not None:
            return self.raised
        # An emission that is left to an event loop has none: nothing is settled there.
        failures = getattr(self.frame, "failures", ())
        return next((error for receiver, error in failures if receiver is self.receiver), None)

    @property
    def outcome(self) -> Outcome:
        """What became of the receiver."""
        if self.error is not None:
            return Outcome.FAILED
        if self.refused_by is not None:
            return Outcome.FILTERED
        is_asked = self.receiver.phase is Phase.BACKGROUND
        return Outcome.BACKGROUND if is_asked else Outcome.RAN


class Emitted:
    """One occurrence in a trace, and what its receivers made of it.

    As a context manager, its body is the emission.
    """

    __slots__ = ("_start", "below", "candidates", "error", "event", "logged", "noted", "seconds")

    def __init__(self, event: Event, candidates: tuple[Candidate, ...], logged: bool) -> None:
        self.event = event
        self.candidates = candidates
        self.logged = logged
        self.noted: dict[Receiver, tuple[Any, ...]] = {}
        """The members of a `Run` by its receiver: to make one takes longer than to note this."""
        self.below: dict[Receiver, list[Emitted]] = {}
        """What receivers have emitted."""
        self.seconds = 0.0
        self.error: BaseException | None = None
        """What the emitter got."""

    def __enter__(self) -> None:
        trace = current.get()
        if trace is not None:
            trace.latest[id(self.event)] = self
            self._siblings(trace).append(self)
            if trace.dry_run:
                mark_dry_run(self.event)
        self._start = perf_counter()

    def __exit__(self, _type: object, error: BaseException | None, _traceback: object) -> None:
        self.seconds = perf_counter() - self._start
        self.error = error

    def _siblings(self, trace: Trace) -> list[Emitted]:
        frame = frames.current.get()
        around = None if frame is None else trace.latest.get(id(frame.event))
        if frame is None or around is None:
            return trace.events
        return around.below.setdefault(frame.receiver, [])

    @property
    def is_stored(self) -> bool:
        """Whether the event log gets it; in a dry run, would get it."""
        found = (self.outcome_of(candidate) for candidate in self.candidates)
        return self.error is None and (self.logged or Outcome.BACKGROUND in found)

    def run_of(self, receiver: Receiver) -> Run | None:
        """Return the call of a receiver, None where it was not called."""
        noted = self.noted.get(receiver)
        return None if noted is None else Run(receiver, *noted)

    def outcome_of(self, candidate: Candidate) -> Outcome:
        """Return what became of a receiver."""
        if candidate.outcome not in (None, Outcome.AFTER_COMMIT):
            return candidate.outcome
        run = self.run_of(candidate.receiver)
        if run is not None:
            return run.outcome
        if self.error is not None:
            return Outcome.NOT_REACHED
        return _LATER[candidate.receiver.phase]


_LATER = {
    Phase.TRANSACTION: Outcome.IN_LOOP,
    Phase.COMMIT: Outcome.AFTER_COMMIT,
    Phase.BACKGROUND: Outcome.BACKGROUND,
}

current: ContextVar[Trace | None] = ContextVar("workflow_events_trace", default=None)
"""The trace of this context."""


def noting(
    receiver: Receiver, call: Callable[[Event], Predicate | None]
) -> Callable[[Event], None]:
    """Return what calls a receiver and notes what it did.

    ``call`` returns the filter that did not hold.
    """

    def call_and_note(event: Event) -> None:
        trace = current.get()
        emitted = None if trace is None else trace.latest.get(id(event))
        if trace is None or emitted is None:  # after COMMIT, when the trace has ended
            call(event)
            return
        refused_by = error = None
        before, start = trace.statements, perf_counter()
        try:
            refused_by = call(event)
        except BaseException as raised:
            error = raised
            raise
        finally:
            seconds, statements = perf_counter() - start, trace.statements - before
            emitted.noted[receiver] = refused_by, seconds, statements, error, frames.current.get()

    return call_and_note


def awaiting(
    receiver: Receiver, call: Callable[[Event], Awaitable[None]]
) -> Callable[[Event], Awaitable[None]]:
    """Return what awaits a concurrent receiver and notes it; its filters were asked before."""

    async def await_and_note(event: Event) -> None:
        trace = current.get()
        emitted = None if trace is None else trace.latest.get(id(event))
        if emitted is None:
            await call(event)
            return
        error, start = None, perf_counter()
        try:
            await call(event)
        except BaseException as raised:
            error = raised
            raise
        finally:
            # No statements: it may not use the connection.
            seconds = perf_counter() - start
            emitted.noted[receiver] = None, seconds, 0, error, frames.current.get()

    return await_and_note
