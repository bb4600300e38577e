"""Fills the ledger."""

from tests.delivery.deliveries import ago, deliveries
from workflow_events.delivery.models import FINISHED, State


def one_of_each(**values):
    """Store a delivery in every state, and return their keys by state."""
    keys = {}
    for state in State.values:
        finished = ago(5) if state in FINISHED else None
        values = {"receiver": "mail.send", "name": "post_matter", **values}
        [delivery] = deliveries(None, state=state, finished_at=finished, **values)
        keys[state] = delivery.pk
    return keys
