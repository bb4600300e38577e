"""What the pages of events and deliveries have in common: nothing is edited, lists stay quick."""

import json
import re
from collections.abc import Callable
from typing import Any, Final
from uuid import UUID

from django.contrib import admin
from django.core.paginator import Paginator
from django.db.models import Model
from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone
from django.utils.functional import cached_property
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

COUNTED: Final = 10_000
"""Rows that a list counts; counting a million took longer than showing them."""


class CountingPaginator(Paginator):  # type: ignore[type-arg]
    """Counts to `COUNTED` and one more, so that its cost does not grow with the table."""

    @cached_property
    def count(self) -> int:
        """The number of rows, or ``COUNTED + 1`` where there are more."""
        rows: Any = self.object_list
        count: int = rows.order_by()[: COUNTED + 1].count()
        return count


class ReadOnlyPages(admin.ModelAdmin):  # type: ignore[type-arg]
    """Pages of a model whose rows only the service writes."""

    paginator = CountingPaginator
    show_full_result_count = False
    list_max_show_all = 0
    # Each would count the table once more.
    show_facets = admin.ShowFacets.NEVER
    ordering = ("-pk",)
    # Every other order would sort the whole table.
    sortable_by = ()
    change_list_template = "admin/delivery/change_list.html"

    def has_add_permission(self, request: HttpRequest, *_: Any) -> bool:
        """Refuse: rows come from emissions only."""
        return False

    def has_change_permission(self, request: HttpRequest, *_: Any) -> bool:
        """Refuse: what has happened has happened."""
        return False

    def has_delete_permission(self, request: HttpRequest, *_: Any) -> bool:
        """Refuse: old rows go by `workflow-events prune`, in the right order."""
        return False

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> Any:
        """Show the list, and say where it is not counted to its end."""
        return super().changelist_view(request, {"counted": COUNTED, **(extra_context or {})})


def preformatted(text: str) -> SafeString:
    """Return a text as it is, line by line."""
    if not text:
        return SafeString("-")
    style = "margin: 0; padding: 0; color: inherit; white-space: pre-wrap; overflow-wrap: anywhere"
    return format_html('<pre style="{}">{}</pre>', style, text)


def pretty(content: Any) -> SafeString:
    """Return what JSON holds, indented."""
    return preformatted(json.dumps(content, indent=2, ensure_ascii=False))


def breakable(name: str) -> SafeString:
    """Return a dotted name that may be shown in several lines."""
    parts = ((part,) for part in re.split(r"(?<=[._])", name))
    return format_html_join(SafeString("<wbr>"), "{}", parts)


def moment(field: str) -> Callable[[Model], str]:
    """Return a column that shows a time to the second, as Django's formats do not."""

    @admin.display(description=field.replace("_", " "))
    def column(row: Model) -> str:
        value = getattr(row, field)
        return "-" if value is None else timezone.localtime(value).isoformat(" ", "seconds")

    return column


def link_to(row: Model) -> SafeString:
    """Return a link to the page of a row."""
    url = reverse(f"admin:{row._meta.app_label}_{row._meta.model_name}_change", args=(row.pk,))
    return format_html('<a href="{}">{}</a>', url, row)


def link_to_case(list_name: str, case: UUID | None, *, short: bool = False) -> SafeString:
    """Return a link to the rows of that list that are about a case; short for a column."""
    if case is None:
        return SafeString("-")
    url = reverse(f"admin:{list_name}")
    shown = f"…\N{WORD JOINER}{case.hex[-8:]}" if short else str(case)
    return format_html('<a href="{}?q={}" title="{}">{}</a>', url, case, case, shown)


def uuid_of(text: str) -> UUID | None:
    """Return the UUID that somebody has typed, in any spelling, or nothing."""
    try:
        return UUID(text.strip())
    except ValueError:
        return None
