"""Which case events of the workflow are about: the background keeps their order in it."""

from uuid import UUID

from workflow_events.events import Event
from workflow_events.workflow.models import Case, WorkItem


def _case_of_item(work_item: WorkItem | None) -> UUID | None:
    return None if work_item is None else work_item.case_id


def _case_itself(case: Case | None) -> UUID | None:
    return None if case is None else case.pk


class WorkItemEvent(Event, abstract=True, case=_case_of_item):
    """Base of the events of work items."""


class CaseEvent(Event, abstract=True, case=_case_itself):
    """Base of the events of cases."""
