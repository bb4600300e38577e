"""The one registry of receivers, and the plans prepared from it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from threading import RLock
from typing import TYPE_CHECKING, Any

from django.apps import apps
from django.db.models import Model
from django.dispatch import Signal

from workflow_events.events.checking.problems import Problem, refuse
from workflow_events.events.checking.registrations import problems_of, problems_with
from workflow_events.events.declaration import event as events
from workflow_events.events.declaration.event import Event
from workflow_events.events.emission.plans import Plan, Watcher, plan_of
from workflow_events.events.registration.calls import ALWAYS
from workflow_events.events.registration.phases import Phase
from workflow_events.events.registration.receivers import Receiver
from workflow_events.events.registration.senders import is_lasting
from workflow_events.events.registration.targets import Source
from workflow_events.events.tracing import traces
from workflow_events.events.tracing.traced_plans import candidates_of, traced_plan

if TYPE_CHECKING:
    from workflow_events.events.emission.recording import Recorder
    from workflow_events.events.registration.signals import Bridge


IsMuted = Callable[[Receiver, Source, object], bool]
"""Takes a receiver, what is emitted, and by whom; tells whether it gets nothing of that."""


class _Prepared:
    """What is worked out of the receivers that there are; others make it worthless."""

    def __init__(self) -> None:
        self.plans: dict[tuple[Source, object], Plan] = {}
        self.listeners: dict[Source, tuple[Receiver, ...]] = {}
        # For senders that come and go, such as instances: what is the same for most of them.
        self.plans_of: dict[tuple[Source, tuple[Receiver, ...]], Plan] = {}
        self.traced: dict[tuple[Source, object, bool], Plan] = {}
        self.traced_of: dict[tuple[Source, tuple[traces.Candidate, ...]], Plan] = {}


class _Asking(dict[tuple[Source, object], Plan]):
    """Stands in the place of the plans while somebody traces: holds none, and asks for each."""

    def __init__(self, prepare: Callable[[Source, object], Plan]) -> None:
        super().__init__()
        self._prepare = prepare

    def __missing__(self, key: tuple[Source, object]) -> Plan:
        return self._prepare(*key)


class Registry:
    """Holds the receivers in the order of registration, and one plan per source and sender."""

    def __init__(self) -> None:
        self.loaded = False
        self.receivers: list[Receiver] = []
        self.bridges: dict[Signal, Bridge] = {}
        self._recorder: Recorder | None = None
        self._sequence = 0
        self._lock = RLock()
        self._tracing = 0
        """How many traces are under way, in all threads."""
        self._prepared = _Prepared()
        self._plans: dict[tuple[Source, object], Plan] = self._prepared.plans
        """Where `plan` looks first: nothing is there while somebody traces."""
        self.followers: list[Callable[[], None]] = []
        """Called whenever receivers came or went, and when all are loaded."""
        self._watchers: tuple[Watcher, ...] = ()
        self._muted: tuple[IsMuted, ...] = ()

    def clock(self) -> int:
        """Return a number that grows with each registration."""
        return self._sequence

    def start(self) -> None:
        """Take the receivers for complete: from now on events are emitted."""
        self.loaded = True
        self._tell_followers()

    def add(self, receiver: Receiver) -> None:
        """Take a receiver; once loading has ended, its targets are checked at once."""
        if self.loaded:
            refuse(self.problems_of(receiver))
        self._sequence += 1
        self.receivers.append(receiver)
        self.forget_plans()
        self._tell_followers()

    def remove(self, is_meant: Callable[[Receiver], bool]) -> bool:
        """Forget the receivers for which this is true; return whether there were any."""
        kept = [receiver for receiver in self.receivers if not is_meant(receiver)]
        found = len(kept) < len(self.receivers)
        if found:
            self.receivers = kept
            self.forget_plans()
            self._tell_followers()
        return found

    @property
    def recorder(self) -> Recorder | None:
        """Who stores events for receivers in the background; None where there are no such."""
        return self._recorder

    @recorder.setter
    def recorder(self, recorder: Recorder | None) -> None:
        self._recorder = recorder
        self.forget_plans()

    @property
    def in_background(self) -> Mapping[str, Receiver]:
        """The receivers in the background by their names."""
        found: dict[str, Receiver] = {}
        for receiver in self.receivers:
            if receiver.background is not None:  # of two with one name, the second is wrong
                found.setdefault(receiver.background.name, receiver)
        return found

    def problems_of(self, receiver: Receiver) -> Iterator[Problem]:
        """Give what stops a receiver from ever working, once all events are declared."""
        in_background = self.in_background if receiver.background else {}
        stores = self._recorder is not None
        return problems_of(receiver, in_background=in_background, stores=stores)

    def registered_since(self, clock: int, function: Callable[..., Any]) -> list[Receiver]:
        """Return the registrations of a function that came after ``clock`` was read."""
        return [r for r in self.receivers if r.sequence >= clock and r.function == function]

    def plan(self, source: Source, sender: object) -> Plan:
        """Return the prepared receivers of an event class or signal for one sender."""
        try:
            return self._plans[source, sender]
        except (KeyError, TypeError):  # TypeError: a sender that cannot be hashed
            return self._prepare(source, sender)

    def listeners(self, source: Source) -> tuple[Receiver, ...]:
        """Return the receivers of an event class or signal, for any sender, in running order."""
        listeners = self._prepared.listeners
        if source not in listeners:
            found = [r for r in self.receivers if r.means(source)]
            found.sort(key=lambda receiver: (receiver.order, receiver.sequence))
            listeners[source] = tuple(found)
        return listeners[source]

    def _prepare(self, source: Source, sender: object) -> Plan:
        # What is prepared while receivers come or go is kept with what is forgotten by then.
        prepared = self._prepared
        if self._tracing:
            trace = traces.current.get()
            if trace is not None:
                try:
                    return prepared.traced[source, sender, trace.dry_run]
                except (KeyError, TypeError):
                    return self._prepare_traced(prepared, source, sender, trace.dry_run)
            if is_lasting(sender) and (source, sender) in prepared.plans:
                return prepared.plans[source, sender]
        chosen = tuple([r for r in self.listeners(source) if r.takes(source, sender)])
        for muted in self._muted:
            chosen = tuple([r for r in chosen if not muted(r, source, sender)])
        if _is_historical(sender):
            chosen = tuple([r for r in chosen if r.phase is not Phase.BACKGROUND])
        plan = prepared.plans_of.get((source, chosen))
        if plan is None:
            plan = prepared.plans_of[source, chosen] = plan_of(chosen, **self._options(source))
        if is_lasting(sender):
            prepared.plans[source, sender] = plan
        return plan

    def _prepare_traced(
        self, prepared: _Prepared, source: Source, sender: object, dry_run: bool
    ) -> Plan:
        candidates = candidates_of(
            self.listeners(source),
            source,
            sender,
            is_muted=lambda receiver: any(m(receiver, source, sender) for m in self._muted),
            is_historical=_is_historical(sender),
            dry_run=dry_run,
        )
        plan = prepared.traced_of.get((source, candidates))
        if plan is None:
            options = self._options(source)
            # A signal that nobody means need not be sent, and so is not seen.
            is_seen = candidates or not options["is_open"]
            plan = traced_plan(candidates, **options) if is_seen else plan_of((), **options)
            prepared.traced_of[source, candidates] = plan
        if is_lasting(sender):
            prepared.traced[source, sender, dry_run] = plan
        return plan

    def _options(self, source: Source) -> dict[str, Any]:
        is_open = isinstance(source, Signal)
        return {
            "carried": ALWAYS if isinstance(source, Signal) else ALWAYS | source.attributes,
            "is_open": is_open,
            "logged": self._is_logged(source),
            "watchers": self._watchers,
        }

    def _is_logged(self, source: Source) -> bool:
        if isinstance(source, Signal) or self._recorder is None:
            return False
        return self._recorder.wants(source)

    def forget_plans(self) -> None:
        """Prepare all plans anew: what they depend on has changed."""
        with self._lock:
            self._prepared = _Prepared()
            self._show_plans()

    def _show_plans(self) -> None:
        self._plans = _Asking(self._prepare) if self._tracing else self._prepared.plans

    @contextmanager
    def tracing(self) -> Iterator[None]:
        """Let each plan be asked for where it is told apart who traces, in this process."""
        with self._lock:
            self._tracing += 1
            self._show_plans()
        try:
            yield
        finally:
            with self._lock:
                self._tracing -= 1
                self._show_plans()

    @contextmanager
    def watched_by(self, watcher: Watcher) -> Iterator[None]:
        """Let somebody see all that is emitted meanwhile, in this process, and what comes of it.

        Cascades are then walked row by row, as when somebody listens.
        """
        watchers, self._watchers = self._watchers, (*self._watchers, watcher)
        self.forget_plans()
        try:
            yield
        finally:
            self._watchers = watchers
            self.forget_plans()

    @contextmanager
    def muted(self, is_muted: IsMuted) -> Iterator[None]:
        """Let no receiver of which this is true get what is emitted meanwhile, in this process.

        The answer for an event and a sender is kept: it must not change meanwhile.
        """
        muted, self._muted = self._muted, (*self._muted, is_muted)
        self.forget_plans()
        try:
            yield
        finally:
            self._muted = muted
            self.forget_plans()

    def _tell_followers(self) -> None:
        for follower in self.followers:
            follower()

    @contextmanager
    def scoped(self) -> Iterator[Registry]:
        """Forget on leaving what was registered or declared inside."""
        receivers, loaded, names = list(self.receivers), self.loaded, dict(events.declared)
        bridges, recorder = dict(self.bridges), self._recorder
        try:
            yield self
        finally:
            self.receivers, self.loaded = receivers, loaded
            for signal in self.bridges.keys() - bridges.keys():
                signal.disconnect(self.bridges.pop(signal).receive)
            self._recorder = recorder
            events.declared.clear()
            events.declared.update(names)
            self.forget_plans()
            self._tell_followers()


def _is_historical(sender: object) -> bool:
    """Tell whether it is a model as a migration makes it: no other process has its rows."""
    if not (isinstance(sender, type) and issubclass(sender, Model)):
        return False
    return sender._meta.apps is not apps


def check_declaration(event: type[Event]) -> None:
    """Raise `RegistrationError` for an event declared after start-up that a receiver cannot take.

    A pattern means it, but it lacks a parameter of the receiver.
    """
    if registry.loaded:
        for receiver in registry.listeners(event):
            refuse(problems_with(receiver, [event]))


registry = Registry()
events.declaration_checks.append(check_declaration)
