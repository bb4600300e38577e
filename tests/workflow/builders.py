"""Compact ways to design a workflow, drive a case, and write down the events of it."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, NamedTuple

from django.db import connection
from django.test.utils import CaptureQueriesContext

from workflow_events.events import on
from workflow_events.workflow import api, design
from workflow_events.workflow.models import Case, Task, Workflow, WorkItem
from workflow_events.workflow.senders import sender_for
from workflow_events.workflow.users import BaseUser

ANN = BaseUser("ann", ["clerks", "people"])

ITEM_VERBS = ("create", "complete", "cancel", "skip", "suspend", "resume", "redo")
CASE_VERBS = ("create", "complete", "cancel", "suspend", "resume", "reopen")
EVENT_NAMES = [
    *(f"{when}_{verb}_work_item" for verb in ITEM_VERBS for when in ("pre", "post")),
    *(f"{when}_{verb}_case" for verb in CASE_VERBS for when in ("pre", "post")),
]


def workflow(
    flows: str,
    *,
    slug: str = "flow",
    start: str | None = None,
    tasks: Mapping[str, Mapping[str, Any]] | None = None,
    redoable: Mapping[str, str] | None = None,
) -> Workflow:
    """Design a workflow from text: ``"a -> b c; b c -> d"`` splits after a, and joins before d.

    What stands on the left of an arrow shares a flow; on the right are the tasks it names, or,
    from a quote or a bracket on, an expression. ``start`` are the start tasks (by default the
    first one), ``tasks`` more options of tasks, ``redoable`` the expression of a source task.
    """
    parts = [part.strip().split("->") for part in flows.split(";")]
    sources = [part[0].split() for part in parts]
    targets = [part[1].strip() if len(part) == 2 else "" for part in parts]
    options = dict(tasks or {})
    named = {name for names in sources for name in names} | set(options)
    named |= {name for text in targets if not _is_expression(text) for name in text.split()}
    for name in sorted(named):
        design.save_task(name, ANN, **{"name": name.upper(), **options.get(name, {})})
    starts = (start or sources[0][0]).split()
    made = design.save_workflow(slug, ANN, name=slug, start_tasks=starts)
    for names, text in zip(sources, targets, strict=True):
        if text:
            expression = text if _is_expression(text) else f"{text.split()}|tasks"
            back = (redoable or {}).get(names[0])
            design.add_workflow_flow(slug, names, expression, back, ANN)
    return made


def _is_expression(text: str) -> bool:
    return any(sign in text for sign in "'[|")


def item(case: Case, task: str, **lookup: Any) -> WorkItem:
    """The only work item of a task in a case."""
    return WorkItem.objects.get(case=case, task=task, **lookup)


def statuses(case: Case) -> list[tuple[str, str]]:
    """Task and state of each work item of a case, in the order of creation."""
    return [(i.task_id, str(i.status)) for i in WorkItem.objects.filter(case=case).order_by("pk")]


def complete(case: Case, *tasks: str) -> None:
    """Complete the ready items of these tasks, one after the other."""
    for task in tasks:
        api.complete_work_item(item(case, task, status="ready"), ANN)


def state(case: Case) -> str:
    """The state of the case in the database."""
    return str(Case.objects.values_list("status", flat=True).get(pk=case.pk))


class Emitted(NamedTuple):
    """An event as a receiver saw it."""

    event: str
    of: str
    """The task of the work item, or the workflow of the case."""
    status: str | None
    """In the database at that moment; None where there is no row yet."""
    sender: str
    """The verb whose mutation class was the sender."""
    context: Any


class Recorder(list[Emitted]):
    """The events since `record` began, as its receiver saw them."""

    def short(self) -> list[tuple[str, str, str | None]]:
        """Only event, of what, and state."""
        return [(e.event, e.of, e.status) for e in self]


VERBS = {
    sender_for(verb): verb
    for verb in (
        "save_case",
        *(f"{verb}_case" for verb in ("start", "cancel", "suspend", "resume", "reopen")),
        "save_work_item",
        *(f"{verb}_work_item" for verb in ITEM_VERBS),
    )
}


def record(names: list[str] = EVENT_NAMES) -> Recorder:
    """Write down every event of these names from now on, until the registry is reset."""
    recorder = Recorder()

    @on(names)
    def write_down(event: Any, sender: type, user: Any, context: Any) -> None:
        assert user is ANN
        row = getattr(event, "work_item", None) or getattr(event, "case", None)
        if row is None:
            data = event.validated_data
            status, of = None, data["task"].pk if "task" in data else data["workflow"].pk
        else:
            status = str(type(row).objects.values_list("status", flat=True).get(pk=row.pk))
            assert row.status == status
            of = row.task_id if isinstance(row, WorkItem) else row.workflow_id
        recorder.append(Emitted(event.event_name, of, status, VERBS[sender], context))

    return recorder


def once(event: str, task: str | None = None) -> Callable[[Callable[..., None]], None]:
    """Register a receiver that runs for the first event (of a task) only, and must not fail."""

    def register(function: Callable[..., None]) -> None:
        done: list[bool] = []

        @on(event, raise_exception=True)
        def receive(event: Any) -> None:
            row = getattr(event, "work_item", None) or getattr(event, "case", None)
            if done or (task is not None and getattr(row, "task_id", None) != task):
                return
            done.append(True)
            function(event)

    return register


@contextmanager
def statements() -> Iterator[list[str]]:
    """Collect the SQL statements of the body; savepoints count, BEGIN and COMMIT do not."""
    found: list[str] = []
    with CaptureQueriesContext(connection) as captured:
        yield found
    found += [
        query["sql"]
        for query in captured.captured_queries
        if query["sql"].split()[0] not in ("BEGIN", "COMMIT", "ROLLBACK;", "ROLLBACK")
    ]


def new_task(slug: str, **options: Any) -> Task:
    """A task by itself."""
    return design.save_task(slug, ANN, **{"name": slug.upper(), **options})


def start(slug: str = "flow", **options: Any) -> Case:
    """A new case of a workflow."""
    return api.start_case(slug, ANN, **options)


def names(recorder: list[Any]) -> list[tuple[str, str]]:
    """What a recorder has heard: events, and what they are of."""
    return [(e.event, e.of) for e in recorder]
