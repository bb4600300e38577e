"""The ledger: who may run which delivery, and what became of it. All of its states change here.

Times are those of the clock of the process that asks, never the database's. A clock that is wrong
delays deliveries, or lets a worker take over what another still runs; the mark of an attempt that
was taken over is refused, whatever the clocks say.
"""

from __future__ import annotations

import functools
import operator
from collections.abc import Collection, Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any, Final

from django.conf import settings
from django.db import transaction
from django.db.models import Count, F, OuterRef, Q, QuerySet, Subquery, Value
from django.db.models.functions import Coalesce
from django.utils import timezone

from workflow_events.delivery.failures import message_of, traceback_of
from workflow_events.delivery.models import Backwards, Delivery, State
from workflow_events.events.database.prepared import Among, Parameter, Prepared, PreparedChange
from workflow_events.events.registration.registry import registry

Stream = tuple[str, str]
"""A receiver, and what is delivered to it one after the other."""

WINDOW: Final = 10
"""How many deliveries one look takes in beyond those that are wanted: others may be just taking
some, and some may wait for earlier ones, behind which they are put off."""

_BLOCKED: Final = timedelta(seconds=1)
"""When to look again where all that is due waits for deliveries that are just being finished."""


class LeaseLost(RuntimeError):
    """An attempt at a delivery has been taken over or canceled; what it did must not be kept."""


def claim(
    worker: str, receivers: Collection[str], limit: int, after: Iterable[Stream] = ()
) -> list[Delivery]:
    """Take what is due, the oldest first, and return it with its events.

    Takes only the first unfinished delivery of each stream, pending or left by a worker whose
    lease has run out. One that has used up its attempts with workers that died is dead instead.
    ``after`` are streams of which a delivery has ended: what was put off behind it may go on.
    """
    let_go(after)
    now = timezone.now()
    heads, _ = _heads(receivers, now, limit)
    keys = [key for key, due in heads if due <= now]
    if not keys:
        return []
    claimed: list[Delivery] = []
    with transaction.atomic():
        for delivery in _locked(limit).rows(keys=keys, now=now):
            if _is_worn_out(delivery):
                _bury(delivery, now)
            elif not _waits_for_a_later_one(delivery):
                claimed.append(delivery)
        if claimed:
            _lend(claimed, worker, now)
    return claimed


def next_due(receivers: Collection[str]) -> datetime | None:
    """Return when the next delivery can be claimed, which may be past; ``None`` if none waits."""
    now = timezone.now()
    heads, is_blocked = _heads(receivers, now, 1)
    times = [due for _, due in heads[:1]]
    if is_blocked:
        times.append(now + _BLOCKED)
    return min(times, default=None)


def something_is_due(receivers: Collection[str]) -> bool:
    """Tell whether there is something to claim now."""
    due = next_due(receivers)
    return due is not None and due <= timezone.now()


def mark_done(delivery: Delivery) -> None:
    """Note that the receiver has returned; to be called in its transaction.

    Raises `LeaseLost` where the delivery is no longer this attempt's: nothing of it may stay.
    """
    if _MARK_DONE.execute(**_attempt(delivery), now=timezone.now()) != 1:
        raise _lost(delivery)


def mark_failed(delivery: Delivery, error: BaseException, due: datetime | None) -> None:
    """Note why the attempt has failed, to be tried again when it is due; ``None``: never.

    Raises `LeaseLost` where the delivery is no longer this attempt's; nothing is noted then.
    """
    now = timezone.now()
    marked = _lent([delivery]).update(
        state=State.DEAD if due is None else State.PENDING,
        due=due or now,
        lease=None,
        finished_at=None if due else now,
        error=message_of(error),
        traceback=traceback_of(error),
    )
    if marked != 1:
        raise _lost(delivery)


def hand_back(deliveries: Sequence[Delivery]) -> int:
    """Give back what was claimed and is not to be run; the attempt does not count.

    Returns how many of them were still lent to those attempts.
    """
    return _lent(deliveries).update(
        state=State.PENDING, due=timezone.now(), lease=None, attempts=F("attempts") - 1
    )


