"""The event core as a Django app, for projects that use it alone."""

from django.apps import AppConfig

from workflow_events.events.loading import load_configured_receivers


class EventsConfig(AppConfig):
    """Loads the receivers, wherever it stands in ``INSTALLED_APPS``.

    Listed after apps that declare events in their own ``ready``: the names that receivers listen
    to are checked here (docs/how-to/use-the-core-alone.md).
    """

    name = "workflow_events.events"
    label = "workflow_events_events"

    def ready(self) -> None:
        """Import the modules of ``EVENT_RECEIVER_MODULES``, by default those of each app.

        Raises `ReceiverLoadError` when one fails to import, or has a receiver that cannot work.
        """
        load_configured_receivers()
