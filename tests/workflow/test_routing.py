"""What comes after an item that was completed or skipped (facts 2.4 and 2.5)."""

from datetime import timedelta
from typing import Any

import pytest

from tests.workflow.builders import ANN, complete, item, record, start, state, statuses, workflow
from workflow_events.workflow import api, design, dynamic
from workflow_events.workflow.errors import BadExpression, InvalidTransition
from workflow_events.workflow.models import Case, Task, WorkItem
from workflow_events.workflow.users import BaseUser

pytestmark = pytest.mark.django_db

MANY = {"is_multiple_instance": True, "address_groups": "['p', 'q']|groups"}
ASYNC = {**MANY, "continue_async": True}


def test_sequence() -> None:
    workflow("a -> b; b -> c")
    case = start()
    complete(case, "a", "b")
    assert statuses(case) == [("a", "completed"), ("b", "completed"), ("c", "ready")]
    assert item(case, "b").previous_work_item == item(case, "a")
    complete(case, "c")
    case.refresh_from_db()
    assert (case.status, case.closed_by_user, case.closed_by_group) == (
        "completed",
        "ann",
        "clerks",
    )
    assert case.closed_at is not None
    assert case.closed_at == item(case, "c").closed_at


def test_parallel_split_and_join() -> None:
    workflow("a -> b c; b c -> d")
    case = start()
    complete(case, "a", "b")
    assert statuses(case)[1:] == [("b", "completed"), ("c", "ready")]
    complete(case, "c")
    assert statuses(case)[3:] == [("d", "ready")]
    assert item(case, "d").previous_work_item == item(case, "c")


def test_a_join_takes_skipped_items() -> None:
    workflow("a -> b c; b c -> d")
    case = start()
    complete(case, "a", "b")
    api.skip_work_item(item(case, "c"), ANN)
    assert statuses(case)[3:] == [("d", "ready")]


def test_a_join_whose_items_were_canceled_waits_for_ever() -> None:
    workflow("a -> b c; b c -> d")
    case = start()
    complete(case, "a")
    api.cancel_work_item(item(case, "c"), ANN)
    complete(case, "b")
    assert statuses(case) == [("a", "completed"), ("b", "completed"), ("c", "canceled")]
    assert state(case) == "running"


def test_a_join_with_a_multiple_task_that_never_had_an_item_passes() -> None:
    workflow("a b -> c", tasks={"b": MANY})
    case = start()
    complete(case, "a")
    assert statuses(case) == [("a", "completed"), ("c", "ready")]


def test_an_unsynchronised_merge_makes_one_item() -> None:
    workflow("a -> b c; b -> d; c -> d")
    case = start()
    complete(case, "a", "b", "c")
    assert statuses(case)[3:] == [("d", "ready")]
    assert state(case) == "running"


def test_a_merge_into_a_suspended_item_makes_no_other() -> None:
    workflow("a -> b c; b -> d; c -> d")
    case = start()
    complete(case, "a", "b")
    api.suspend_work_item(item(case, "d"), ANN)
    complete(case, "c")
    assert statuses(case)[3:] == [("d", "suspended")]
    assert state(case) == "running"


def test_a_merge_after_the_item_is_done_makes_another() -> None:
    workflow("a -> b c; b -> d; c -> d; d -> e")
    case = start()
    complete(case, "a", "b", "d", "c")
    assert [s for s in statuses(case) if s[0] == "d"] == [("d", "completed"), ("d", "ready")]


@pytest.mark.parametrize(("amount", "task"), [(10, "small"), (1000, "large")])
def test_exclusive_choice_by_context(amount: int, task: str) -> None:
    workflow(
        "a -> info.context.amount > 100 ? 'large'|task : 'small'|task",
        tasks={"small": {}, "large": {}},
    )
    case = start()
    api.complete_work_item(item(case, "a"), ANN, {"amount": amount})
    assert statuses(case)[1:] == [(task, "ready")]


class Choice(dynamic.BaseDynamicTasks):
    @dynamic.register_dynamic_task("after-a")
    def after_a(self, case: Case, user: Any, prev_work_item: WorkItem, context: Any) -> list[str]:
        assert (case, user, prev_work_item.status) == (prev_work_item.case, ANN, "completed")
        return context


class Thousand(dynamic.BaseDynamicTasks):
    @dynamic.register_dynamic_task("thousand")
    def thousand(self, case: Case, user: Any, prev_work_item: WorkItem, context: Any) -> list[str]:
        return sorted(Task.objects.exclude(pk="a").values_list("pk", flat=True))


def test_more_tasks_than_an_expression_of_sqlite_is_deep(settings: Any) -> None:
    settings.DYNAMIC_TASKS_CLASSES = [f"{__name__}.Thousand"]
    workflow("a -> ['thousand']|tasks")
    Task.objects.bulk_create(Task(slug=f"t{n}", name="t") for n in range(1_100))
    case = start()
    complete(case, "a")
    assert statuses(case)[1:] == [(task, "ready") for task in sorted(f"t{n}" for n in range(1_100))]


