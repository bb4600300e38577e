"""Deciding that something is not to be delivered."""

from collections.abc import Iterator
from datetime import datetime
from itertools import groupby
from typing import Final

from django.db.models import Min, Q, QuerySet
from django.utils import timezone

from workflow_events.delivery import engines
from workflow_events.delivery.models import UNFINISHED, Delivery, State
from workflow_events.delivery.operating.changes import Changed, change_in_steps

CANCELABLE: Final = (State.PENDING, State.RUNNING, State.DEAD)

Streams = dict[tuple[str, str], int]
"""Receiver and stream → the key of a delivery in it."""


def cancel(deliveries: QuerySet[Delivery]) -> int:
    """Have these deliveries never done; returns how many.

    Takes those that are pending, running or dead. What a running one writes to the database is
    undone at its end; what it does elsewhere is done. Whoever waited in its stream is due at once.
    """
    return sum(step.changed for step in cancel_in_steps(deliveries))


def cancel_in_steps(deliveries: QuerySet[Delivery]) -> Iterator[Changed]:
    """Do as `cancel`, and say after each batch what became of it."""
    return change_in_steps(deliveries, CANCELABLE, _put_away)


def _put_away(deliveries: list[Delivery]) -> None:
    now = timezone.now()
    Delivery.objects.filter(pk__in=[delivery.pk for delivery in deliveries]).update(
        state=State.CANCELED, lease=None, finished_at=now
    )
    first: Streams = {}
    for delivery in deliveries:
        if delivery.stream is not None and delivery.state in UNFINISHED:
            first.setdefault((delivery.receiver, delivery.stream), delivery.pk)
    if first:
        _release(first, now)


def _release(canceled: Streams, now: datetime) -> None:
    """Make due what waited for the head of a stream to be tried again, where that was canceled.

    Takes for each stream the first that was canceled: whoever stands before it is the head, and
    the stream goes on waiting with it.
    """
    waiting = Delivery.objects.filter(_in(canceled), finished_at=None)
    heads = {
        (receiver, stream): head
        for receiver, stream, head in waiting.values_list("receiver", "stream").annotate(Min("pk"))
    }
    free = {key: head for key, head in heads.items() if head > canceled[key]}
    if free:
        # What was begun before has a due time of its own.
        put_off = Delivery.objects.filter(_in(free), state=State.PENDING, attempts=0, due__gt=now)
        put_off.update(due=now)
        engines.nudge()


def _in(streams: Streams) -> Q:
    return Q.create(
        [
            Q(receiver=receiver, stream__in=[stream for _, stream in keys])
            for receiver, keys in groupby(sorted(streams), lambda key: key[0])
        ],
        connector=Q.OR,
    )
