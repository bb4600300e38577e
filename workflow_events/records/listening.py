"""Connecting Django's signals to a model while one of its events is heard, and not otherwise."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from django.apps import apps
from django.db.models import Model
from django.db.models.signals import (
    ModelSignal,
    class_prepared,
    post_delete,
    post_save,
    pre_delete,
    pre_save,
)

from workflow_events.events.checking.problems import CheckId, Problem
from workflow_events.events.checking.registrations import further_checks
from workflow_events.events.registration.definitions import place_of
from workflow_events.events.registration.phases import Phase
from workflow_events.events.registration.receivers import Receiver
from workflow_events.events.registration.registry import registry
from workflow_events.events.registration.senders import names_of
from workflow_events.records import deleting, saving
from workflow_events.records.events import (
    PostCreateRecord,
    PostDeleteRecord,
    PostUpdateRecord,
    PreCreateRecord,
    PreDeleteRecord,
    PreUpdateRecord,
)
from workflow_events.records.heard import NOTHING, Heard, heard_of
from workflow_events.records.senders import emits, sending_models

SAVING: Final[Heard] = frozenset(
    {PreCreateRecord, PostCreateRecord, PreUpdateRecord, PostUpdateRecord}
)
DELETING: Final[Heard] = frozenset({PreDeleteRecord, PostDeleteRecord})
EVENTS: Final[Heard] = SAVING | DELETING

CONNECTIONS: Final[tuple[tuple[ModelSignal, Any, Heard], ...]] = (
    (pre_save, saving.before_save, SAVING),
    (post_save, saving.after_save, SAVING),
    (pre_delete, deleting.before_delete, DELETING),
    (post_delete, deleting.after_delete, DELETING),
)
"""What is connected to which signal of a model while one of these events is heard."""


class Listening:
    """Knows which events of which models are heard, and keeps their signals connected."""

    def __init__(self) -> None:
        self._receivers: list[Receiver] = []
        self._concerned: dict[Receiver, bool] = {}

    def follow(self) -> None:
        """Begin to follow the registry, and the models that are made; a second call does nothing.

        They are made in tests, mostly.
        """
        if self.refresh not in registry.followers:
            registry.followers.append(self.refresh)
            class_prepared.connect(self._model_made, weak=False, dispatch_uid=__name__)
            self.refresh()

    def refresh(self) -> None:
        """Connect and disconnect as the receivers that there are now want it."""
        # What is saved before the receivers are complete is none of their business.
        receivers = self._those_concerned() if registry.loaded else []
        if receivers == self._receivers:
            return
        self._receivers = receivers
        heard = {model: self._heard_by(model) for model in sending_models()} if receivers else {}
        for model in {*heard_of, *heard}:
            self._connect(model, heard.get(model, NOTHING))

    def _those_concerned(self) -> list[Receiver]:
        for receiver in registry.receivers:
            if receiver not in self._concerned:
                self._concerned[receiver] = any(map(receiver.means, EVENTS))
        self._concerned = {receiver: self._concerned[receiver] for receiver in registry.receivers}
        return [receiver for receiver, concerned in self._concerned.items() if concerned]

    def _heard_by(self, model: type[Model]) -> Heard:
        return frozenset(
            event for event in EVENTS if any(r.hears(event, model) for r in self._receivers)
        )

    def _model_made(self, sender: type[Model], **_: Any) -> None:
        if self._receivers and emits(sender):
            self._connect(sender, self._heard_by(sender))

    def _connect(self, model: type[Model], heard: Heard) -> None:
        before = heard_of.get(model, NOTHING)
        heard_of[model] = heard
        for signal, receive, events in CONNECTIONS:
            if heard & events and not before & events:
                signal.connect(receive, sender=model, weak=False, dispatch_uid=__name__)
            elif before & events and not heard & events:
                signal.disconnect(sender=model, dispatch_uid=__name__)
        if not heard:
            del heard_of[model]


listening: Final = Listening()


def _problems_of(receiver: Receiver) -> Iterator[Problem]:
    """Give why a receiver would never hear an event of a record."""
    if not any(map(receiver.means, EVENTS)):
        return
    place = place_of(receiver.function)
    if not apps.is_installed("workflow_events.records"):
        yield Problem(
            CheckId.NOBODY_EMITS,
            f"{receiver.name} listens to records, but nobody emits their events.",
            "Add workflow_events.records to INSTALLED_APPS.",
            place,
        )
    if receiver.phase is Phase.BACKGROUND and _hears_every_model(receiver):
        yield Problem(
            CheckId.EVERY_MODEL_IN_BACKGROUND,
            f"{receiver.name} hears the records of every model in the background, and so those by "
            "which it is delivered, without end.",
            "Name the models.",
            place,
        )
    for target in receiver.targets:
        if target.wanted in EVENTS and target.sender and not issubclass(target.sender, Model):
            yield Problem(
                CheckId.IMPOSSIBLE_SENDER,
                f"{receiver.name} listens to {target}, but {names_of(target.sender)[1]} is no "
                "model.",
                "Give a model in the brackets.",
                place,
            )


def _hears_every_model(receiver: Receiver) -> bool:
    if receiver.senders:
        return any(wish in (Model, object) for wish in receiver.senders.wishes)
    targets = [t for t in receiver.targets if any(map(t.names, EVENTS)) and not t.is_pattern]
    return any(target.sender in (None, Model) for target in targets)


further_checks.append(_problems_of)
