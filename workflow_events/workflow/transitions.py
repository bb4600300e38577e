"""The transition table: every verb of a case or a work item, and what it does (design).

One engine walks it (`workflow_events.workflow.engine`). Nothing else writes a status.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Final

from workflow_events.events import Event
from workflow_events.workflow import events, guards
from workflow_events.workflow.guards import Guard
from workflow_events.workflow.models import Case, WorkItem
from workflow_events.workflow.operation import Operation
from workflow_events.workflow.states import CaseStatus, WorkItemStatus
from workflow_events.workflow.succession import later_items
from workflow_events.workflow.writing import put_silently

SilentWrite = Callable[[Operation, Any, Mapping[str, Any]], None]


@dataclass(frozen=True, kw_only=True)
class Cascade:
    """What happens to the items of a case, or to the child case of an item, before the target.

    It happens to those that are in one of ``states``; each walks the row of ``verb``.
    """

    verb: str
    states: frozenset[str]


@dataclass(frozen=True, kw_only=True)
class Transition:
    """From which states a verb leads to which other, and all that goes with it."""

    verb: str
    model: type[Case] | type[WorkItem]
    sources: frozenset[str]
    target: str
    before: type[Event]
    after: type[Event]
    refused: str
    """What the client is told when the target is in no state of ``sources``."""
    guards: tuple[Guard, ...] = ()
    cascade: Cascade | None = None
    silently: SilentWrite | None = None
    """What is written to other rows, without events, just before the target."""
    closes: bool = False
    """Whether ``closed_*`` are filled."""
    reopens: bool = False
    """Whether ``closed_*`` are cleared."""
    signs: bool = True
    """Whether ``modified_by_*`` are filled when it is the operation's own target."""
    continues: bool = False
    """Whether the flow of the item goes on: next items, or the completion of its case."""


@dataclass(frozen=True, kw_only=True)
class Creation:
    """How a verb makes a new row, and all that goes with it."""

    verb: str
    model: type[Case] | type[WorkItem]
    state: str
    before: type[Event]
    after: type[Event]
    items: bool = False
    """Whether the items of the start tasks are created with it."""


def _followers_to_redo(operation: Operation, item: WorkItem, arguments: Mapping[str, Any]) -> None:
    """Put all that followed from the item to REDO, whatever its state (facts 2.6)."""
    put_silently(operation, later_items(item), WorkItemStatus.REDO)


def _named_items_ready(operation: Operation, case: Case, arguments: Mapping[str, Any]) -> None:
    """Make the named items READY, whatever their state (facts 2.3)."""
    put_silently(operation, arguments["work_items"], WorkItemStatus.READY, reopened=True)


