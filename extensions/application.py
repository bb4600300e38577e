"""Example receivers for the workflow ``application``, which ``make run`` loads.

An application is filed, two departments review it in parallel, a decision joins them. Each receiver
shows one thing that receivers can do; copy what you need, or delete this file.
"""

import logging

from django.core.exceptions import ValidationError
from django.db.models.signals import post_save
from django.utils import timezone

from workflow_events.events import Event, emit, filter_events, on
from workflow_events.workflow.api import skip_work_item
from workflow_events.workflow.events import (
    filter_by_task,
    filter_by_workflow,
    post_complete_case,
    post_complete_work_item,
    pre_complete_work_item,
    pre_create_case,
)
from workflow_events.workflow.models import WorkItem

logger = logging.getLogger(__name__)

REVIEWS = ("review-technical", "review-legal")
DECISIONS = ("approve", "reject")


@on(pre_create_case)
@filter_events(lambda validated_data: validated_data["workflow"].pk == "application")
def note_receipt(validated_data):
    """Fill ``meta`` before the case is stored: note when the application was received.

    What a ``pre_create_…`` receiver changes in ``validated_data`` is what is stored.
    """
    received = timezone.localdate().isoformat()
    validated_data["meta"] = {"received": received, **(validated_data["meta"] or {})}


@on(pre_complete_work_item, raise_exception=True)
@filter_by_task("decide")
def require_a_decision(context):
    """Veto: a decision is completed only with ``context: "{\\"decision\\": \\"approve\\"}"``.

    With ``raise_exception=True`` an exception rolls the operation back, and the client reads it.
    """
    if not isinstance(context, dict) or context.get("decision") not in DECISIONS:
        raise ValidationError(
            f'Say how you decide: context must hold "decision", one of {", ".join(DECISIONS)}.'
        )


class ReviewSpared(Event, case=lambda work_item: work_item.case_id):
    """Emitted when an objection has spared another department its review.

    An event of your own: declare it, emit it, and receivers of any module get it as they get those
    of the workflow. Not emitted for a review that somebody skips by hand.
    """

    work_item: WorkItem
    objection: str


@on(post_complete_work_item)
@filter_by_task(*REVIEWS)
@filter_events(lambda context: isinstance(context, dict) and context.get("objection"))
def spare_the_other_review(work_item, user, context):
    """Chain the Python API: after an objection the other department need not review.

    The skip is part of the same transaction and emits its own events; with both reviews settled,
    the decision becomes due at once.
    """
    others = work_item.case.work_items.filter(task_id__in=REVIEWS, status="ready")
    for other in others:
        skipped = skip_work_item(other, user, context)
        emit(
            ReviewSpared,
            sender=spare_the_other_review,
            work_item=skipped,
            objection=context["objection"],
        )


@on(post_save, sender=WorkItem)
@filter_events(lambda instance, created: created and instance.task_id in REVIEWS)
def announce_review(instance):
    """Listen to a Django signal: announce new work to the department that has to do it."""
    logger.info("New work: %s (work item %s)", instance.name, instance.pk)


@on(post_complete_case, background=True)
@filter_by_workflow("application")
def tell_the_applicant(case, event):
    """Work in the background: a worker sends the letter, and tries again until it has been sent.

    The key is the same at each attempt, so that a good mail service sends no letter twice.
    """
    logger.info("Letter %s: your application %s is decided", event.envelope.delivery_id, case.pk)
