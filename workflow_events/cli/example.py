"""The example workflow: an application is filed, reviewed by two departments, and decided."""

from typing import Final

from django.db import transaction

from workflow_events.workflow import design
from workflow_events.workflow.errors import Conflict
from workflow_events.workflow.models import Workflow
from workflow_events.workflow.users import BaseUser

WORKFLOW: Final = "application"
FILE: Final = "file-application"
REVIEWS: Final = ("review-technical", "review-legal")
DECIDE: Final = "decide"


def load_example() -> str:
    """Create the workflow ``application``, unless it exists; returns what was done."""
    if not _exists():
        try:
            with transaction.atomic():
                _create()
        except Conflict:
            # Another service started at the same time, and was first.
            if not _exists():
                raise
        else:
            return f'Created the example workflow "{WORKFLOW}".'
    return f'The example workflow "{WORKFLOW}" is there already.'


def _exists() -> bool:
    return Workflow.objects.filter(pk=WORKFLOW).exists()


def _create() -> None:
    author = BaseUser("example")
    for slug, name in (
        (FILE, "File the application"),
        (REVIEWS[0], "Review: technical department"),
        (REVIEWS[1], "Review: legal department"),
        (DECIDE, "Decide on the application"),
    ):
        design.save_task(slug, author, name=name)
    design.save_workflow(
        WORKFLOW, author, name="Application", start_tasks=[FILE], is_published=True
    )
    design.add_workflow_flow(WORKFLOW, [FILE], f"{list(REVIEWS)}|tasks", None, author)
    # One flow with two tasks on its left side: the decision waits for both reviews.
    design.add_workflow_flow(WORKFLOW, list(REVIEWS), f"'{DECIDE}'|task", None, author)
