"""A cascade in bulk and one row by row end in the same rows, and count the same events.

Contract section 5, "Cascades". The cases are random trees, in any state.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any
from unittest.mock import patch
from uuid import UUID

import pytest
from django.db import transaction
from django.db.models.signals import post_save
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.properties.actors import CALLS, CASE_VERBS
from tests.properties.profile import PROFILE
from tests.properties.worlds import World, look
from tests.workflow.builders import ANN, EVENT_NAMES, new_task
from workflow_events.events import on
from workflow_events.events.registration.registry import registry
from workflow_events.workflow import design
from workflow_events.workflow.errors import InvalidTransition
from workflow_events.workflow.models import Case, WorkItem
from workflow_events.workflow.operation import Operation
from workflow_events.workflow.states import CaseStatus, WorkItemStatus

pytestmark = pytest.mark.django_db

Tree = tuple[str, list[tuple[str, Any]]]
"""A case: its state, and its items, each with its state and its child case, if it has one."""

OPEN = (WorkItemStatus.READY, WorkItemStatus.SUSPENDED)
ITEM_STATES = st.sampled_from([*OPEN * 3, *WorkItemStatus])
CASE_STATES = st.sampled_from([*(CaseStatus.RUNNING, CaseStatus.SUSPENDED) * 3, *CaseStatus])
LEAVES = st.tuples(ITEM_STATES, st.none())
TREES: st.SearchStrategy[Tree] = st.recursive(
    st.tuples(CASE_STATES, st.lists(LEAVES, max_size=3)),
    lambda children: st.tuples(
        CASE_STATES, st.lists(st.tuples(ITEM_STATES, children), min_size=1, max_size=3)
    ),
    max_leaves=6,
)
VERBS = [*CASE_VERBS * 2, *(f"{v}_work_item" for v in ("cancel", "suspend", "resume", "skip"))]


def _nothing() -> None:
    """Listen."""


LISTENERS: dict[str, Callable[[], object]] = {
    "every event": lambda: on(EVENT_NAMES)(_nothing),
    "item events": lambda: on("*_work_item")(_nothing),
    "events of canceled cases": lambda: on("*_cancel_case")(_nothing),
    "the signal of work items": lambda: on(post_save, sender=WorkItem)(_nothing),
    "the signal of cases": lambda: on(post_save, sender=Case)(_nothing),
}


@pytest.mark.parametrize("listener", LISTENERS)
def test_bulk_and_row_by_row_are_the_same(listener: str) -> None:
    @settings(PROFILE, max_examples=PROFILE.max_examples * 3)
    @given(tree=TREES, verb=st.sampled_from(VERBS), place=st.integers(0, 20))
    def compare(tree: Tree, verb: str, place: int) -> None:
        with _undone():
            root = _grow(tree)
            world = look()
            targets = [root, *world.cases] if verb.endswith("case") else [*world.items]
            if not targets:
                return
            target = targets[place % len(targets)]
            alone = _run(world, verb, target, _nothing)
            assert _run(world, verb, target, LISTENERS[listener]) == alone

    new_task("t")
    design.save_workflow("w", ANN, name="w", start_tasks=["t"])
    compare()


def _grow(tree: Tree, family: UUID | None = None) -> UUID:
    """Insert a case with all that is below it, and return its key."""
    status, items = tree
    case = Case(workflow_id="w", family_id=family, status=status)
    case.save()
    for item_status, child in items:
        pk = None if child is None else _grow(child, case.family_id)
        WorkItem(case=case, task_id="t", name="t", status=item_status, child_case_id=pk).save()
    return case.pk


def _run(world: World, verb: str, target: UUID, listen: Callable[[], object]) -> Any:
    """Run an operation, and undo it; return the rows after it, and the events that counted."""
    emitted = []
    emit = Operation.emit

    def count(self: Operation, event_class: Any, **payload: Any) -> None:
        row = payload.get("work_item") or payload.get("case")
        emitted.append((event_class.event_name, row.pk, row.status, row.closed_by_user))
        emit(self, event_class, **payload)

    with _undone(), registry.scoped(), patch.object(Operation, "emit", count):
        listen()
        try:
            CALLS[verb](target, ANN)
        except InvalidTransition as error:
            return str(error)
        return emitted, _without_moments(world, look())


def _without_moments(before: World, after: World) -> dict[UUID, dict[str, Any]]:
    """The rows; of moments only whether they are set, of the last change whether it is new."""
    old = before.rows()
    return {
        pk: {
            **row,
            "closed_at": row["closed_at"] is not None,
            "modified_at": row["modified_at"] != old[pk]["modified_at"],
        }
        for pk, row in after.rows().items()
    }


@contextmanager
def _undone() -> Iterator[None]:
    with transaction.atomic():
        yield
        transaction.set_rollback(True)
