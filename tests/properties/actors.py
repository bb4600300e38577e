"""Receivers that take part: they call operations, save what is stale, and fail."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from hypothesis import strategies as st

from tests.properties.designs import TASKS, WORKFLOWS, some
from tests.properties.oracle import TABLE
from tests.workflow.builders import ANN, EVENT_NAMES
from workflow_events.events import on
from workflow_events.workflow import api
from workflow_events.workflow.errors import WorkflowError
from workflow_events.workflow.models import Case, WorkItem

ITEM_VERBS = [
    f"{verb}_work_item" for verb in ("complete", "skip", "cancel", "suspend", "resume", "redo")
]
CASE_VERBS = ["cancel_case", "suspend_case", "resume_case"]
OTHER_VERBS = ["reopen_case", "start_case", "create_work_item"]
CALLS: dict[str, Callable[..., Any]] = {
    "complete_work_item": api.complete_work_item,
    "skip_work_item": api.skip_work_item,
    "cancel_work_item": api.cancel_work_item,
    "suspend_work_item": api.suspend_work_item,
    "resume_work_item": api.resume_work_item,
    "redo_work_item": api.redo_work_item,
    "cancel_case": api.cancel_case,
    "suspend_case": api.suspend_case,
    "resume_case": api.resume_case,
}


@dataclass(frozen=True)
class Action:
    """What a receiver does at its event; ``index`` picks among the rows that are there."""

    at: int
    raises: bool
    """Whether the receiver is registered with ``raise_exception=True``."""
    verb: str | None
    index: int
    task: str
    workflow: str
    choice: tuple[str, ...]
    swallows: bool
    saves: bool
    fails: bool


actions = st.builds(
    Action,
    at=st.integers(1, 8),
    raises=st.booleans(),
    verb=st.sampled_from([None, *ITEM_VERBS, *CASE_VERBS, *OTHER_VERBS]),
    index=st.integers(0, 11),
    task=st.sampled_from(TASKS),
    workflow=st.sampled_from(WORKFLOWS),
    choice=some(TASKS),
    swallows=st.booleans(),
    saves=st.booleans(),
    fails=st.sampled_from([False, False, False, True]),
)


class Failure(Exception):
    """What a failing receiver raises."""


class Actor:
    """Does what the script of the operation says, each at its event."""

    def __init__(self, count: Callable[[], int], context_of: Callable[..., Any]) -> None:
        self.script: list[Action] = []
        self.stale: list[Any] = []
        self._count = count
        self._context_of = context_of
        on(EVENT_NAMES, raise_exception=True)(self.act_and_veto)
        on(EVENT_NAMES)(self.act)

    def prepare(self, script: list[Action]) -> None:
        """Begin an operation; events are counted from now on."""
        start = self._count()
        self.script = [_moved(action, start) for action in script]
        self.stale = [*Case.objects.order_by("pk"), *WorkItem.objects.order_by("pk")]

    def act_and_veto(self, event: Any) -> None:
        """Act; a failure ends the operation."""
        self._act(event, raises=True)

    def act(self, event: Any) -> None:
        """Act; a failure undoes only this."""
        self._act(event, raises=False)

    def _act(self, event: Any, *, raises: bool) -> None:
        due = [a for a in self.script if a.at == self._count() and a.raises == raises]
        for action in due:
            self.script.remove(action)
            self._do(action, event)

    def _do(self, action: Action, event: Any) -> None:
        if action.saves:
            self._save(action, event)
        if action.verb is not None:
            try:
                self._call(action, action.verb)
            except WorkflowError:
                if not action.swallows:
                    raise
        if action.fails:
            raise Failure

    def _save(self, action: Action, event: Any) -> None:
        held = getattr(event, "work_item", None) or getattr(event, "case", None)
        if held is None:
            event.validated_data["meta"] = {"by": "receiver"}
        else:
            held.meta = {"by": "receiver"}
            held.save()
        if self.stale:
            stale = self.stale[action.index % len(self.stale)]
            stale.meta = {"by": "a stale instance"}
            stale.save()

    def _call(self, action: Action, verb: str) -> None:
        context = self._context_of(verb, action.choice)
        items = list(WorkItem.objects.select_related("case").order_by("pk"))
        # Mostly what the state allows, for what is refused leads nowhere.
        fitting = items if action.index % 4 == 0 else [i for i in items if _fits(verb, i)]
        item = fitting[action.index % len(fitting)] if fitting else None
        if verb == "start_case":
            api.start_case(action.workflow, ANN, item, context)
        elif item is None:
            return
        elif verb in ITEM_VERBS:
            CALLS[verb](item, ANN, context)
        elif verb in CASE_VERBS:
            CALLS[verb](item.case, ANN, context)
        elif verb == "reopen_case":
            api.reopen_case(item.case, [item], ANN, context)
        else:
            api.create_work_item(item.case, action.task, ANN, context)


def _fits(verb: str, item: WorkItem) -> bool:
    if verb not in TABLE:
        return item.status == "ready"
    return (item.status if verb in ITEM_VERBS else item.case.status) in TABLE[verb][0]


def _moved(action: Action, start: int) -> Action:
    return Action(**{**vars(action), "at": action.at + start})
