"""The table "Order within one operation" of the contract, section 5, row by row.

Each event is compared with its sender, the state in the database at that moment, and the context.
"""

from typing import Any

import pytest

from tests.workflow.builders import (
    ANN,
    Emitted,
    Recorder,
    complete,
    item,
    record,
    state,
    statuses,
    workflow,
)
from workflow_events.events import on
from workflow_events.events.emission.dispatch import deliver
from workflow_events.workflow import api, operation
from workflow_events.workflow.models import Case, WorkItem

pytestmark = pytest.mark.django_db

CONTEXT = {"why": ["a", 1]}


def assert_order(recorder: Recorder, sender: str, *expected: tuple[str, str, str | None]) -> None:
    assert list(recorder) == [Emitted(*row, sender, CONTEXT) for row in expected]


def nested_case() -> tuple[Case, Case, Case]:
    """A case with items a, b; b has a child case with items x, y; y has one with item z."""
    workflow("a; b", slug="outer", start="a b")
    workflow("x; y", slug="middle", start="x y")
    workflow("z", slug="inner")
    outer = api.start_case("outer", ANN)
    middle = api.start_case("middle", ANN, item(outer, "b"))
    inner = api.start_case("inner", ANN, item(middle, "y").pk)
    return outer, middle, inner


def test_start_case() -> None:
    """pre_create_case → (case, link to parent item) → pre_create_work_item* → (items) →
    post_create_case → post_create_work_item*"""
    workflow("a; b", start="a b")
    recorder = record()
    api.start_case("flow", ANN, context=CONTEXT)
    assert_order(
        recorder,
        "start_case",
        ("pre_create_case", "flow", None),
        ("pre_create_work_item", "a", None),
        ("pre_create_work_item", "b", None),
        ("post_create_case", "flow", "running"),
        ("post_create_work_item", "a", "ready"),
        ("post_create_work_item", "b", "ready"),
    )


def test_complete_creates_the_next_items() -> None:
    """pre_complete_work_item → (item) → post_complete_work_item → then continue:
    next items due: pre_create_work_item* → (items) → post_create_work_item*"""
    workflow("a -> b c")
    case = api.start_case("flow", ANN)
    recorder = record()
    api.complete_work_item(item(case, "a"), ANN, CONTEXT)
    assert_order(
        recorder,
        "complete_work_item",
        ("pre_complete_work_item", "a", "ready"),
        ("post_complete_work_item", "a", "completed"),
        ("pre_create_work_item", "b", None),
        ("pre_create_work_item", "c", None),
        ("post_create_work_item", "b", "ready"),
        ("post_create_work_item", "c", "ready"),
    )


def test_complete_closes_the_case() -> None:
    """Nothing left: pre_complete_case → (case) → post_complete_case."""
    workflow("a")
    case = api.start_case("flow", ANN)
    recorder = record()
    api.complete_work_item(item(case, "a"), ANN, CONTEXT)
    assert_order(
        recorder,
        "complete_work_item",
        ("pre_complete_work_item", "a", "ready"),
        ("post_complete_work_item", "a", "completed"),
        ("pre_complete_case", "flow", "running"),
        ("post_complete_case", "flow", "completed"),
    )


def test_waiting_for_a_join_emits_nothing() -> None:
    """Waiting for a join or for siblings: nothing."""
    workflow("a b -> c", start="a b")
    case = api.start_case("flow", ANN)
    recorder = record()
    api.complete_work_item(item(case, "a"), ANN, CONTEXT)
    assert_order(
        recorder,
        "complete_work_item",
        ("pre_complete_work_item", "a", "ready"),
        ("post_complete_work_item", "a", "completed"),
    )


def test_waiting_for_siblings_emits_nothing() -> None:
    """Waiting for a join or for siblings: nothing."""
    workflow(
        "a -> b",
        tasks={"a": {"is_multiple_instance": True, "address_groups": "['p', 'q']|groups"}},
    )
    case = api.start_case("flow", ANN)
    recorder = record()
    first = WorkItem.objects.filter(case=case).first()
    api.complete_work_item(first, ANN, CONTEXT)
    assert_order(
        recorder,
        "complete_work_item",
        ("pre_complete_work_item", "a", "ready"),
        ("post_complete_work_item", "a", "completed"),
    )


