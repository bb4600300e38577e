"""What the processes of the nursery do: each function is one order."""

from collections.abc import Callable
from typing import Any

from django.core.management import call_command
from django.db import connection

from tests.chaos.deliveries.reaper import Reaper
from workflow_events.cli.worker import work as deliver
from workflow_events.workflow import api, design
from workflow_events.workflow.models import WorkItem
from workflow_events.workflow.users import BaseUser

USER = BaseUser("ada", ["clerks"])
WORKFLOWS: dict[str, tuple[list[str], list[tuple[list[str], str]]]] = {
    "sequence": (["a"], [(["a"], "'b'|task")]),
    "join": (["a", "b"], [(["a", "b"], "'c'|task")]),
    "pair": (["x", "y"], []),
    "single": (["x"], []),
    "circle": (["a"], [(["a"], "'a'|task")]),
}
"""By slug: the start tasks, and the flows."""


EFFECTS = """\
CREATE TABLE chaos_effect (
    id {key}, event varchar(36), receiver varchar(255), delivery varchar(36), stream varchar(36),
    step integer
)"""
"""Without a constraint, so that what is written twice is seen."""
KEYS = {"sqlite": "integer PRIMARY KEY AUTOINCREMENT", "postgresql": "bigserial PRIMARY KEY"}


def prepare() -> None:
    """Make the tables and the workflows."""
    call_command("migrate", verbosity=0, interactive=False)
    with connection.cursor() as cursor:
        cursor.execute(EFFECTS.format(key=KEYS[connection.vendor]))
    for slug in ("a", "b", "c", "x", "y"):
        design.save_task(slug, USER, name=slug)
    for slug, (start, flows) in WORKFLOWS.items():
        design.save_workflow(slug, USER, name=slug, start_tasks=start)
        for tasks, following in flows:
            design.add_workflow_flow(slug, tasks, following, None, USER)


def start(workflow: str, count: int) -> list[str]:
    """Start so many cases; returns their keys."""
    return [str(api.start_case(workflow, USER).pk) for _ in range(count)]


def mutate(verb: str, key: str, context: Any, moment: int | None) -> int:
    """Carry out one operation, killed at this moment; returns how many moments there were."""
    reaper = Reaper(moment)
    reaper.install()
    getattr(api, verb)(key, USER, context)
    return reaper.moments


def walk(cases: list[str], times: int, context: dict[str, Any]) -> None:
    """Complete what is ready in each case, in turns; the context counts the steps of a case."""
    for step in range(times):
        for case in cases:
            [item] = WorkItem.objects.filter(case=case, status="ready")
            api.complete_work_item(item, USER, {**context, "step": step})


def work(moment: int | None) -> None:
    """Be a worker, killed at this moment."""
    Reaper(moment).install()
    deliver([])


ORDERS: dict[str, Callable[..., Any]] = {
    each.__name__: each for each in (prepare, start, mutate, walk, work)
}
