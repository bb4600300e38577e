"""Delivering logged events again, or for the first time, to one receiver."""

import logging
from collections.abc import Collection, Iterator
from dataclasses import astuple, dataclass
from functools import partial
from typing import Any
from uuid import UUID

from django.db.models import QuerySet
from django.dispatch import Signal
from django.utils import timezone

from workflow_events.delivery import engines, payload
from workflow_events.delivery.identity import delivery_id_of, stream_of
from workflow_events.delivery.insertion import insert
from workflow_events.delivery.models import UNFINISHED, Delivery, LoggedEvent
from workflow_events.delivery.operating.batches import batches_of_keys, in_transaction
from workflow_events.events.declaration.event import declared
from workflow_events.events.emission.restoring import wants
from workflow_events.events.registration.receivers import Receiver
from workflow_events.events.registration.registry import registry

logger = logging.getLogger("workflow_events.delivery")


class CannotReplay(Exception):
    """The receiver is not registered in the background here, or does not listen to the event."""


@dataclass(frozen=True, kw_only=True)
class Replayed:
    """What became of the events."""

    created: int = 0
    """Delivered to this receiver for the first time."""
    redelivered: int = 0
    """Delivered once more: they were done, dead or canceled."""
    unfinished: int = 0
    """On their way already."""
    skipped: int = 0
    """The receiver's sender or one of its filters says no."""
    failed: int = 0
    """A filter failed; the log says how."""

    def __add__(self, other: "Replayed") -> "Replayed":
        names = self.__dataclass_fields__
        sums = map(sum, zip(astuple(self), astuple(other), strict=True))
        return Replayed(**dict(zip(names, sums, strict=True)))


def replay(events: QuerySet[LoggedEvent], receiver: str) -> Replayed:
    """Deliver logged events to a receiver in the background, in the order in which they happened.

    Takes those that it listens to and that its sender and filters let pass, as they are now. An
    event with an instance that is gone is delivered, too: it ends with that reason. Behind what is
    on its way already in the same stream. Raises `CannotReplay`.
    """
    return sum(replay_in_steps(events, receiver), Replayed())


def replay_in_steps(
    events: QuerySet[LoggedEvent], receiver: str, *, dry_run: bool = False
) -> Iterator[Replayed]:
    """Do as `replay`, and say after each batch what became of it; a dry run stores nothing."""
    chosen = _registered(receiver)
    heard = events.filter(name__in=names_heard_by(receiver))
    return (_replayed(keys, chosen, dry_run=dry_run) for keys in batches_of_keys(heard))


def check_hearing(receiver: str, events: Collection[UUID | str]) -> None:
    """Raise `CannotReplay` for an event, by id or name, that this receiver does not listen to."""
    heard = names_heard_by(receiver)
    ids = [event for event in events if isinstance(event, UUID)]
    names = dict(LoggedEvent.objects.filter(pk__in=ids).values_list("pk", "name"))
    for event in events:
        name = names.get(event) if isinstance(event, UUID) else event
        if name is None:
            raise CannotReplay(f"{event}: there is no such event in the log")
        if name not in heard:
            shown = name if event == name else f"{event}, a {name}"
            raise CannotReplay(
                f"{receiver} does not listen to {shown}; it listens to {', '.join(heard)}"
            )


def names_heard_by(receiver: str) -> list[str]:
    """Return the names of the events that a receiver in the background listens to.

    Raises `CannotReplay` where none of this name is registered.
    """
    found = _registered(receiver)
    names = {name for name, event in declared.items() if found.means(event)}
    signals = [t.wanted for t in found.targets if isinstance(t.wanted, Signal)]
    names.update(registry.bridges[signal].occurrence.event_name for signal in signals)
    return sorted(names)


def _registered(name: str) -> Receiver:
    try:
        return registry.in_background[name]
    except KeyError:
        known = ", ".join(sorted(registry.in_background)) or "none"
        raise CannotReplay(
            f"{name}: no receiver of this name is registered in the background; there are: {known}"
        ) from None


def _replayed(keys: list[UUID], receiver: Receiver, *, dry_run: bool) -> Replayed:
    chosen, skipped, failed = keys, 0, 0
    if receiver.chooses:
        # Before the transaction: what filters look up takes its time.
        verdicts = [(event.pk, _wants(receiver, event)) for event in _events(keys)]
        chosen = [key for key, verdict in verdicts if verdict]
        failed = [verdict for _, verdict in verdicts].count(None)
        skipped = len(verdicts) - len(chosen) - failed
    stored = in_transaction(partial(_store, receiver, dry_run=dry_run), chosen)
    return stored + Replayed(skipped=skipped, failed=failed)


def _events(keys: list[UUID]) -> QuerySet[LoggedEvent]:
    return LoggedEvent.objects.filter(pk__in=keys).order_by("pk")


def _wants(receiver: Receiver, logged: LoggedEvent) -> bool | None:
    """Tell whether sender and filters let an event pass; None where a filter failed."""
    name = receiver.options.name
    try:
        event = payload.decode(logged, delivery_id_of(logged.pk, name))
    except payload.Undeliverable:
        # The receiver gets it, and whoever looks at its dead letter reads why.
        return True
    try:
        return wants(receiver, event)
    except Exception:
        logger.exception("A filter of %s failed with %s; it is not replayed", name, logged)
        return None


def _store(receiver: Receiver, keys: list[Any], *, dry_run: bool) -> Replayed:
    name = receiver.options.name
    # Two operators who replay the same events take turns.
    events = list(_events(keys).select_for_update(no_key=True).only("pk", "case"))
    stored = Delivery.objects.filter(event__in=keys, receiver=name).order_by("pk")
    former = {delivery.event_id: delivery for delivery in stored.select_for_update(no_key=True)}
    on_their_way = {key for key, delivery in former.items() if delivery.state in UNFINISHED}
    due = [event for event in events if event.pk not in on_their_way]
    ended = [former[event.pk] for event in due if event.pk in former]
    if due and not dry_run:
        # New rows, for they are delivered in the order of their keys, which is to be that of the
        # events.
        Delivery.objects.filter(pk__in=[delivery.pk for delivery in ended]).delete()
        insert([_delivery(receiver, event, former.get(event.pk)) for event in due])
        engines.nudge()
    return Replayed(
        created=len(due) - len(ended), redelivered=len(ended), unfinished=len(on_their_way)
    )


def _delivery(receiver: Receiver, event: LoggedEvent, former: Delivery | None) -> Delivery:
    now = timezone.now()
    return Delivery(
        event=event,
        receiver=receiver.options.name,
        stream=stream_of(receiver, event.case),
        due=now,
        created_at=now,
        error=former.error if former else "",
        traceback=former.traceback if former else "",
    )