def test_skip() -> None:
    """pre_skip_work_item → cancel of a running child case → (item) → post_skip_work_item → then
    continue"""
    workflow("a -> b", slug="outer")
    workflow("x", slug="middle")
    outer = api.start_case("outer", ANN)
    api.start_case("middle", ANN, item(outer, "a"))
    recorder = record()
    api.skip_work_item(item(outer, "a"), ANN, CONTEXT)
    assert_order(
        recorder,
        "skip_work_item",
        ("pre_skip_work_item", "a", "ready"),
        ("pre_cancel_case", "middle", "running"),
        ("pre_cancel_work_item", "x", "ready"),
        ("post_cancel_work_item", "x", "canceled"),
        ("post_cancel_case", "middle", "canceled"),
        ("post_skip_work_item", "a", "skipped"),
        ("pre_create_work_item", "b", None),
        ("post_create_work_item", "b", "ready"),
    )


def cascade(verb: str, before: str, after: str, case_before: str, case_after: str) -> list[Any]:
    """The documented order of cancel, suspend and resume for `nested_case`."""

    def around(what: str, of: str, *inner: tuple[Any, ...]) -> list[tuple[Any, ...]]:
        old, new = (before, after) if what == "work_item" else (case_before, case_after)
        return [(f"pre_{verb}_{what}", of, old), *inner, (f"post_{verb}_{what}", of, new)]

    z = around("work_item", "z")
    y = around("work_item", "y", *around("case", "inner", *z))
    b = around("work_item", "b", *around("case", "middle", *around("work_item", "x"), *y))
    return around("case", "outer", *around("work_item", "a"), *b)


def test_cancel_case() -> None:
    """pre_cancel_case → per item: cancel item → (case) → post_cancel_case; cancel item:
    pre_cancel_work_item → CancelCase sequence of its child case → (item) → post_…"""
    outer, _, _ = nested_case()
    recorder = record()
    api.cancel_case(outer, ANN, CONTEXT)
    assert_order(
        recorder, "cancel_case", *cascade("cancel", "ready", "canceled", "running", "canceled")
    )


def test_suspend_case() -> None:
    """pre_… → per item: suspend item → (case) → post_…"""
    outer, _, _ = nested_case()
    recorder = record()
    api.suspend_case(outer, ANN, CONTEXT)
    assert_order(
        recorder, "suspend_case", *cascade("suspend", "ready", "suspended", "running", "suspended")
    )


def test_resume_case() -> None:
    """pre_… → per item: resume item → (case) → post_…"""
    outer, _, _ = nested_case()
    api.suspend_case(outer, ANN)
    recorder = record()
    api.resume_case(outer, ANN, CONTEXT)
    assert_order(
        recorder, "resume_case", *cascade("resume", "suspended", "ready", "suspended", "running")
    )


@pytest.mark.parametrize(
    ("verb", "old", "new", "case_old", "case_new"),
    [
        ("cancel", "ready", "canceled", "running", "canceled"),
        ("suspend", "ready", "suspended", "running", "suspended"),
        ("resume", "suspended", "ready", "suspended", "running"),
    ],
)
def test_items_with_a_child_case(
    verb: str, old: str, new: str, case_old: str, case_new: str
) -> None:
    """SuspendWorkItem / ResumeWorkItem: pre_… → the child case's sequence → (item) → post_…
    CancelWorkItem: pre_cancel_work_item → CancelCase sequence of its child case → (item) → …"""
    outer, _, _ = nested_case()
    operations = {
        "cancel": api.cancel_work_item,
        "suspend": api.suspend_work_item,
        "resume": api.resume_work_item,
    }
    if verb == "resume":
        api.suspend_work_item(item(outer, "b"), ANN)
    recorder = record()
    operations[verb](item(outer, "b"), ANN, CONTEXT)
    whole = cascade(verb, old, new, case_old, case_new)
    assert_order(recorder, f"{verb}_work_item", *whole[3:-1])
    assert state(outer) == "running"


