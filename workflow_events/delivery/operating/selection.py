"""Finding deliveries and logged events by what an operator knows of them."""

from collections.abc import Collection
from datetime import datetime
from typing import Final
from uuid import UUID

from django.db.models import QuerySet

from workflow_events.delivery.models import Delivery, LoggedEvent, State
from workflow_events.events.registry import registry

NEEDS_ATTENTION: Final = (State.PENDING, State.RUNNING, State.DEAD)
"""What is neither done nor canceled."""


def deliveries(
    *,
    states: Collection[str] = (),
    receivers: Collection[str] = (),
    events: Collection[UUID | str] = (),
    cases: Collection[UUID] = (),
    since: datetime | None = None,
    until: datetime | None = None,
) -> QuerySet[Delivery]:
    """Return the deliveries that meet every condition given; each is met by one of its values.

    ``events`` are ids, or names; ``since`` and ``until`` are about the time of storing.
    """
    found = Delivery.objects.all()
    if states:
        found = found.filter(state__in=states)
    if receivers:
        found = found.filter(receiver__in=receivers)
    if events or cases:
        found = found.filter(event__in=logged_events(events=events, cases=cases))
    if since is not None:
        found = found.filter(created_at__gte=since)
    if until is not None:
        found = found.filter(created_at__lt=until)
    return found


def logged_events(
    *,
    events: Collection[UUID | str] = (),
    cases: Collection[UUID] = (),
    since: datetime | None = None,
    until: datetime | None = None,
) -> QuerySet[LoggedEvent]:
    """Return the logged events that meet every condition given; each is met by one of its values.

    ``events`` are ids, or names; ``since`` and ``until`` are about the time of the event.
    """
    found = LoggedEvent.objects.all()
    ids = [event for event in events if isinstance(event, UUID)]
    names = [event for event in events if isinstance(event, str)]
    if ids and names:
        found = found.filter(pk__in=ids) | found.filter(name__in=names)
    elif ids:
        found = found.filter(pk__in=ids)
    elif names:
        found = found.filter(name__in=names)
    if cases:
        found = found.filter(case__in=cases)
    if since is not None:
        found = found.filter(time__gte=since)
    if until is not None:
        found = found.filter(time__lt=until)
    return found


def known_receivers() -> list[str]:
    """Return the names of all receivers that are registered, or that the ledger has rows of."""
    return sorted({*registry.in_background, *_receivers_of_the_ledger()})


def _receivers_of_the_ledger() -> list[str]:
    # From one to the next in the index: DISTINCT would read every row.
    names: list[str] = []
    rows = Delivery.objects.order_by("receiver").values_list("receiver", flat=True)
    name = rows.first()
    while name is not None:
        names.append(name)
        name = rows.filter(receiver__gt=name).first()
    return names
