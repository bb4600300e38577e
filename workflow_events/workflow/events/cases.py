"""The events of cases (contract section 5). Read the docstring of the one that you need."""

from typing import Any

from django.db.models import QuerySet

from workflow_events.workflow.events.base import CaseEvent
from workflow_events.workflow.models import Case, WorkItem
from workflow_events.workflow.senders import sent_by
from workflow_events.workflow.users import User


class PreCreateCase(CaseEvent, senders=sent_by("start_case", "save_case")):
    """A case is about to be started.

    Emitted by startCase and saveCase (create), first of all. ``validated_data`` is the live dict
    that the row is made from. **Not** emitted by saveCase of an existing case.
    """

    case: None
    """Always None: there is no row yet."""
    user: User
    context: Any
    validated_data: dict[str, Any]


class PostCreateCase(CaseEvent, senders=sent_by("start_case", "save_case")):
    """A case was started; its first work items are written.

    Emitted by startCase and saveCase (create), before ``post_create_work_item`` of its first
    items. **Not** emitted by saveCase of an existing case.
    """

    case: Case
    user: User
    context: Any


class PreCompleteCase(CaseEvent, senders=sent_by("complete_work_item", "skip_work_item")):
    """A running case is about to be completed: no flow leads on, and no item is READY.

    Emitted by completeWorkItem and skipWorkItem of the last item. **Not** emitted when the last
    item is canceled, as the case stays running then, nor when the case itself is canceled.
    """

    case: Case
    user: User
    context: Any


class PostCompleteCase(CaseEvent, senders=sent_by("complete_work_item", "skip_work_item")):
    """A case was completed. Its parent work item, if it has one, stays as it is.

    Emitted by completeWorkItem and skipWorkItem of the last item. **Not** emitted when the last
    item is canceled, as the case stays running then, nor when the case itself is canceled.
    """

    case: Case
    user: User
    context: Any


class PreCancelCase(
    CaseEvent, senders=sent_by("cancel_case", "cancel_work_item", "skip_work_item")
):
    """A running or suspended case is about to be canceled, with its open items.

    Emitted by cancelCase, for child cases of the items canceled with it, by cancelWorkItem for
    the item's child case, and by skipWorkItem for its running one. **Not** emitted for child cases
    that are closed.
    """

    case: Case
    user: User
    context: Any


class PostCancelCase(
    CaseEvent, senders=sent_by("cancel_case", "cancel_work_item", "skip_work_item")
):
    """A case was canceled; its open items have been before it.

    Emitted by cancelCase, for child cases of the items canceled with it, by cancelWorkItem for
    the item's child case, and by skipWorkItem for its running one. **Not** emitted for child cases
    that are closed.
    """

    case: Case
    user: User
    context: Any


class PreSuspendCase(CaseEvent, senders=sent_by("suspend_case", "suspend_work_item")):
    """A running case is about to be suspended, with its READY items.

    Emitted by suspendCase, for running child cases of the items suspended with it, and by
    suspendWorkItem for the item's running child case. **Not** emitted for cases in other states.
    """

    case: Case
    user: User
    context: Any


class PostSuspendCase(CaseEvent, senders=sent_by("suspend_case", "suspend_work_item")):
    """A case was suspended; its READY items have been before it.

    Emitted by suspendCase, for running child cases of the items suspended with it, and by
    suspendWorkItem for the item's running child case. **Not** emitted for cases in other states.
    """

    case: Case
    user: User
    context: Any


class PreResumeCase(CaseEvent, senders=sent_by("resume_case", "resume_work_item")):
    """A suspended case is about to be resumed, with all of its SUSPENDED items.

    Emitted by resumeCase, for suspended child cases of the items resumed with it, and by
    resumeWorkItem for the item's suspended child case. **Not** emitted by reopenCase.
    """

    case: Case
    user: User
    context: Any


class PostResumeCase(CaseEvent, senders=sent_by("resume_case", "resume_work_item")):
    """A case is running again after it was suspended; so are its items.

    Emitted by resumeCase, for suspended child cases of the items resumed with it, and by
    resumeWorkItem for the item's suspended child case. **Not** emitted by reopenCase.
    """

    case: Case
    user: User
    context: Any


class PreReopenCase(CaseEvent, senders=sent_by("reopen_case")):
    """A completed or canceled case is about to run again, with the named items READY.

    Emitted by reopenCase; ``work_items`` are the named ones, still in their old state. **Not**
    emitted by resumeCase, nor when a single item is redone.
    """

    case: Case
    work_items: QuerySet[WorkItem]
    user: User
    context: Any


class PostReopenCase(CaseEvent, senders=sent_by("reopen_case")):
    """A closed case runs again; the named items are READY, which was written silently.

    Emitted by reopenCase; ``work_items`` are the named ones. **Not** emitted by resumeCase, nor
    when a single item is redone.
    """

    case: Case
    work_items: QuerySet[WorkItem]
    user: User
    context: Any


pre_create_case = PreCreateCase
post_create_case = PostCreateCase
pre_complete_case = PreCompleteCase
post_complete_case = PostCompleteCase
pre_cancel_case = PreCancelCase
post_cancel_case = PostCancelCase
pre_suspend_case = PreSuspendCase
post_suspend_case = PostSuspendCase
pre_resume_case = PreResumeCase
post_resume_case = PostResumeCase
pre_reopen_case = PreReopenCase
post_reopen_case = PostReopenCase