TRANSITIONS: Final[Mapping[str, Transition]] = MappingProxyType(
    {
        row.verb: row
        for row in (
            Transition(
                verb="complete_work_item",
                model=WorkItem,
                sources=frozenset({WorkItemStatus.READY}),
                target=WorkItemStatus.COMPLETED,
                before=events.PreCompleteWorkItem,
                after=events.PostCompleteWorkItem,
                refused="Only ready work items can be completed.",
                guards=(guards.case_is_running, guards.child_case_is_not_running),
                closes=True,
                continues=True,
            ),
            Transition(
                verb="skip_work_item",
                model=WorkItem,
                sources=frozenset({WorkItemStatus.READY}),
                target=WorkItemStatus.SKIPPED,
                before=events.PreSkipWorkItem,
                after=events.PostSkipWorkItem,
                refused="Only ready work items can be skipped.",
                guards=(guards.case_is_running,),
                cascade=Cascade(verb="cancel_case", states=frozenset({CaseStatus.RUNNING})),
                closes=True,
                continues=True,
            ),
            Transition(
                verb="cancel_work_item",
                model=WorkItem,
                sources=frozenset({WorkItemStatus.READY, WorkItemStatus.SUSPENDED}),
                target=WorkItemStatus.CANCELED,
                before=events.PreCancelWorkItem,
                after=events.PostCancelWorkItem,
                refused="Only ready or suspended work items can be canceled.",
                cascade=Cascade(
                    verb="cancel_case",
                    states=frozenset({CaseStatus.RUNNING, CaseStatus.SUSPENDED}),
                ),
                closes=True,
            ),
            Transition(
                verb="suspend_work_item",
                model=WorkItem,
                sources=frozenset({WorkItemStatus.READY}),
                target=WorkItemStatus.SUSPENDED,
                before=events.PreSuspendWorkItem,
                after=events.PostSuspendWorkItem,
                refused="Only ready work items can be suspended.",
                cascade=Cascade(verb="suspend_case", states=frozenset({CaseStatus.RUNNING})),
            ),
            Transition(
                verb="resume_work_item",
                model=WorkItem,
                sources=frozenset({WorkItemStatus.SUSPENDED}),
                target=WorkItemStatus.READY,
                before=events.PreResumeWorkItem,
                after=events.PostResumeWorkItem,
                refused="Only suspended work items can be resumed.",
                cascade=Cascade(verb="resume_case", states=frozenset({CaseStatus.SUSPENDED})),
            ),
            Transition(
                verb="redo_work_item",
                model=WorkItem,
                sources=frozenset(WorkItemStatus) - {WorkItemStatus.READY},
                target=WorkItemStatus.READY,
                before=events.PreRedoWorkItem,
                after=events.PostRedoWorkItem,
                refused="Ready work items cannot be redone.",
                guards=(guards.workflow_allows_redo,),
                silently=_followers_to_redo,
            ),
            Transition(
                verb="cancel_case",
                model=Case,
                sources=frozenset({CaseStatus.RUNNING, CaseStatus.SUSPENDED}),
                target=CaseStatus.CANCELED,
                before=events.PreCancelCase,
                after=events.PostCancelCase,
                refused="Only running or suspended cases can be canceled.",
                cascade=Cascade(
                    verb="cancel_work_item",
                    states=frozenset({WorkItemStatus.READY, WorkItemStatus.SUSPENDED}),
                ),
                closes=True,
            ),
            Transition(
                verb="suspend_case",
                model=Case,
                sources=frozenset({CaseStatus.RUNNING}),
                target=CaseStatus.SUSPENDED,
                before=events.PreSuspendCase,
                after=events.PostSuspendCase,
                refused="Only running cases can be suspended.",
                cascade=Cascade(verb="suspend_work_item", states=frozenset({WorkItemStatus.READY})),
            ),
            Transition(
                verb="resume_case",
                model=Case,
                sources=frozenset({CaseStatus.SUSPENDED}),
                target=CaseStatus.RUNNING,
                before=events.PreResumeCase,
                after=events.PostResumeCase,
                refused="Only suspended cases can be resumed.",
                cascade=Cascade(
                    verb="resume_work_item", states=frozenset({WorkItemStatus.SUSPENDED})
                ),
            ),
            Transition(
                verb="reopen_case",
                model=Case,
                sources=frozenset({CaseStatus.COMPLETED, CaseStatus.CANCELED}),
                target=CaseStatus.RUNNING,
                before=events.PreReopenCase,
                after=events.PostReopenCase,
                refused="Only completed or canceled cases can be reopened.",
                guards=(guards.parent_item_is_ready, guards.named_items_can_reopen),
                silently=_named_items_ready,
                reopens=True,
                signs=False,
            ),
            Transition(
                verb="complete_case",
                model=Case,
                sources=frozenset({CaseStatus.RUNNING}),
                target=CaseStatus.COMPLETED,
                before=events.PreCompleteCase,
                after=events.PostCompleteCase,
                refused="Only running cases can be completed.",
                guards=(guards.no_item_is_ready,),
                closes=True,
                signs=False,
            ),
        )
    }
)
"""By verb. ``complete_case`` is no operation of its own: completing the last item does it."""

CREATE_CASE: Final = Creation(
    verb="start_case",
    model=Case,
    state=CaseStatus.RUNNING,
    before=events.PreCreateCase,
    after=events.PostCreateCase,
    items=True,
)
CREATE_WORK_ITEM: Final = Creation(
    verb="create_work_item",
    model=WorkItem,
    state=WorkItemStatus.READY,
    before=events.PreCreateWorkItem,
    after=events.PostCreateWorkItem,
)
CREATIONS: Final[Mapping[str, Creation]] = MappingProxyType(
    {
        "start_case": CREATE_CASE,
        "save_case": CREATE_CASE,
        "create_work_item": CREATE_WORK_ITEM,
        "save_work_item": CREATE_WORK_ITEM,
    }
)
"""By verb; the saving verbs when they create."""


def cascaded_row(row: Transition) -> Transition:
    """Return the row that a row's cascade walks; raises `LookupError` when it has none."""
    if row.cascade is None:
        raise LookupError(f"{row.verb} has no cascade.")
    return TRANSITIONS[row.cascade.verb]


def events_of(verb: str) -> tuple[type[Event], ...]:
    """Return every event that an operation of this verb may emit, cascades included.

    In the order in which the kinds of events first come. Raises `KeyError` for an unknown verb.
    """
    return tuple(dict.fromkeys(_events_of(verb, frozenset())))


def _events_of(verb: str, above: frozenset[str]) -> list[type[Event]]:
    if verb in CREATIONS:
        creation = CREATIONS[verb]
        if not creation.items:
            return [creation.before, creation.after]
        item = CREATE_WORK_ITEM
        return [creation.before, item.before, creation.after, item.after]
    row = TRANSITIONS[verb]
    found = [row.before]
    if row.cascade is not None and row.cascade.verb not in above:
        found += _events_of(row.cascade.verb, above | {verb})
    found.append(row.after)
    if row.continues:
        found += [CREATE_WORK_ITEM.before, CREATE_WORK_ITEM.after]
        found += _events_of("complete_case", above | {verb})
    return found
