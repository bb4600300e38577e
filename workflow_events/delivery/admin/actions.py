"""An action on deliveries: it asks first, then says how many it has changed."""

import logging
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, Final

from django.contrib import messages
from django.contrib.admin import ModelAdmin
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse

from workflow_events.delivery.models import Delivery
from workflow_events.delivery.operating import Changed

logger = logging.getLogger("workflow_events.admin")

SHOWN: Final = 100
"""Deliveries that the question lists."""


@dataclass(frozen=True, kw_only=True)
class Repair:
    """What `workflow_events.delivery.operating` can do with many deliveries, as an action."""

    name: str
    title: str
    past: str
    run: Callable[[QuerySet[Delivery]], Iterator[Changed]]
    warning: str
    """What whoever confirms it has to know."""

    def answer(
        self,
        pages: ModelAdmin,  # type: ignore[type-arg]
        request: HttpRequest,
        deliveries: QuerySet[Delivery],
    ) -> HttpResponse | None:
        """Ask, or do it once that was confirmed."""
        if "confirmed" not in request.POST:
            return self._ask(pages, request, deliveries)
        outcome = sum(self.run(deliveries), Changed())
        logger.info("%s: %s deliveries, by %s", self.name, outcome.changed, request.user)
        if outcome.changed:
            text = f"{_deliveries(outcome.changed)} {self.past}."
            pages.message_user(request, text, messages.SUCCESS)
        if left := outcome.left.total():
            text = f"{_deliveries(left)} not {self.past}: {_by_state(outcome.left)}."
            pages.message_user(request, text, messages.WARNING)
        return None

    def _ask(
        self,
        pages: ModelAdmin,  # type: ignore[type-arg]
        request: HttpRequest,
        deliveries: QuerySet[Delivery],
    ) -> HttpResponse:
        chosen = deliveries.count()
        shown = deliveries.select_related("event")[:SHOWN]
        context: dict[str, Any] = {
            **pages.admin_site.each_context(request),
            "title": self.title,
            "subtitle": None,
            "opts": pages.opts,
            "media": pages.media,
            "repair": self,
            "chosen": chosen,
            "shown": shown,
            "more": max(0, chosen - SHOWN),
            "selected_name": ACTION_CHECKBOX_NAME,
            "selected": request.POST.getlist(ACTION_CHECKBOX_NAME),
            "across": request.POST.get("select_across") == "1",
        }
        return TemplateResponse(request, "admin/delivery/repair.html", context)


def _deliveries(count: int) -> str:
    return "1 delivery was" if count == 1 else f"{count} deliveries were"


def _by_state(left: Counter[str]) -> str:
    return ", ".join(
        f"{count} {'is' if count == 1 else 'are'} {state}" for state, count in sorted(left.items())
    )
