"""The records as a Django app."""

from django.apps import AppConfig

from workflow_events.events.checking.registrations import further_checks, further_warnings
from workflow_events.records.checking import unknown_fields, vain_values
from workflow_events.records.listening import listening

# Here, as another app may load the receivers before this one is ready.
further_checks.append(unknown_fields)
further_warnings.append(vain_values)


class RecordsConfig(AppConfig):
    """Lets models emit the events of records where somebody listens."""

    name = "workflow_events.records"
    label = "workflow_events_records"

    def ready(self) -> None:
        """Follow the registry: signals of a model are connected while one of its events is heard.

        It may stand before or after the app that loads the receivers.
        """
        listening.follow()
