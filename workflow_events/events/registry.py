"""The one registry of receivers, and the plans prepared from it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from django.apps import apps
from django.db.models import Model
from django.dispatch import Signal

from workflow_events.events import event as events
from workflow_events.events.calls import ALWAYS
from workflow_events.events.checking.problems import Problem, refuse
from workflow_events.events.checking.registrations import problems_of, problems_with
from workflow_events.events.event import Event
from workflow_events.events.phases import Phase
from workflow_events.events.plans import Plan, Watcher, plan_of
from workflow_events.events.receivers import Receiver
from workflow_events.events.senders import is_lasting
from workflow_events.events.targets import Source

if TYPE_CHECKING:
    from workflow_events.events.recording import Recorder
    from workflow_events.events.signals import Bridge


class Registry:
    """Holds the receivers in the order of registration, and one plan per source and sender."""

    def __init__(self) -> None:
        self.loaded = False
        self.receivers: list[Receiver] = []
        self.bridges: dict[Signal, Bridge] = {}
        self._recorder: Recorder | None = None
        self._sequence = 0
        self._plans: dict[tuple[Source, object], Plan] = {}
        # For senders that come and go, such as instances: what is the same for most of them.
        self._listeners: dict[Source, tuple[Receiver, ...]] = {}
        self._plans_of: dict[tuple[Source, tuple[Receiver, ...]], Plan] = {}
        self.followers: list[Callable[[], None]] = []
        """Called whenever receivers came or went."""
        self._watchers: tuple[Watcher, ...] = ()
        self._muted: tuple[Callable[[Receiver], bool], ...] = ()

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
        stores = self._recorder is not None
        return problems_of(receiver, in_background=self.in_background, stores=stores)

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
        if source not in self._listeners:
            found = [r for r in self.receivers if r.means(source)]
            found.sort(key=lambda receiver: (receiver.order, receiver.sequence))
            self._listeners[source] = tuple(found)
        return self._listeners[source]

    def _prepare(self, source: Source, sender: object) -> Plan:
        chosen = tuple([r for r in self.listeners(source) if r.hears(source, sender)])
        for muted in self._muted:
            chosen = tuple([r for r in chosen if not muted(r)])
        if _is_historical(sender):
            chosen = tuple([r for r in chosen if r.phase is not Phase.BACKGROUND])
        plan = self._plans_of.get((source, chosen))
        if plan is None:
            is_open = isinstance(source, Signal)
            carried = ALWAYS if isinstance(source, Signal) else ALWAYS | source.attributes
            plan = self._plans_of[source, chosen] = plan_of(
                chosen,
                carried,
                is_open=is_open,
                logged=self._is_logged(source),
                watchers=self._watchers,
            )
        if is_lasting(sender):
            self._plans[source, sender] = plan
        return plan

    def _is_logged(self, source: Source) -> bool:
        if isinstance(source, Signal) or self._recorder is None:
            return False
        return self._recorder.wants(source)

    def forget_plans(self) -> None:
        """Prepare all plans anew: what they depend on has changed."""
        self._plans.clear()
        self._listeners.clear()
        self._plans_of.clear()

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
    def muted(self, is_muted: Callable[[Receiver], bool]) -> Iterator[None]:
        """Let no receiver of which this is true get what is emitted meanwhile, in this process."""
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
