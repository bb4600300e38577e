"""Fills the ledger."""

from tests.delivery import deliveries


def one_of_each(**values):
    """Store a delivery in every state, and return their keys by state."""
    stored = deliveries.one_of_each(receiver="mail.send", name="post_matter", **values)
    return {state: delivery.pk for state, delivery in stored.items()}
