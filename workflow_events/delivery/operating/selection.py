"""Finding deliveries and logged events by what an operator knows of them."""

from collections.abc import Collection, Iterator
from datetime import datetime
from typing import Final
from uuid import UUID

from django.db.models import Model, QuerySet

from workflow_events.delivery.models import Delivery, LoggedEvent, State
from workflow_events.events.registration.registry import registry

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
    return sorted({*registry.in_background, *names_in(Delivery, "receiver")})


def names_in(table: type[Model], column: str) -> Iterator[str]:
    """Give the different values of a column that has an index, in their order.

    From one to the next in the index: DISTINCT would read every row.
    """
    rows = table._default_manager.order_by(column).values_list(column, flat=True)
    name = rows.first()
    while name is not None:
        yield name
        name = rows.filter(**{f"{column}__gt": name}).first()
