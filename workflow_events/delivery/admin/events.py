"""The pages of the event log."""

from typing import Any, ClassVar

from django.contrib import admin
from django.db.models import Q, QuerySet
from django.http import HttpRequest
from django.utils.safestring import SafeString

from workflow_events.delivery.admin.filters import EventAgeFilter, EventNameFilter
from workflow_events.delivery.admin.pages import (
    ReadOnlyPages,
    link_to,
    link_to_case,
    moment,
    pretty,
    uuid_of,
)
from workflow_events.delivery.models import Delivery, LoggedEvent


class DeliveriesOfEvent(admin.TabularInline):  # type: ignore[type-arg]
    """The deliveries of an event, on its page."""

    model = Delivery
    fields: ClassVar[Any] = ("receiver", "state", "attempts", moment("due"), moment("finished_at"))
    readonly_fields = fields
    ordering = ("pk",)
    show_change_link = True
    can_delete = False

    def has_add_permission(self, request: HttpRequest, *_: Any) -> bool:
        """Refuse: rows come from emissions only."""
        return False

    def has_change_permission(self, request: HttpRequest, *_: Any) -> bool:
        """Refuse: what has happened has happened."""
        return False


class LoggedEventPages(ReadOnlyPages):
    """The list of events, newest first, and what was stored of each."""

    list_display = ("name", moment("time"), "case_column", "username", "sender")
    list_filter = (EventNameFilter, EventAgeFilter)
    search_fields = ("id", "case", "username")
    search_help_text = "The id of an event or of a case, or the name of a user."
    fields: ClassVar[Any] = (
        *("name", "id", moment("time"), "sender"),
        *("cause_link", "case_link", "username", "envelope"),
    )
    inlines = (DeliveriesOfEvent,)

    def get_queryset(self, request: HttpRequest) -> QuerySet[LoggedEvent]:
        """Return the events without what was stored of them, which only one page shows."""
        return super().get_queryset(request).defer("content")

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[LoggedEvent], search_term: str
    ) -> tuple[QuerySet[LoggedEvent], bool]:
        """Return the event with this id, those of this case, or those of this user."""
        if not search_term:
            return queryset, False
        key = uuid_of(search_term)
        found = Q(username=search_term.strip())
        if key is not None:
            found |= Q(pk=key) | Q(case=key)
        return queryset.filter(found), False

    @admin.display(description="case")
    def case_column(self, event: LoggedEvent) -> SafeString:
        """Return a short link to all events of the case."""
        return link_to_case("delivery_loggedevent_changelist", event.case, short=True)

    @admin.display(description="case")
    def case_link(self, event: LoggedEvent) -> SafeString:
        """Return a link to all events of the case."""
        return link_to_case("delivery_loggedevent_changelist", event.case)

    @admin.display(description="cause")
    def cause_link(self, event: LoggedEvent) -> SafeString | str:
        """Return a link to the event whose receiver emitted this one, if that one is stored."""
        if event.cause is None:
            return "-"
        cause = LoggedEvent.objects.defer("content").filter(pk=event.cause).first()
        return str(event.cause) if cause is None else link_to(cause)

    @admin.display(description="envelope")
    def envelope(self, event: LoggedEvent) -> SafeString:
        """Return payload, user and context, indented."""
        return pretty(event.content)
