"""The composition root: listed last, it ties the rooms together when all models are loaded."""

from django.apps import AppConfig
from django.conf import settings


class WorkflowEventsConfig(AppConfig):
    """Registers the senders, then loads what a deployment adds."""

    name = "workflow_events"
    label = "workflow_events"

    def ready(self) -> None:
        """Import the mutation classes, then the dynamic classes, then the receivers.

        Raises `ImproperlyConfigured` with the setting's name when one of the latter is missing
        or fails to import.
        """
        # Each mutation class tells the domain for which verb it is the sender.
        import workflow_events.graphql.mutations  # noqa: F401
        from workflow_events.events.loading import load_receivers
        from workflow_events.workflow.dynamic import load_dynamic_classes

        load_dynamic_classes()
        load_receivers(settings.EVENT_RECEIVER_MODULES)
