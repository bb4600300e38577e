"""The states of a case and of a work item, and what each means."""

from django.db import models


class CaseStatus(models.TextChoices):
    """Where a case stands. Only the engine writes it."""

    RUNNING = "running", "Work items can be completed and new ones are created."
    COMPLETED = "completed", "The last flow has ended; the case was closed by the engine."
    CANCELED = "canceled", "Ended by cancelCase, with every open work item."
    SUSPENDED = "suspended", "Paused by suspendCase until resumeCase."


class WorkItemStatus(models.TextChoices):
    """Where a work item stands. Only the engine writes it."""

    READY = "ready", "Waiting to be worked on."
    COMPLETED = "completed", "Done; its flow was continued."
    CANCELED = "canceled", "Ended without continuing its flow."
    SKIPPED = "skipped", "Passed over; its flow was continued as if it were completed."
    SUSPENDED = "suspended", "Paused until it, or its case, is resumed."
    REDO = "redo", "An earlier item is being redone; revived if the flow comes here again."
