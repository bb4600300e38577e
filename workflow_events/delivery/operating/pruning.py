"""Forgetting what is older than EVENT_LOG_RETENTION."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import DEFAULT_DB_ALIAS
from django.db.models import Exists, OuterRef
from django.utils import timezone

from workflow_events.delivery.models import Delivery, LoggedEvent
from workflow_events.delivery.operating.batches import in_batches
from workflow_events.delivery.operating.selection import NEEDS_ATTENTION


@dataclass(frozen=True, kw_only=True)
class Pruned:
    """How many events and deliveries were deleted, and how many old events are kept.

    An event is kept while one of its deliveries is pending, running or dead.
    """

    events: int = 0
    deliveries: int = 0
    kept: int = 0

    def __add__(self, other: "Pruned") -> "Pruned":
        return Pruned(
            events=self.events + other.events,
            deliveries=self.deliveries + other.deliveries,
            kept=self.kept + other.kept,
        )


def prune(before: datetime | None = None) -> Pruned:
    """Delete the events before that time all of whose deliveries are done or canceled.

    Without a time: those older than ``EVENT_LOG_RETENTION`` days; nothing where that is 0.
    """
    return sum(prune_in_steps(before), Pruned())


def prune_in_steps(before: datetime | None = None, *, dry_run: bool = False) -> Iterator[Pruned]:
    """Do as `prune`, and say after each batch what became of it; a dry run deletes nothing."""
    before = before or end_of_retention()
    if before is None:
        return iter(())
    return in_batches(LoggedEvent.objects.filter(time__lt=before), _count if dry_run else _delete)


def end_of_retention() -> datetime | None:
    """Return before what time events are no longer kept; None where they are for ever."""
    days = settings.EVENT_LOG_RETENTION
    return timezone.now() - timedelta(days=days) if days else None


def _delete(keys: list[Any]) -> Pruned:
    # Whoever would deliver one of these events again waits for these locks, or is waited for.
    events = LoggedEvent.objects.filter(pk__in=keys).order_by("pk")
    locked = list(events.select_for_update().values_list("pk", flat=True))
    deliveries = Delivery.objects.filter(event__in=locked).order_by("pk").select_for_update()
    states = list(deliveries.values_list("event", "state"))
    kept = {event for event, state in states if state in NEEDS_ATTENTION}
    gone = [event for event in locked if event not in kept]
    deleted = 0
    if gone:
        # Straight: to find what depends on them, Django would load all the events first.
        deleted = Delivery.objects.filter(event__in=gone)._raw_delete(DEFAULT_DB_ALIAS)
        LoggedEvent.objects.filter(pk__in=gone)._raw_delete(DEFAULT_DB_ALIAS)
    return Pruned(events=len(gone), deliveries=deleted, kept=len(kept))


def _count(keys: list[Any]) -> Pruned:
    needed = Delivery.objects.filter(event=OuterRef("event"), state__in=NEEDS_ATTENTION)
    kept = Delivery.objects.filter(event__in=keys, state__in=NEEDS_ATTENTION)
    number = kept.values("event").distinct().count()
    deliveries = Delivery.objects.filter(~Exists(needed), event__in=keys).count()
    return Pruned(events=len(keys) - number, deliveries=deliveries, kept=number)
