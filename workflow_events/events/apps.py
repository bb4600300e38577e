"""The event core as a Django app, for projects that use it alone."""

from django.apps import AppConfig
from django.conf import settings

from workflow_events.events.loading import load_receivers


class EventsConfig(AppConfig):
    """Loads the receivers; list it last in ``INSTALLED_APPS``."""

    name = "workflow_events.events"
    label = "workflow_events_events"

    def ready(self) -> None:
        """Import the modules of ``EVENT_RECEIVER_MODULES``."""
        load_receivers(settings.EVENT_RECEIVER_MODULES)
