"""The names that events had in the past, for receivers that still import them."""

from typing import Final

from workflow_events.events import Event
from workflow_events.events.declaration.former_names import register_former_names
from workflow_events.workflow.events import cases, work_items

FORMER_NAMES: Final[dict[str, type[Event]]] = {
    "created_work_item": work_items.PostCreateWorkItem,
    "completed_work_item": work_items.PostCompleteWorkItem,
    "canceled_work_item": work_items.PostCancelWorkItem,
    "cancelled_work_item": work_items.PostCancelWorkItem,
    "skipped_work_item": work_items.PostSkipWorkItem,
    "suspended_work_item": work_items.PostSuspendWorkItem,
    "resumed_work_item": work_items.PostResumeWorkItem,
    "redone_work_item": work_items.PostRedoWorkItem,
    "created_case": cases.PostCreateCase,
    "completed_case": cases.PostCompleteCase,
    "canceled_case": cases.PostCancelCase,
    "cancelled_case": cases.PostCancelCase,
    "suspended_case": cases.PostSuspendCase,
    "resumed_case": cases.PostResumeCase,
    "reopened_case": cases.PostReopenCase,
}

register_former_names(FORMER_NAMES)
