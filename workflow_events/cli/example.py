"""The example workflow: an application is filed, reviewed by two departments, and decided."""

from typing import Final

from workflow_events.workflow import design
from workflow_events.workflow.models import Workflow
from workflow_events.workflow.users import BaseUser

WORKFLOW: Final = "application"
FILE: Final = "file-application"
REVIEWS: Final = ("review-technical", "review-legal")
DECIDE: Final = "decide"


def load_example() -> str:
    """Create the workflow ``application``, unless it exists; returns what was done."""
    if Workflow.objects.filter(pk=WORKFLOW).exists():
        return f'The example workflow "{WORKFLOW}" is there already.'
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
    return f'Created the example workflow "{WORKFLOW}".'
