"""The composition root: listed last, it ties the rooms together when all models are loaded."""

from django.apps import AppConfig


class WorkflowEventsConfig(AppConfig):
    """Registers senders, then loads the receivers."""

    name = "workflow_events"
    label = "workflow_events"
