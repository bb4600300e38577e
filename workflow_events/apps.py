"""The composition root: listed last, it ties the rooms together when all models are loaded."""

from django.apps import AppConfig
from django.conf import settings


class WorkflowEventsConfig(AppConfig):
    """Registers the senders and what receivers in the background get, then loads what is added."""

    name = "workflow_events"
    label = "workflow_events"

    def ready(self) -> None:
        """Import the mutation classes, then the dynamic and access classes, then the receivers.

        How users and the rows of the workflow are stored with events stands here, too.
        Raises `ImproperlyConfigured` with the setting's name when one of the latter is missing
        or fails to import.
        """
        from workflow_events.access.loading import load_access_classes
        from workflow_events.auth.loading import load_authentication
        from workflow_events.events.loading import load_receivers
        from workflow_events.graphql import nodes

        # Importing them also tells the domain which mutation is the sender for which verb.
        from workflow_events.graphql.mutations import DryRun, Mutation
        from workflow_events.workflow.dynamic import load_dynamic_classes

        _register_encoders()
        load_dynamic_classes()
        load_access_classes(
            permissions=settings.PERMISSION_CLASSES,
            visibilities=settings.VISIBILITY_CLASSES,
            validations=settings.VALIDATION_CLASSES,
            mutation=Mutation,
            nodes=[getattr(nodes, name) for name in nodes.__all__],
            granted=[DryRun],
        )
        load_authentication()
        load_receivers(settings.EVENT_RECEIVER_MODULES)


def _register_encoders() -> None:
    from workflow_events.delivery import payload
    from workflow_events.workflow.models import Case, WorkItem
    from workflow_events.workflow.reading import RELATIONS, find
    from workflow_events.workflow.users import AnonymousUser, BaseUser, User, described, restored

    # The last one is whatever has their attributes.
    payload.register((BaseUser, AnonymousUser, User), "user", encode=described, decode=restored)
    payload.register_model(Case, load=lambda pk: find(pk, Case), related=RELATIONS[Case])
    payload.register_model(
        WorkItem, load=lambda pk: find(pk, WorkItem), related=RELATIONS[WorkItem]
    )
