"""The pages of the ledger, and what can be done there."""

from typing import Any, ClassVar, Final

from django.contrib import admin
from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils.safestring import SafeString
from django.utils.timesince import timesince

from workflow_events.delivery import operating
from workflow_events.delivery.admin.actions import Repair
from workflow_events.delivery.admin.filters import (
    DeliveryAgeFilter,
    EventOfDeliveryFilter,
    ReceiverFilter,
)
from workflow_events.delivery.admin.pages import (
    ReadOnlyPages,
    breakable,
    link_to,
    link_to_case,
    moment,
    preformatted,
    uuid_of,
)
from workflow_events.delivery.models import UNFINISHED, Delivery, LoggedEvent

DUE: Final = moment("due")
REDELIVER: Final = Repair(
    name="redeliver",
    title="Redeliver",
    past="redelivered",
    run=operating.redeliver_in_steps,
    warning="The receivers are called again, also those that have done their work already.",
)
CANCEL: Final = Repair(
    name="cancel",
    title="Cancel",
    past="canceled",
    run=operating.cancel_in_steps,
    warning="What a receiver that runs right now does outside of the database may still happen.",
)


class DeliveryPages(ReadOnlyPages):
    """The list of deliveries, newest first, the page of each, and two actions."""

    list_display = (
        "id",
        "state",
        "receiver_column",
        "event_column",
        "case_column",
        "attempts",
        "due_column",
        "age",
        "first_line",
    )
    list_filter = ("state", ReceiverFilter, EventOfDeliveryFilter, DeliveryAgeFilter)
    list_select_related = ("event",)
    search_fields = ("id", "event__id", "event__case")
    search_help_text = "The number of a delivery, or the id of an event or of a case."
    actions = ("redeliver", "cancel")
    fieldsets: ClassVar[Any] = (
        (None, {"fields": ("state", "receiver", "event_link", "case_link", "stream")}),
        (
            "Attempts",
            {
                "fields": (
                    *("attempts", moment("due"), "worker", moment("lease")),
                    *map(moment, ("created_at", "started_at", "finished_at")),
                )
            },
        ),
        ("Last failure", {"fields": ("whole_error", "whole_traceback")}),
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[Delivery]:
        """Return the deliveries without what only one page shows."""
        return super().get_queryset(request).defer("traceback", "event__content")

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Delivery], search_term: str
    ) -> tuple[QuerySet[Delivery], bool]:
        """Return the delivery with this number, or those of this event or case."""
        term = search_term.strip()
        if not term:
            return queryset, False
        if (key := uuid_of(term)) is not None:
            events = LoggedEvent.objects.filter(Q(pk=key) | Q(case=key))
            return queryset.filter(event__in=events), False
        if term.isascii() and term.isdecimal():
            return queryset.filter(pk=term), False
        return queryset.none(), False

    def has_repair_permission(self, request: HttpRequest) -> bool:
        """Tell whether the account may redeliver and cancel."""
        return request.user.has_perm("delivery.change_delivery")

    @admin.action(description="Redeliver", permissions=["repair"])
    def redeliver(
        self, request: HttpRequest, deliveries: QuerySet[Delivery]
    ) -> HttpResponse | None:
        """Make finished deliveries due again, once that is confirmed."""
        return REDELIVER.answer(self, request, deliveries)

    @admin.action(description="Cancel", permissions=["repair"])
    def cancel(self, request: HttpRequest, deliveries: QuerySet[Delivery]) -> HttpResponse | None:
        """Take deliveries back that are not done, once that is confirmed."""
        return CANCEL.answer(self, request, deliveries)

    @admin.display(description="receiver")
    def receiver_column(self, delivery: Delivery) -> SafeString:
        """Return the name of the receiver."""
        return breakable(delivery.receiver)

    @admin.display(description="event")
    def event_column(self, delivery: Delivery) -> SafeString:
        """Return the name of the event."""
        return breakable(delivery.event.name)

    @admin.display(description="event")
    def event_link(self, delivery: Delivery) -> SafeString:
        """Return a link to the event."""
        return link_to(delivery.event)

    @admin.display(description="case")
    def case_column(self, delivery: Delivery) -> SafeString:
        """Return a short link to all deliveries about the case."""
        return link_to_case("delivery_delivery_changelist", delivery.event.case, short=True)

    @admin.display(description="case")
    def case_link(self, delivery: Delivery) -> SafeString:
        """Return a link to all deliveries about the case."""
        return link_to_case("delivery_delivery_changelist", delivery.event.case)

    @admin.display(description="due")
    def due_column(self, delivery: Delivery) -> str:
        """Return when it is due; nothing where it has ended."""
        return DUE(delivery) if delivery.state in UNFINISHED else "-"

    @admin.display(description="age")
    def age(self, delivery: Delivery) -> str:
        """Return the time since its event, as people say it."""
        return timesince(delivery.event.time, depth=1)

    @admin.display(description="error")
    def first_line(self, delivery: Delivery) -> str:
        """Return what the last failure said first."""
        return delivery.error.strip().partition("\n")[0][:120]

    @admin.display(description="error")
    def whole_error(self, delivery: Delivery) -> SafeString:
        """Return all that the last failure said."""
        return preformatted(delivery.error)

    @admin.display(description="traceback")
    def whole_traceback(self, delivery: Delivery) -> SafeString:
        """Return where it happened."""
        return preformatted(delivery.traceback)
