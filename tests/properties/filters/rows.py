"""Random rows of every table, small enough to look at."""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from django.db.models import JSONField, Value
from hypothesis import strategies as st

from workflow_events.workflow.models import Case, Flow, Task, TaskFlow, Workflow, WorkItem
from workflow_events.workflow.models.design import TaskType
from workflow_events.workflow.states import CaseStatus, WorkItemStatus

MOMENTS = [datetime(2024, 5, day, 12, 30, 15, 123456, tzinfo=UTC) for day in (1, 2, 3)]
SLUGS = ["a", "A", "b-c", "b_c", "0"]
CHARACTERS = st.characters(exclude_categories=["Cs"], exclude_characters="\0")
KEYS = st.sampled_from(["k", "a.b", "$", "0", '"', "\\", "ä", "k[0]", "%s", ""]) | st.text(
    CHARACTERS, max_size=3
)
SCALARS = (
    st.sampled_from([None, True, False, 0, 1, 5, 5.0, -1.5, 2**70, 1e-7])
    | st.sampled_from(["", "5", "5.0", "true", "Zürich", "ZÜRICH", "straße", "2024-05-01"])
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(CHARACTERS, max_size=4)
)
JSON = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=2),
    max_leaves=4,
)
METAS = st.dictionaries(KEYS, JSON, max_size=3) | st.dictionaries(KEYS, JSON, max_size=3) | JSON
TEXTS = st.sampled_from(["u", "U", "ü", "g h", "%", "'", ""])
NAMES = st.text("aAäÄbBzZ1 -", max_size=5)
GROUPS = st.lists(TEXTS, max_size=2)
MAYBE_TEXT = st.none() | TEXTS
MAYBE_MOMENT = st.none() | st.sampled_from(MOMENTS)


@dataclass
class Rows:
    """Instances as they are stored, by table; ``meta`` is the plain value."""

    workflows: list[Any] = field(default_factory=list)
    tasks: list[Any] = field(default_factory=list)
    flows: list[Any] = field(default_factory=list)
    task_flows: list[Any] = field(default_factory=list)
    cases: list[Any] = field(default_factory=list)
    items: list[Any] = field(default_factory=list)

    def case(self, key: Any) -> Any:
        """The case with this key."""
        return next(case for case in self.cases if case.pk == key)

    def root_of(self, item: Any) -> Any:
        """The root case of a work item."""
        return self.case(self.case(item.case_id).family_id)

    def store(self) -> None:
        """Insert everything."""
        for model, rows in (
            (Workflow, self.workflows),
            (Task, self.tasks),
            (Flow, self.flows),
            (TaskFlow, self.task_flows),
            (Case, self.cases),
            (WorkItem, self.items),
        ):
            _insert(model, rows)


def _insert(model: Any, rows: list[Any]) -> None:
    plain = [(vars(row).get("meta"), vars(row).get("created_at")) for row in rows]
    moments = [vars(row).get("modified_at") for row in rows]
    for row in rows:
        if vars(row).get("meta", ...) is None:
            row.meta = Value(None, JSONField())
    model.objects.bulk_create(rows)
    for row, (meta, created_at), modified_at in zip(rows, plain, moments, strict=True):
        if "meta" in vars(row):
            row.meta = meta
        if created_at is not None:
            row.created_at, row.modified_at = created_at, modified_at
    if rows and model is not TaskFlow:
        # What is inserted gets the time of now.
        model.objects.bulk_update(rows, ["created_at", "modified_at"])


def _audit(number: int) -> dict[str, Any]:
    # No two rows of a table are created at the same moment.
    later = timedelta(microseconds=number)
    return {
        "created_at": st.sampled_from([moment + later for moment in MOMENTS]),
        "modified_at": st.sampled_from(MOMENTS),
        "created_by_user": MAYBE_TEXT,
        "created_by_group": MAYBE_TEXT,
        "modified_by_user": MAYBE_TEXT,
        "modified_by_group": MAYBE_TEXT,
    }


