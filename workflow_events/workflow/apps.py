"""The workflow as a Django app."""

from django.apps import AppConfig


class WorkflowConfig(AppConfig):
    """Holds the models of the workflow; receivers are loaded by the composition root."""

    name = "workflow_events.workflow"
    label = "workflow"
    default_auto_field = "django.db.models.BigAutoField"
