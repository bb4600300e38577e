"""The filters beside the lists; none of them looks through a whole table for its choices."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from itertools import islice
from typing import Any, ClassVar, Final
from uuid import UUID

from django.contrib import admin
from django.db.models import Exists, Model, OuterRef, QuerySet
from django.http import HttpRequest
from django.utils import timezone

from workflow_events.delivery.models import Delivery, LoggedEvent
from workflow_events.delivery.operating import names_in

MOST_CHOICES: Final = 200
"""Names that a filter offers."""
FEW: Final = 10_000
"""Events that can be collected and sorted for each page."""

AGES: Final = {
    "1h": ("Less than an hour", timedelta(0), timedelta(hours=1)),
    "1d": ("Less than a day", timedelta(0), timedelta(days=1)),
    "7d": ("Less than a week", timedelta(0), timedelta(days=7)),
    "over1h": ("More than an hour", timedelta(hours=1), None),
    "over1d": ("More than a day", timedelta(days=1), None),
    "over7d": ("More than a week", timedelta(days=7), None),
}
"""By the value of the parameter: what is shown, and the limits."""


class NameFilter(admin.SimpleListFilter):
    """Offers the names that a table holds; subclasses say which."""

    column: ClassVar[str]
    table: ClassVar[type[Model]]
    lookup: ClassVar[str]

    def lookups(self, request: HttpRequest, model_admin: Any) -> Iterable[tuple[str, str]]:
        """Return the names in their order."""
        return [(name, name) for name in islice(names_in(self.table, self.column), MOST_CHOICES)]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        """Return the rows with the chosen name."""
        chosen = self.value()
        return queryset if chosen is None else queryset.filter(**{self.lookup: chosen})


class ReceiverFilter(NameFilter):
    """By the receiver of a delivery."""

    title = "receiver"
    parameter_name = lookup = column = "receiver"
    table = Delivery


class EventNameFilter(NameFilter):
    """By the name of an event."""

    title = "name"
    parameter_name = lookup = column = "name"
    table = LoggedEvent


class EventOfDeliveryFilter(EventNameFilter):
    """By the name of a delivery's event."""

    title = "event"
    parameter_name = "event"

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        """Return the deliveries of events with the chosen name."""
        chosen = self.value()
        if chosen is None:
            return queryset
        named = LoggedEvent.objects.filter(name=chosen)
        if not named[FEW : FEW + 1].exists():
            return queryset.filter(event__name=chosen)
        # SQLite would collect them all by name and sort them, 4 s for 280,000; so it looks each
        # delivery up, newest first, and soon has a page.
        return queryset.filter(Exists(named.filter(pk=OuterRef("event_id"))))


class AgeFilter(admin.SimpleListFilter):
    """By the time that has passed since an event; subclasses say by what column they know it."""

    title = "age"
    parameter_name = "age"
    column: ClassVar[str]

    def lookups(self, request: HttpRequest, model_admin: Any) -> Iterable[tuple[str, str]]:
        """Return the ages to choose from."""
        return [(value, shown) for value, (shown, _, _) in AGES.items()]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        """Return the rows of the chosen age."""
        if self.value() not in AGES:
            return queryset
        _, least, most = AGES[str(self.value())]
        now = timezone.now()
        if most is not None:
            return queryset.filter(**{f"{self.column}__gte": _first_id(now - most)})
        return queryset.filter(**{f"{self.column}__lt": _first_id(now - least)})


class DeliveryAgeFilter(AgeFilter):
    """By the age of a delivery's event."""

    column = "event_id"


class EventAgeFilter(AgeFilter):
    """By the age of an event."""

    column = "pk"


def _first_id(moment: datetime) -> UUID:
    """Return what is smaller than the ids of all events from then on: they begin with their time.

    RFC 9562 section 5.7: a UUIDv7 begins with 48 bits of milliseconds since 1970.
    """
    return UUID(int=int(moment.timestamp() * 1000) << 80)