def let_go(streams: Iterable[Stream]) -> None:
    """Make due what was put off behind deliveries of these streams that have ended."""
    now = timezone.now()
    for receiver, stream in sorted(set(streams)):
        _LET_GO.execute(receiver=receiver, stream=stream, now=now)


def renew(deliveries: Sequence[Delivery]) -> int:
    """Extend the leases of what runs; return how many were still lent to those attempts."""
    lease = _lease_from(timezone.now())
    return _lent(deliveries).update(lease=lease, due=lease)


def streams_of(deliveries: Iterable[Delivery]) -> list[Stream]:
    """Return the streams that deliveries are in, to be given to `claim` when they have ended."""
    return [(d.receiver, d.stream) for d in deliveries if d.stream is not None]


def unknown_receivers() -> dict[str, int]:
    """Return the receivers that no code here has, with how many deliveries wait for each."""
    waiting = Delivery.objects.filter(finished_at=None).exclude(receiver__in=registry.in_background)
    return dict(waiting.values_list("receiver").annotate(Count("pk")).order_by("receiver"))


def _heads(
    receivers: Collection[str], now: datetime, wanted: int
) -> tuple[list[tuple[int, datetime]], bool]:
    """Return keys and due times of the first ones of streams, the earliest due first.

    And whether something waits for what is just being finished. Puts off what is due but waits for
    an earlier one of its stream, so that no look has to go through it again: it is due with that.
    """
    while True:
        seen = _window(wanted + WINDOW).rows(receivers=receivers)
        heads = [(key, due) for key, due, _, _, earlier in seen if earlier is None]
        if heads and heads[0][1] <= now:
            return heads, False
        waiting = {(name, stream) for _, due, name, stream, _ in seen if due <= now and stream}
        if not waiting or not _put_off(waiting):
            return heads, bool(waiting)


def _waits_for_a_later_one(delivery: Delivery) -> bool:
    """Tell whether one behind it runs, which was begun before this one was redelivered.

    It is put off behind that one then.
    """
    if delivery.stream is None or delivery.attempts or delivery.started_at is None:
        return False
    stream = _of_stream((delivery.receiver, delivery.stream))
    running = stream.filter(state=State.RUNNING, due__gt=timezone.now()).first()
    if running is not None:
        Delivery.objects.filter(pk=delivery.pk).update(due=running.due)
    return running is not None


def _is_worn_out(delivery: Delivery) -> bool:
    if delivery.state != State.RUNNING:
        return False
    options = registry.in_background[delivery.receiver].background
    return options is not None and delivery.attempts >= options.retry.attempts


def _bury(delivery: Delivery, now: datetime) -> None:
    times = "once" if delivery.attempts == 1 else f"{delivery.attempts} times"
    Delivery.objects.filter(pk=delivery.pk).update(
        state=State.DEAD,
        due=now,
        lease=None,
        finished_at=now,
        error=f"Its worker died {times}.",
        traceback="",
    )


def _lend(deliveries: Sequence[Delivery], worker: str, now: datetime) -> None:
    lease = _lease_from(now)
    _LEND.execute(keys=[d.pk for d in deliveries], worker=worker, now=now, lease=lease)
    for delivery in deliveries:
        delivery.attempts += 1
        delivery.state, delivery.worker, delivery.started_at = State.RUNNING, worker, now
        delivery.lease = delivery.due = lease


def _put_off(streams: Iterable[Stream]) -> int:
    moved = 0
    with transaction.atomic():
        for stream in sorted(streams):
            # Locked, so that whoever finishes it lets go what is put off here.
            for head in _of_stream(stream).select_for_update(skip_locked=True)[:1]:
                behind = _of_stream(stream).filter(pk__gt=head.pk, due__lt=head.due)
                moved += behind.filter(state=State.PENDING).update(due=head.due)
    return moved


def _of_stream(stream: Stream) -> QuerySet[Delivery]:
    unfinished = Delivery.objects.filter(finished_at=None, receiver=stream[0], stream=stream[1])
    return unfinished.order_by(Backwards("id").desc())


