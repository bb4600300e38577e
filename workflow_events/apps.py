"""The composition root: listed last, it ties the rooms together when all models are loaded."""

from django.apps import AppConfig
from django.conf import settings


class WorkflowEventsConfig(AppConfig):
    """Registers the senders, then loads what a deployment adds."""

    name = "workflow_events"
    label = "workflow_events"

    def ready(self) -> None:
        """Import the mutation classes, then the dynamic and access classes, then the receivers.

        Raises `ImproperlyConfigured` with the setting's name when one of the latter is missing
        or fails to import.
        """
        from workflow_events.access.loading import load_access_classes
        from workflow_events.auth.loading import load_authentication
        from workflow_events.events.loading import load_receivers
        from workflow_events.graphql import nodes

        # Importing them also tells the domain which mutation is the sender for which verb.
        from workflow_events.graphql.mutations import Mutation
        from workflow_events.workflow.dynamic import load_dynamic_classes

        load_dynamic_classes()
        load_access_classes(
            permissions=settings.PERMISSION_CLASSES,
            visibilities=settings.VISIBILITY_CLASSES,
            validations=settings.VALIDATION_CLASSES,
            mutation=Mutation,
            nodes=[getattr(nodes, name) for name in nodes.__all__],
        )
        load_authentication()
        load_receivers(settings.EVENT_RECEIVER_MODULES)
