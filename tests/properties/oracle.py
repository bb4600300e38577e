"""The rules once more, written from the facts (2.2 to 2.6) and the contract, not from the code.

It says which operations are allowed, and what the states of everything are after them when no
receiver takes part.
"""

from collections import Counter
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from tests.properties.designs import Design, TaskDesign
from tests.properties.worlds import Row, World

OPEN = {"ready", "suspended"}
DONE = {"completed", "skipped"}
CLOSED = DONE | {"canceled"}

ITEM = {
    "complete": ({"ready"}, "completed"),
    "skip": ({"ready"}, "skipped"),
    "cancel": ({"ready", "suspended"}, "canceled"),
    "suspend": ({"ready"}, "suspended"),
    "resume": ({"suspended"}, "ready"),
    "redo": ({"completed", "skipped", "canceled", "suspended", "redo"}, "ready"),
}
CASE = {
    "complete": ({"running"}, "completed"),
    "cancel": ({"running", "suspended"}, "canceled"),
    "suspend": ({"running"}, "suspended"),
    "resume": ({"suspended"}, "running"),
    "reopen": ({"completed", "canceled"}, "running"),
}
"""By verb: the states that allow it, and the state that it leads to."""

TABLE = {
    **{f"{verb}_work_item": row for verb, row in ITEM.items()},
    **{f"{verb}_case": row for verb, row in CASE.items()},
}

CONTINUE = {"create_work_item", "complete_case"}
EMITTED = {
    "start_case": {"create_case", "create_work_item"},
    "create_work_item": {"create_work_item"},
    "complete_work_item": {"complete_work_item"} | CONTINUE,
    "skip_work_item": {"skip_work_item", "cancel_case", "cancel_work_item"} | CONTINUE,
    "redo_work_item": {"redo_work_item"},
    "reopen_case": {"reopen_case"},
    **{
        f"{verb}_{what}": {f"{verb}_case", f"{verb}_work_item"}
        for verb in ("cancel", "suspend", "resume")
        for what in ("case", "work_item")
    },
}
"""By operation: what it may emit, each with ``pre_`` and ``post_``."""


@dataclass
class Outcome:
    """What an operation without receivers leads to: states, and keys of items that are created."""

    statuses: dict[UUID, str]
    created: Counter[tuple[str, tuple[str, ...]]] = field(default_factory=Counter)


def is_allowed(design: Design, world: World, verb: str, target: Row, named: list[UUID]) -> bool:
    """Say whether the operation of this verb is allowed on a case or work item."""
    if target["status"] not in TABLE[verb][0]:
        return False
    if verb in ("complete_work_item", "skip_work_item"):
        child = world.child_of(target)
        blocked = verb == "complete_work_item" and child and child["status"] == "running"
        return world.cases[target["case_id"]]["status"] == "running" and not blocked
    if verb == "redo_work_item":
        return _is_redoable(design, world, target)
    if verb == "reopen_case":
        return _can_reopen(world, target, named)
    return True


def may_create(design: Design, world: World, case: UUID, task: str) -> bool:
    """Say whether an item of the task may be added to the case."""
    ready = any(i["task_id"] == task and i["status"] == "ready" for i in world.items_of(case))
    return design.tasks[task].is_multiple and ready


def outcome(
    design: Design, world: World, verb: str, target: Row, *, named: list[UUID], context: Any
) -> Outcome:
    """Foretell what an allowed operation does."""
    result = Outcome(world.statuses())
    if verb == "redo_work_item":
        result.statuses.update(dict.fromkeys(world.followers_of(target["id"]), "redo"))
    if verb == "reopen_case":
        result.statuses.update(dict.fromkeys(named, "ready"))
    _cascade(world, verb, target, result.statuses)
    if verb in ("complete_work_item", "skip_work_item"):
        _continue(design, world, target, context, result)
    return result


def created_at_start(design: Design, workflow: str) -> Counter[tuple[str, tuple[str, ...]]]:
    """Foretell the items of a new case."""
    start = design.workflows[workflow][0]
    return Counter((task, key) for task in start for key in _keys(design.tasks[task]))


def key_of(item: Row) -> tuple[str, tuple[str, ...]]:
    """What makes two items of a case the same."""
    return item["task_id"], tuple(sorted(item["addressed_groups"]))


def _keys(task: TaskDesign) -> list[tuple[str, ...]]:
    return [tuple(sorted(key)) for key in task.item_groups()] or [()]


def _cascade(world: World, verb: str, target: Row, statuses: dict[UUID, str]) -> None:
    kind, _, what = verb.partition("_")
    statuses[target["id"]] = TABLE[verb][1]
    if kind not in ("cancel", "suspend", "resume", "skip"):
        return
    if what == "case":
        for item in world.items_of(target["id"]):
            if item["status"] in ITEM[kind][0]:
                _cascade(world, f"{kind}_work_item", item, statuses)
        return
    child = world.child_of(target)
    # Skipping cancels a running child case, but leaves a suspended one alone.
    below = "cancel" if kind == "skip" else kind
    allowed = {"running"} if kind == "skip" else CASE[below][0]
    if child is not None and child["status"] in allowed:
        _cascade(world, f"{below}_case", child, statuses)


def _continue(design: Design, world: World, item: Row, context: Any, result: Outcome) -> None:
    case = world.cases[item["case_id"]]
    items = [{**i, "status": result.statuses[i["id"]]} for i in world.items_of(case["id"])]

    def passes(task: str) -> bool:
        states = {i["status"] for i in items if i["task_id"] == task}
        return "ready" not in states if design.tasks[task].waits else bool(states & DONE)

    if not passes(item["task_id"]):
        return
    flow = design.flow_after(case["workflow_id"], item["task_id"])
    following = flow.next(context) if flow else []
    if not following:
        if all(i["status"] != "ready" for i in items):
            result.statuses[case["id"]] = "completed"
        return
    if flow is not None and all(passes(task) for task in flow.sources):
        for task in following:
            _create(design, task, items, result)


def _create(design: Design, task: str, items: list[Row], result: Outcome) -> None:
    for key in _keys(design.tasks[task]):
        same = [i for i in items if key_of(i) == (task, key)]
        if not design.tasks[task].is_multiple and any(i["status"] in OPEN for i in same):
            continue
        revived = [i for i in same if i["status"] == "redo"]
        if revived:
            # Which of several is not said; this is the youngest.
            result.statuses[revived[-1]["id"]] = "ready"
        else:
            result.created[task, key] += 1


def _is_redoable(design: Design, world: World, item: Row) -> bool:
    for pk in world.followers_of(item["id"]):
        follower = world.items[pk]
        workflow = world.cases[follower["case_id"]]["workflow_id"]
        flow = design.flow_after(workflow, follower["task_id"])
        if follower["status"] == "ready" and flow and item["task_id"] in flow.redoable:
            return True
    return False


def _can_reopen(world: World, case: Row, named: list[UUID]) -> bool:
    parent = world.parent_of(case["id"])
    if parent is not None and parent["status"] != "ready":
        return False
    followed = [
        item
        for item in world.items.values()
        if item["previous_work_item_id"] in named and item["status"] != "redo"
    ]
    own = all(world.items[pk]["case_id"] == case["id"] for pk in named)
    return bool(named) and own and not followed
