"""Lends deliveries for so long that nobody takes over what a dead worker had."""

from datetime import datetime, timedelta

from workflow_events.delivery import ledger


def _for_a_day(now: datetime) -> datetime:
    return now + timedelta(days=1)


ledger._lease_from = _for_a_day
