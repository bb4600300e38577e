"""Delivering once more what has ended."""

from collections.abc import Iterator

from django.db.models import QuerySet
from django.db.models.functions import Coalesce
from django.utils import timezone

from workflow_events.delivery import engines
from workflow_events.delivery.models import FINISHED, Delivery, State
from workflow_events.delivery.operating.changes import Changed, change_in_steps


def redeliver(deliveries: QuerySet[Delivery]) -> int:
    """Have these deliveries done again, with all their attempts; returns how many.

    Takes those that are done, dead or canceled; others are on their way and left as they are. Each
    keeps its place in its stream, and its last error until it is run.
    """
    return sum(step.changed for step in redeliver_in_steps(deliveries))


def redeliver_in_steps(deliveries: QuerySet[Delivery]) -> Iterator[Changed]:
    """Do as `redeliver`, and say after each batch what became of it."""
    return change_in_steps(deliveries, FINISHED, _put_back)


def _put_back(deliveries: list[Delivery]) -> None:
    now = timezone.now()
    Delivery.objects.filter(pk__in=[delivery.pk for delivery in deliveries]).update(
        state=State.PENDING,
        attempts=0,
        due=now,
        lease=None,
        # Tells it from those that come to their turn for the first time.
        started_at=Coalesce("started_at", now),
        finished_at=None,
    )
    engines.nudge()