@pytest.mark.parametrize(
    ("chosen", "created"),
    [(["b"], ["b"]), (["c", "b", "c"], ["b", "c"]), (["none", "c"], ["c"]), ([], [])],
)
def test_choice_by_a_dynamic_task(settings: Any, chosen: list[str], created: list[str]) -> None:
    settings.DYNAMIC_TASKS_CLASSES = [f"{__name__}.Choice"]
    workflow("a -> ['after-a']|tasks", tasks={"b": {}, "c": {}})
    case = start()
    api.complete_work_item(item(case, "a"), ANN, chosen)
    assert statuses(case)[1:] == [(task, "ready") for task in created]
    assert state(case) == ("running" if created else "completed")


def test_slugs_of_missing_tasks_are_dropped() -> None:
    workflow("a -> b c")
    case = start()
    Task.objects.filter(pk="c").delete()
    complete(case, "a")
    assert statuses(case) == [("a", "completed"), ("b", "ready")]


def test_a_loop() -> None:
    workflow("a -> b; b -> info.context.again ? 'a'|task : []|tasks")
    case = start()
    complete(case, "a")
    api.complete_work_item(item(case, "b"), ANN, {"again": True})
    assert statuses(case)[2:] == [("a", "ready")]
    complete(case, "a")
    api.complete_work_item(item(case, "b", status="ready"), ANN, {"again": False})
    assert state(case) == "completed"


def test_an_expression_that_fails_undoes_the_operation() -> None:
    workflow("a -> info.context.none.more ? 'b'|task : 'c'|task", tasks={"b": {}, "c": {}})
    case = start()
    recorder = record()
    with pytest.raises(BadExpression):
        api.complete_work_item(item(case, "a"), ANN)
    assert [e.event for e in recorder] == ["pre_complete_work_item", "post_complete_work_item"]
    assert statuses(case) == [("a", "ready")]


def test_multiple_instance_waits_for_all() -> None:
    workflow("a -> b; b -> c", tasks={"b": MANY})
    case = start()
    complete(case, "a")
    first, second = WorkItem.objects.filter(task="b").order_by("pk")
    assert [first.addressed_groups, second.addressed_groups] == [["p"], ["q"]]
    api.complete_work_item(first, ANN)
    assert statuses(case)[3:] == []
    api.complete_work_item(second, ANN)
    assert statuses(case)[3:] == [("c", "ready")]


def test_multiple_instance_does_not_wait_for_suspended_siblings() -> None:
    workflow("b -> c", tasks={"b": MANY})
    case = start()
    first, second = WorkItem.objects.filter(task="b").order_by("pk")
    api.suspend_work_item(second, ANN)
    api.complete_work_item(first, ANN)
    assert statuses(case)[2:] == [("c", "ready")]


def test_continue_async_goes_on_with_each() -> None:
    workflow("b -> c; c -> d", tasks={"b": ASYNC})
    case = start()
    first, second = WorkItem.objects.filter(task="b").order_by("pk")
    api.complete_work_item(first, ANN)
    assert statuses(case)[2:] == [("c", "ready")]
    complete(case, "c")
    api.complete_work_item(second, ANN)
    assert statuses(case)[2:] == [("c", "completed"), ("d", "ready"), ("c", "ready")]


def test_items_added_at_run_time() -> None:
    workflow("b -> c", tasks={"b": {**MANY, "lead_time": 60}})
    case = start()
    added = api.create_work_item(case.pk, "b", ANN, addressed_groups=["x"], name="")
    assert (added.addressed_groups, added.name, added.previous_work_item) == (["x"], "B", None)
    assert added.deadline is not None
    first, second, third = WorkItem.objects.filter(task="b").order_by("pk")
    api.complete_work_item(first, ANN)
    api.complete_work_item(second, ANN)
    assert statuses(case)[3:] == []
    api.complete_work_item(third, ANN)
    assert statuses(case)[3:] == [("c", "ready")]


def test_created_items_take_what_was_given() -> None:
    workflow("b", tasks={"b": {**MANY, "lead_time": 60, "control_groups": "['z', 'y']|groups"}})
    case = start()
    plain = api.create_work_item(case, "b", ANN)
    assert (plain.addressed_groups, plain.controlling_groups) == (["p", "q"], ["y", "z"])
    made = api.create_work_item(
        case,
        "b",
        ANN,
        name="N",
        description="D",
        assigned_users=["u"],
        addressed_groups=[],
        controlling_groups=["k"],
        deadline=None,
        meta={"m": 1},
    )
    made.refresh_from_db()
    assert (made.name, made.description, made.assigned_users, made.meta) == (
        "N",
        "D",
        ["u"],
        {"m": 1},
    )
    assert (made.addressed_groups, made.controlling_groups, made.deadline) == ([], ["k"], None)
    assert (made.created_by_user, made.created_by_group) == ("ann", "clerks")


def test_deadlines_by_lead_time() -> None:
    workflow("a -> b", tasks={"b": {"lead_time": 3600}})
    case = start()
    complete(case, "a")
    done, due = item(case, "a"), item(case, "b")
    assert done.deadline is None
    assert due.deadline == done.closed_at + timedelta(hours=1)


