"""The workflow as a Django app."""

from django.apps import AppConfig
from django.core.signals import request_started
from django.db.backends.signals import connection_created

from workflow_events.events.database.immediate_keys import allow_flush
from workflow_events.events.database.lost_connections import close_if_lost
from workflow_events.workflow.lookups.sqlite import register_functions


class WorkflowConfig(AppConfig):
    """Holds the models of the workflow; receivers are loaded by the composition root."""

    name = "workflow_events.workflow"
    label = "workflow"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Prepare every connection for the keys of our tables, and for our lookups."""
        connection_created.connect(allow_flush, dispatch_uid="workflow_events.allow_flush")
        connection_created.connect(
            register_functions, dispatch_uid="workflow_events.register_functions"
        )
        request_started.connect(close_if_lost, dispatch_uid="workflow_events.close_if_lost")
