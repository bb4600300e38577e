"""The signals and senders of Django's own page about signals."""

from django.dispatch import Signal

pizza_done = Signal()
pizza_eaten = Signal()


class PizzaStore:
    """Sends."""


class PizzaTruck(PizzaStore):
    """Sends, and is a store."""
