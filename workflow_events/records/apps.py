"""The records as a Django app."""

from django.apps import AppConfig

from workflow_events.records.listening import listening


class RecordsConfig(AppConfig):
    """Lets models emit the events of records where somebody listens."""

    name = "workflow_events.records"
    label = "workflow_events_records"

    def ready(self) -> None:
        """Follow the registry: signals of a model are connected while one of its events is heard.

        It may stand before or after the app that loads the receivers.
        """
        listening.follow()
