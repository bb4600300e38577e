"""The events of work items (contract section 5). Read the docstring of the one that you need."""

from typing import Any

from workflow_events.workflow.events.base import WorkItemEvent
from workflow_events.workflow.models import WorkItem
from workflow_events.workflow.senders import sent_by
from workflow_events.workflow.users import User


class PreCreateWorkItem(
    WorkItemEvent,
    senders=sent_by(
        "start_case",
        "save_case",
        "complete_work_item",
        "skip_work_item",
        "create_work_item",
        "save_work_item",
    ),
):
    """A work item is about to be created, or revived from REDO when its flow comes here again.

    Emitted by startCase and saveCase (create) for every item of the start tasks, by
    completeWorkItem and skipWorkItem for every next item, and by createWorkItem and saveWorkItem
    (create). ``validated_data`` is the live dict that the row is made from; duplicates are weeded
    out before. **Not** emitted for items that wait for a join, nor by redoWorkItem and reopenCase.
    """

    work_item: None
    """Always None: there is no row yet."""
    user: User
    context: Any
    validated_data: dict[str, Any]


class PostCreateWorkItem(
    WorkItemEvent,
    senders=sent_by(
        "start_case",
        "save_case",
        "complete_work_item",
        "skip_work_item",
        "create_work_item",
        "save_work_item",
    ),
):
    """A work item was created, or revived from REDO; it is READY.

    Emitted by startCase and saveCase (create) after ``post_create_case``, by completeWorkItem and
    skipWorkItem once all next items are written, and by createWorkItem and saveWorkItem (create).
    **Not** emitted by redoWorkItem, reopenCase, nor by saveWorkItem of an existing item.
    """

    work_item: WorkItem
    user: User
    context: Any


class PreCompleteWorkItem(WorkItemEvent, senders=sent_by("complete_work_item")):
    """A READY work item of a running case is about to be completed.

    Emitted by completeWorkItem. **Not** emitted when the item is skipped.
    """

    work_item: WorkItem
    user: User
    context: Any


class PostCompleteWorkItem(WorkItemEvent, senders=sent_by("complete_work_item")):
    """A work item was completed; its flow has not been continued yet.

    Emitted by completeWorkItem, before the next items are created or the case is completed.
    **Not** emitted when the item is skipped.
    """

    work_item: WorkItem
    user: User
    context: Any


class PreCancelWorkItem(
    WorkItemEvent, senders=sent_by("cancel_work_item", "cancel_case", "skip_work_item")
):
    """A READY or SUSPENDED work item is about to be canceled.

    Emitted by cancelWorkItem, by cancelCase for every open item, and by both and skipWorkItem for
    the open items of a child case that is canceled with it. **Not** emitted for items in REDO or
    already closed.
    """

    work_item: WorkItem
    user: User
    context: Any


class PostCancelWorkItem(
    WorkItemEvent, senders=sent_by("cancel_work_item", "cancel_case", "skip_work_item")
):
    """A work item was canceled, and its child case before it.

    Emitted by cancelWorkItem, by cancelCase for every open item, and by both and skipWorkItem for
    the open items of a child case that is canceled with it. Its flow is **not** continued, and its
    case stays as it is.
    """

    work_item: WorkItem
    user: User
    context: Any


class PreSkipWorkItem(WorkItemEvent, senders=sent_by("skip_work_item")):
    """A READY work item of a running case is about to be skipped.

    Emitted by skipWorkItem, before its running child case is canceled. **Not** emitted when the
    item is completed.
    """

    work_item: WorkItem
    user: User
    context: Any


class PostSkipWorkItem(WorkItemEvent, senders=sent_by("skip_work_item")):
    """A work item was skipped; its flow has not been continued yet.

    Emitted by skipWorkItem, before the next items are created or the case is completed. **Not**
    emitted when the item is completed.
    """

    work_item: WorkItem
    user: User
    context: Any


class PreSuspendWorkItem(WorkItemEvent, senders=sent_by("suspend_work_item", "suspend_case")):
    """A READY work item is about to be suspended.

    Emitted by suspendWorkItem, by suspendCase for every READY item, and by both for those of a
    child case that is suspended with it. **Not** emitted for items in any other state.
    """

    work_item: WorkItem
    user: User
    context: Any


class PostSuspendWorkItem(WorkItemEvent, senders=sent_by("suspend_work_item", "suspend_case")):
    """A work item was suspended, and its running child case before it.

    Emitted by suspendWorkItem, by suspendCase for every READY item, and by both for those of a
    child case that is suspended with it. **Not** emitted for items in any other state.
    """

    work_item: WorkItem
    user: User
    context: Any


class PreResumeWorkItem(WorkItemEvent, senders=sent_by("resume_work_item", "resume_case")):
    """A SUSPENDED work item is about to be resumed.

    Emitted by resumeWorkItem, by resumeCase for every SUSPENDED item, also one that was suspended
    by itself, and by both for those of a child case that is resumed with it. **Not** emitted by
    reopenCase or redoWorkItem.
    """

    work_item: WorkItem
    user: User
    context: Any


class PostResumeWorkItem(WorkItemEvent, senders=sent_by("resume_work_item", "resume_case")):
    """A work item is READY again after it was suspended, and its child case runs again.

    Emitted by resumeWorkItem, by resumeCase for every SUSPENDED item, and by both for those of a
    child case that is resumed with it. **Not** emitted by reopenCase or redoWorkItem.
    """

    work_item: WorkItem
    user: User
    context: Any


class PreRedoWorkItem(WorkItemEvent, senders=sent_by("redo_work_item")):
    """A work item that was left behind is about to become READY again.

    Emitted by redoWorkItem. **Not** emitted for the items that followed from it, which go to REDO
    silently.
    """

    work_item: WorkItem
    user: User
    context: Any


class PostRedoWorkItem(WorkItemEvent, senders=sent_by("redo_work_item")):
    """A work item is READY again, and all that followed from it is in REDO.

    Emitted by redoWorkItem. **Not** emitted for the items that followed from it, nor when one of
    them is revived later: that is ``post_create_work_item``.
    """

    work_item: WorkItem
    user: User
    context: Any


pre_create_work_item = PreCreateWorkItem
post_create_work_item = PostCreateWorkItem
pre_complete_work_item = PreCompleteWorkItem
post_complete_work_item = PostCompleteWorkItem
pre_cancel_work_item = PreCancelWorkItem
post_cancel_work_item = PostCancelWorkItem
pre_skip_work_item = PreSkipWorkItem
post_skip_work_item = PostSkipWorkItem
pre_suspend_work_item = PreSuspendWorkItem
post_suspend_work_item = PostSuspendWorkItem
pre_resume_work_item = PreResumeWorkItem
post_resume_work_item = PostResumeWorkItem
pre_redo_work_item = PreRedoWorkItem
post_redo_work_item = PostRedoWorkItem