def test_groups_come_from_expressions() -> None:
    workflow(
        "a -> b",
        tasks={
            "a": {"control_groups": "['c2', 'c1']|groups", "address_groups": "null"},
            "b": {
                "address_groups": "info.prev_work_item.controlling_groups",
                "control_groups": "info.context.controlling_groups",
            },
        },
    )
    case = start()
    assert item(case, "a").addressed_groups == []
    api.complete_work_item(item(case, "a"), ANN, {"controlling_groups": ["k"]})
    assert item(case, "b").addressed_groups == ["c1", "c2"]
    assert item(case, "b").controlling_groups == ["k"]


def test_suspended_items_do_not_prevent_completion() -> None:
    workflow("a; b", start="a b")
    case = start()
    api.suspend_work_item(item(case, "b"), ANN)
    complete(case, "a")
    assert (state(case), statuses(case)) == ("completed", [("a", "completed"), ("b", "suspended")])


def test_canceling_the_last_item_leaves_the_case_running() -> None:
    workflow("a")
    case = start()
    api.cancel_work_item(item(case, "a"), ANN)
    assert state(case) == "running"
    assert item(case, "a").closed_by_user == "ann"


def test_a_finished_child_case_does_not_complete_its_parent_item() -> None:
    workflow("a")
    parent = start()
    child = api.start_case("flow", ANN, item(parent, "a"))
    assert item(parent, "a").child_case == child
    assert child.family_id == parent.pk
    complete(child, "a")
    assert (state(child), state(parent)) == ("completed", "running")
    assert item(parent, "a").status == "ready"


def test_families_end_at_the_root() -> None:
    workflow("a")
    root = start()
    child = api.start_case("flow", ANN, item(root, "a").pk)
    grandchild = api.start_case("flow", ANN, str(item(child, "a").pk))
    assert grandchild.family_id == child.family_id == root.family_id == root.pk


def test_another_child_case_detaches_the_first() -> None:
    workflow("a")
    root = start()
    api.cancel_work_item(item(root, "a"), ANN)
    first = api.start_case("flow", ANN, item(root, "a"))
    second = api.start_case("flow", ANN, item(root, "a"))
    assert item(root, "a").child_case == second
    assert not WorkItem.objects.filter(child_case=first).exists()
    assert first.family_id == root.pk


def test_modified_by_is_written_for_the_target_only() -> None:
    workflow("a; b", start="a b")
    case = start()
    bob = BaseUser("bob", ["bosses"])
    api.suspend_case(case, bob)
    case.refresh_from_db()
    assert (case.modified_by_user, case.modified_by_group) == ("bob", "bosses")
    assert item(case, "a").modified_by_user is None
    api.resume_work_item(item(case, "a"), bob)
    assert item(case, "a").modified_by_user == "bob"


def test_redo_and_walking_again() -> None:
    workflow(
        "a -> b c; b c -> d; d -> e", redoable={"d": "'a'|task"}, tasks={"b": {"lead_time": 9}}
    )
    case = start()
    complete(case, "a", "b", "c")
    before = item(case, "b")
    api.redo_work_item(item(case, "a"), ANN)
    assert statuses(case) == [("a", "ready"), ("b", "redo"), ("c", "redo"), ("d", "redo")]
    bob = BaseUser("bob", [])
    api.complete_work_item(item(case, "a"), bob)
    revived = item(case, "b")
    assert (revived.pk, revived.status, revived.modified_by_user) == (before.pk, "ready", "bob")
    assert revived.deadline > before.deadline
    assert revived.previous_work_item_id == before.previous_work_item_id
    assert revived.created_by_user == "ann"


def test_redo_puts_everything_later_to_redo() -> None:
    workflow("a -> b; b -> c; c -> d", redoable={"c": "'a'|task"})
    case = start()
    complete(case, "a", "b")
    assert api.redo_work_item(item(case, "a"), ANN).status == "ready"
    assert statuses(case) == [("a", "ready"), ("b", "redo"), ("c", "redo")]
    assert item(case, "a").closed_by_user == "ann"
    complete(case, "a", "b", "c")
    assert statuses(case)[:3] == [("a", "completed"), ("b", "completed"), ("c", "completed")]
    with pytest.raises(InvalidTransition, match="does not allow it"):
        api.redo_work_item(item(case, "a"), ANN)


def test_reopen_clears_what_was_closed() -> None:
    workflow("a -> b")
    case = start()
    complete(case, "a", "b")
    api.reopen_case(case, [item(case, "b").pk], ANN)
    case.refresh_from_db()
    reopened = item(case, "b")
    for row in (case, reopened):
        assert (row.closed_at, row.closed_by_user, row.closed_by_group) == (None, None, None)
    assert (case.status, reopened.status) == ("running", "ready")


def test_removed_flow_ends_the_case() -> None:
    workflow("a -> b")
    case = start()
    removed = design.remove_flow(case.workflow.task_flows.get().flow)
    assert removed.pk is not None
    complete(case, "a")
    assert state(case) == "completed"
