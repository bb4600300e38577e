"""How much is due, and for how long."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Count, Min, Q, QuerySet
from django.utils import timezone

from workflow_events.delivery import ledger
from workflow_events.delivery.models import Delivery, State


@dataclass(frozen=True, kw_only=True)
class Figures:
    """The state of the ledger."""

    pending: int
    running: int
    dead: int
    due: int
    """How many should be run now: pending and due, or running on a lease that has run out."""
    oldest_due_seconds: float | None
    """How long the oldest of these has been due; None where there is none."""
    unknown: dict[str, int]
    """How many unfinished ones there are for receivers that are not registered here."""


def figures() -> Figures:
    """Count what is unfinished or dead; reads nothing that is done."""
    now = timezone.now()
    is_due = Q(due__lte=now)
    unfinished = _unfinished().aggregate(
        pending=Count("pk", filter=Q(state=State.PENDING)),
        running=Count("pk", filter=Q(state=State.RUNNING)),
        number_due=Count("pk", filter=is_due),
        oldest=Min("due", filter=is_due),
    )
    return Figures(
        pending=unfinished["pending"],
        running=unfinished["running"],
        dead=_dead().count(),
        due=unfinished["number_due"],
        oldest_due_seconds=_age(unfinished["oldest"], now),
        unknown=ledger.unknown_receivers(),
    )


def bounded_figures(limit: int) -> dict[str, Any]:
    """Return ``due``, ``oldest_due_seconds`` and ``dead``, counted no further than ``limit``.

    So that it takes no longer the more there is: for who asks every few seconds.
    """
    now = timezone.now()
    due = _unfinished().filter(due__lte=now)
    oldest = due.order_by("due", "pk").values_list("due", flat=True).first()
    return {
        "due": due[:limit].count(),
        "oldest_due_seconds": _age(oldest, now),
        "dead": _dead()[:limit].count(),
    }


def _unfinished() -> QuerySet[Delivery]:
    return Delivery.objects.filter(finished_at=None)


def _dead() -> QuerySet[Delivery]:
    return Delivery.objects.filter(state=State.DEAD)


def _age(moment: datetime | None, now: datetime) -> float | None:
    return None if moment is None else round((now - moment).total_seconds(), 3)
