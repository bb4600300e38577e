"""The delivery of events in the background as a Django app."""

from django.apps import AppConfig
from django.db.backends.signals import connection_created

from workflow_events.delivery.start import refuse_wider_transactions
from workflow_events.events.database.immediate_keys import allow_flush
from workflow_events.events.registration.registry import registry


class DeliveryConfig(AppConfig):
    """Holds the event log and the ledger."""

    name = "workflow_events.delivery"
    label = "delivery"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Prepare every connection for the keys of our tables, and store what is emitted.

        Raises `ImproperlyConfigured` for settings that nothing can be delivered with.
        """
        refuse_wider_transactions()
        from workflow_events.delivery import engines  # noqa: PLC0415 (of models)
        from workflow_events.delivery.recording import LedgerRecorder  # noqa: PLC0415 (of models)

        engines.current()
        registry.recorder = LedgerRecorder()
        connection_created.connect(allow_flush, dispatch_uid="workflow_events.allow_flush")
