"""The figures of the ledger for Prometheus: ``/metrics``."""

import logging
from collections.abc import Iterator
from typing import Final

from django.conf import settings
from django.db import Error
from django.http import Http404, HttpRequest, HttpResponse
from django.views.decorators.http import require_safe
from prometheus_client import CollectorRegistry
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.exposition import CONTENT_TYPE_LATEST, generate_latest
from prometheus_client.registry import Collector

from workflow_events.configuration import one_line
from workflow_events.delivery import operating

logger = logging.getLogger("workflow_events.metrics")


class Deliveries(Collector):
    """Asks the ledger whenever somebody reads the metrics: it is the same for every process."""

    def collect(self) -> Iterator[GaugeMetricFamily]:
        """Give the figures as gauges."""
        figures = operating.figures()
        states = GaugeMetricFamily(
            "workflow_events_deliveries",
            "Deliveries to receivers in the background that are in a state.",
            labels=["state"],
        )
        for state in ("pending", "running", "dead"):
            states.add_metric([state], getattr(figures, state))
        yield states
        yield GaugeMetricFamily(
            "workflow_events_deliveries_due",
            "Deliveries that should be run by now, those of workers that have died included.",
            value=figures.due,
        )
        yield GaugeMetricFamily(
            "workflow_events_delivery_oldest_due_seconds",
            "For how long the oldest of these has been due; 0 where nothing is.",
            value=figures.oldest_due_seconds or 0,
        )
        unknown = GaugeMetricFamily(
            "workflow_events_deliveries_unknown_receiver",
            "Unfinished deliveries for a receiver that no module registers here.",
            labels=["receiver"],
        )
        for receiver, number in figures.unknown.items():
            unknown.add_metric([receiver], number)
        yield unknown


# Not the library's own registry: which process of the service answers is chance, so that figures
# of a process would jump.
registry: Final = CollectorRegistry()
registry.register(Deliveries())


@require_safe
def metrics(_request: HttpRequest) -> HttpResponse:
    """Answer in Prometheus' text format; 404 without ENABLE_METRICS, 503 without a database."""
    if not settings.ENABLE_METRICS:
        raise Http404
    try:
        text = generate_latest(registry)
    except Error as error:
        logger.error("No metrics: %s", one_line(f"{type(error).__name__}: {error}"))  # noqa: TRY400
        return HttpResponse(status=503, headers={"Cache-Control": "no-store"})
    headers = {"Cache-Control": "no-store"}
    return HttpResponse(text, content_type=CONTENT_TYPE_LATEST, headers=headers)