def test_redo() -> None:
    """pre_redo_work_item → (successors to REDO, silently) → (item) → post_redo_work_item"""
    workflow("a -> b; b -> c", redoable={"b": "'a'|task"}, start="a")
    case = api.start_case("flow", ANN)
    complete(case, "a")
    recorder = record()
    api.redo_work_item(item(case, "a"), ANN, CONTEXT)
    assert_order(
        recorder,
        "redo_work_item",
        ("pre_redo_work_item", "a", "completed"),
        ("post_redo_work_item", "a", "ready"),
    )
    assert statuses(case) == [("a", "ready"), ("b", "redo")]


def test_reopen() -> None:
    """pre_reopen_case → (items, silently, and case) → post_reopen_case"""
    workflow("a -> b")
    case = api.start_case("flow", ANN)
    complete(case, "a", "b")
    recorder = record()
    api.reopen_case(case, [item(case, "b")], ANN, CONTEXT)
    assert_order(
        recorder,
        "reopen_case",
        ("pre_reopen_case", "flow", "completed"),
        ("post_reopen_case", "flow", "running"),
    )
    assert statuses(case) == [("a", "completed"), ("b", "ready")]


def test_create_work_item() -> None:
    """pre_create_work_item → (item) → post_create_work_item"""
    workflow("a", tasks={"a": {"is_multiple_instance": True}})
    case = api.start_case("flow", ANN)
    recorder = record()
    api.create_work_item(case, "a", ANN, CONTEXT)
    assert_order(
        recorder,
        "create_work_item",
        ("pre_create_work_item", "a", None),
        ("post_create_work_item", "a", "ready"),
    )


def test_updates_emit_nothing() -> None:
    """SaveCase, SaveWorkItem (update), design-time mutations: none"""
    recorder = record()
    workflow("a -> b", redoable={"a": "'a'|task"})
    case = api.start_case("flow", ANN)
    recorder.clear()
    api.update_case(case, ANN, meta={"a": 1}, workflow="flow")
    api.update_work_item(item(case, "a"), ANN, name="Other", meta={})
    assert recorder == []


@pytest.mark.parametrize(
    ("verb", "old", "new", "case_old", "case_new"),
    [
        ("cancel", "ready", "canceled", "running", "canceled"),
        ("suspend", "ready", "suspended", "running", "suspended"),
        ("resume", "suspended", "ready", "suspended", "running"),
    ],
)
@pytest.mark.parametrize("listened", [[], ["pre_*_case"], ["post_*_work_item"]])
def test_the_same_events_count_as_emitted_in_bulk(
    *,
    monkeypatch: pytest.MonkeyPatch,
    listened: list[str],
    verb: str,
    old: str,
    new: str,
    case_old: str,
    case_new: str,
) -> None:
    """Cascades write row by row … otherwise in bulk. Either way the same events count as emitted"""
    outer, _, _ = nested_case()
    operations = {
        "cancel": api.cancel_case,
        "suspend": api.suspend_case,
        "resume": api.resume_case,
    }
    if verb == "resume":
        api.suspend_case(outer, ANN)
    if listened:
        on(listened)(lambda: None)
    emitted = []

    def deliver_and_note(event: Any) -> bool:
        row = getattr(event, "work_item", None) or event.case
        of = row.task_id if isinstance(row, WorkItem) else row.workflow_id
        emitted.append((event.event_name, of, str(row.status)))
        return deliver(event)

    monkeypatch.setattr(operation, "deliver", deliver_and_note)
    operations[verb](outer, ANN)
    assert emitted == cascade(verb, old, new, case_old, case_new)
    states = {new, case_new}
    assert {status for case in Case.objects.all() for _, status in statuses(case)} | {
        state(case) for case in Case.objects.all()
    } == states