@st.composite
def all_rows(draw: st.DrawFn) -> Rows:
    """Return rows of every table, not yet stored."""
    rows = Rows()
    for number, slug in enumerate(draw(st.lists(st.sampled_from(SLUGS), min_size=1, unique=True))):
        rows.workflows.append(draw(_workflow(slug, number)))
    for number, slug in enumerate(draw(st.lists(st.sampled_from(SLUGS), min_size=1, unique=True))):
        rows.tasks.append(draw(_task(slug, number)))
    for number in range(draw(st.integers(0, 3))):
        _add_flow(draw, rows, number)
    for number in range(draw(st.integers(0, 4))):
        _add_case(draw, rows, number)
    if rows.cases:
        for number in range(draw(st.integers(0, 5))):
            _add_item(draw, rows, number)
    return rows


def _workflow(slug: str, number: int) -> st.SearchStrategy[Workflow]:
    return st.builds(
        Workflow,
        slug=st.just(slug),
        name=NAMES,
        description=st.none() | NAMES,
        meta=METAS,
        is_published=st.booleans(),
        is_archived=st.booleans(),
        allow_all_forms=st.booleans(),
        **_audit(number),
    )


def _task(slug: str, number: int) -> st.SearchStrategy[Task]:
    return st.builds(
        Task,
        slug=st.just(slug),
        name=NAMES,
        description=st.none() | NAMES,
        meta=METAS,
        type=st.sampled_from([str(kind) for kind in TaskType]),
        is_archived=st.booleans(),
        lead_time=st.none() | st.integers(0, 20),
        **_audit(number),
    )


def _add_flow(draw: st.DrawFn, rows: Rows, number: int) -> None:
    flow = draw(
        st.builds(Flow, pk=st.just(UUID(int=number + 1)), next=st.just("''|task"), **_audit(number))
    )
    rows.flows.append(flow)
    workflow = draw(st.sampled_from([row.pk for row in rows.workflows]))
    taken = {row.task_id for row in rows.task_flows if row.workflow_id == workflow}
    tasks = [task.pk for task in rows.tasks if task.pk not in taken]
    if not tasks:
        return
    for task in draw(st.lists(st.sampled_from(tasks), max_size=2, unique=True)):
        rows.task_flows.append(TaskFlow(workflow_id=workflow, task_id=task, flow=flow))


def _add_case(draw: st.DrawFn, rows: Rows, number: int) -> None:
    pk = UUID(int=number + 1)
    roots = [case.pk for case in rows.cases if case.pk == case.family_id]
    rows.cases.append(
        draw(
            st.builds(
                Case,
                pk=st.just(pk),
                family_id=st.sampled_from([pk, *roots]),
                workflow_id=st.sampled_from([row.pk for row in rows.workflows]),
                status=st.sampled_from([str(status) for status in CaseStatus]),
                meta=METAS,
                **_audit(number),
            )
        )
    )


def _add_item(draw: st.DrawFn, rows: Rows, number: int) -> None:
    taken = {item.child_case_id for item in rows.items}
    children = [case.pk for case in rows.cases if case.pk not in taken]
    rows.items.append(
        draw(
            st.builds(
                WorkItem,
                pk=st.just(UUID(int=number + 1)),
                case_id=st.sampled_from([case.pk for case in rows.cases]),
                task_id=st.sampled_from([task.pk for task in rows.tasks]),
                child_case_id=st.sampled_from([None, *children]),
                name=NAMES,
                description=st.none() | NAMES,
                status=st.sampled_from([str(status) for status in WorkItemStatus]),
                meta=METAS,
                deadline=MAYBE_MOMENT,
                closed_at=MAYBE_MOMENT,
                addressed_groups=GROUPS,
                controlling_groups=GROUPS,
                assigned_users=GROUPS,
                **_audit(number),
            )
        )
    )
