"""Stores deliveries after COMMIT, so that a process may die between the two."""

from collections.abc import Sequence
from typing import Any

from django.db import transaction

from workflow_events.delivery.recording import LedgerRecorder

_store = LedgerRecorder.store


def _store_later(self: LedgerRecorder, records: Sequence[Any]) -> None:
    def store() -> None:
        with transaction.atomic():
            _store(self, records)

    transaction.on_commit(store)


LedgerRecorder.store = _store_later  # type: ignore[method-assign]