def _lease_from(now: datetime) -> datetime:
    return now + timedelta(seconds=settings.WORKER_LEASE)


def _lent(deliveries: Sequence[Delivery]) -> QuerySet[Delivery]:
    """Return those that still are these very attempts'."""
    if not deliveries:
        return Delivery.objects.none()
    held = [_held(**_attempt(delivery)) for delivery in deliveries]
    return Delivery.objects.filter(functools.reduce(operator.or_, held))


def _attempt(delivery: Delivery) -> dict[str, Any]:
    """Return what tells an attempt from all others; by the time, from one before a redelivery."""
    return {name: getattr(delivery, name) for name in _ATTEMPT}


def _held(**attempt: Any) -> Q:
    """Hold for a delivery as long as it is this very attempt's."""
    return Q(**attempt, state=State.RUNNING)


def _lost(delivery: Delivery) -> LeaseLost:
    return LeaseLost(f"Delivery {delivery} is no longer with {delivery.worker}.")


def _given(name: str, as_field: str | None = None) -> Parameter:
    field: Any = Delivery._meta.get_field(as_field or name)
    return Parameter(name, field)


_ATTEMPT: Final = ("id", "worker", "attempts", "started_at")
_STREAM: Final[Any] = _given("receiver"), _given("stream")
_NOW: Final = _given("now", "due")


# From behind: the ends of what is finished lie before it in the index until they are vacuumed.
_EARLIER: Final = Subquery(
    Delivery.objects.alias(backwards=Backwards("id"))
    .filter(
        finished_at=None,
        receiver=OuterRef("receiver"),
        stream=OuterRef("stream"),
        backwards__gt=Backwards(OuterRef("id")),
    )
    .order_by("backwards")
    .values("id")[:1]
)


@functools.lru_cache(maxsize=64)
def _window(size: int) -> Prepared[tuple[int, datetime, str, str | None, int | None]]:
    """Return a query for so many unfinished ones, each with an earlier one of its stream."""

    def rows() -> QuerySet[Delivery, tuple[int, datetime, str, str | None, int | None]]:
        # The function keeps databases from an index on receivers, which is in no order of time.
        named = Delivery.objects.alias(name=Coalesce("receiver", Value("")))
        known = named.filter(Among("name", "receivers", Delivery._meta.get_field("receiver")))
        columns = ("id", "due", "receiver", "stream", _EARLIER)
        unfinished = known.filter(finished_at=None).order_by("due", "id")
        return unfinished.values_list(*columns)[:size]

    return Prepared(rows)


@functools.lru_cache(maxsize=64)
def _locked(limit: int) -> Prepared[Delivery]:
    """Return a query that locks so many of certain ones, as far as nobody else has them."""

    def rows() -> QuerySet[Delivery]:
        due = Delivery.objects.filter(Among("pk", "keys", Delivery._meta.pk), due__lte=_NOW)
        # Looked at again: an earlier one may have been redelivered meanwhile.
        heads = due.alias(earlier=_EARLIER).filter(finished_at=None, earlier=None)
        locked = heads.select_for_update(skip_locked=True, of=("self",))
        return locked.select_related("event").order_by("due", "id")[:limit]

    return Prepared(rows)


_LEND: Final = PreparedChange(
    lambda: Delivery.objects.filter(Among("pk", "keys", Delivery._meta.pk)),
    state=State.RUNNING,
    attempts=F("attempts") + 1,
    worker=_given("worker"),
    started_at=_NOW,
    lease=_given("lease"),
    due=_given("lease"),
)
_MARK_DONE: Final = PreparedChange(
    lambda: Delivery.objects.filter(_held(**{name: _given(name) for name in _ATTEMPT})),
    state=State.DONE,
    due=_NOW,
    lease=None,
    finished_at=_NOW,
)
_LET_GO: Final = PreparedChange(
    # What was begun before has a due time of its own.
    lambda: Delivery.objects.filter(
        pk=Subquery(_of_stream(_STREAM).values("pk")[:1]),
        attempts=0,
        state=State.PENDING,
        due__gt=_NOW,
    ),
    due=_NOW,
)
