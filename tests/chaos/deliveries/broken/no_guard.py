"""Lets a worker mark deliveries that others have taken over."""

from typing import Any

from django.db.models import Q

from workflow_events.delivery import ledger


def _whoever_has_it(pk: Any, worker: Any, attempts: Any) -> Q:
    return Q(pk=pk)


ledger._held = _whoever_has_it
