"""What a trace notes while events are emitted: which receivers they meet, what becomes of each."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from contextvars import ContextVar, Token
from dataclasses import dataclass
from enum import StrEnum
from time import perf_counter
from typing import TYPE_CHECKING, Any

from workflow_events.events import frames
from workflow_events.events.event import Event, mark_dry_run
from workflow_events.events.phases import Phase
from workflow_events.events.receivers import Predicate, Receiver, name_of
from workflow_events.events.statements import is_bookkeeping

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
class Place:
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
        """What a dry run did not send (`workflow_events.events.mail`)."""
        self._connection = connection
        self._callbacks_before = len(connection.run_on_commit)
        self._on_commit: list[str] | None = None
        self.trace = self
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
        return [name_of(callback) for _, callback, _ in registered]

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


class Emitted:
    """One occurrence in a trace, and what its receivers made of it.

    As a context manager, its body is the emission.
    """

    __slots__ = ("_start", "error", "event", "logged", "places", "runs", "seconds")

    def __init__(self, event: Event, places: tuple[Place, ...], logged: bool) -> None:
        self.event = event
        self.places = places
        self.logged = logged
        self.runs: dict[Receiver, Run] = {}
        self.seconds = 0.0
        self.error: BaseException | None = None
        """What the emitter got."""

    def __enter__(self) -> None:
        around = current.get()
        if around is not None:
            trace = around.trace
            around.events.append(self)
            trace.latest[id(self.event)] = self
            if trace.dry_run:
                mark_dry_run(self.event)
        self._start = perf_counter()

    def __exit__(self, _type: object, error: BaseException | None, _traceback: object) -> None:
        self.seconds = perf_counter() - self._start
        self.error = error

    @property
    def is_stored(self) -> bool:
        """Whether the event log gets it; in a dry run, would get it."""
        found = (self.outcome_of(place) for place in self.places)
        return self.error is None and (self.logged or Outcome.BACKGROUND in found)

    def outcome_of(self, place: Place) -> Outcome:
        """Return what became of a receiver."""
        if place.outcome not in (None, Outcome.AFTER_COMMIT):
            return place.outcome
        run = self.runs.get(place.receiver)
        if run is not None:
            return run.outcome
        if self.error is not None:
            return Outcome.NOT_REACHED
        return _LATER[place.receiver.phase]


_LATER = {
    Phase.TRANSACTION: Outcome.IN_LOOP,
    Phase.COMMIT: Outcome.AFTER_COMMIT,
    Phase.BACKGROUND: Outcome.BACKGROUND,
}


class Run:
    """One call of a receiver, of its filters alone where it runs in the background.

    As a context manager, its body is the call.
    """

    __slots__ = (
        "_frame",
        "_raised",
        "_start",
        "_token",
        "events",
        "receiver",
        "refused_by",
        "seconds",
        "statements",
        "trace",
    )

    _token: Token[Trace | Run | None]

    def __init__(self, trace: Trace, receiver: Receiver) -> None:
        self.trace = trace
        self.receiver = receiver
        self.events: list[Emitted] = []
        self.refused_by: Predicate | None = None
        """The filter that did not hold."""
        self.seconds = 0.0
        self.statements = trace.statements
        self._frame: Any = frames.current.get()
        self._raised: BaseException | None = None
        self._start = perf_counter()

    def __enter__(self) -> None:
        self._token = current.set(self)

    def __exit__(self, _type: object, error: BaseException | None, _traceback: object) -> None:
        current.reset(self._token)
        self.seconds = perf_counter() - self._start
        self.statements = self.trace.statements - self.statements
        self._raised = error

    @property
    def error(self) -> BaseException | None:
        """What it raised, or the database when it was settled what it had written."""
        if self._raised is not None:
            return self._raised
        failures = self._frame.failures
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


current: ContextVar[Trace | Run | None] = ContextVar("workflow_events_trace", default=None)
"""The receiver that runs in the trace of this context, or the trace itself; None without one."""


def run_traced(receiver: Receiver, call: Callable[[Event], Predicate | None], event: Event) -> None:
    """Call a receiver and note what it did; ``call`` returns the filter that did not hold."""
    run = _run_of(receiver, event)
    if run is None:
        call(event)
        return
    with run:
        run.refused_by = call(event)


async def await_traced(
    receiver: Receiver, call: Callable[[Event], Awaitable[None]], event: Event
) -> None:
    """Await a concurrent receiver and note what it did; its filters were asked before."""
    run = _run_of(receiver, event)
    if run is None:
        await call(event)
        return
    with run:
        await call(event)


def _run_of(receiver: Receiver, event: Event) -> Run | None:
    """Begin to note a call; None after COMMIT, when the trace of the emission has ended."""
    around = current.get()
    emitted = None if around is None else around.trace.latest.get(id(event))
    if around is None or emitted is None:
        return None
    run = emitted.runs[receiver] = Run(around.trace, receiver)
    return run
