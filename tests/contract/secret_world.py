"""A small world with cases that the user may not see, among those that he or she may.

::

    root  ── waits ──> child (secret) ── inner ──> below
          ── many  ──> closed
    alone (secret) ── done ──> orphan
                   ── inner_twin ──> twin
    other, of a workflow that is hidden itself
"""

from datetime import UTC, datetime
from typing import Any, Final
from uuid import UUID

from tests.graphql.policies import hiding
from tests.workflow.builders import ANN
from workflow_events.graphql.nodes import Case, Workflow
from workflow_events.workflow import design, models

LONG_AGO: Final = datetime(2020, 1, 2, tzinfo=UTC)
SECRET_MOMENT: Final = datetime(2020, 3, 4, tzinfo=UTC)
SECRET: Final = "secret"

CASES: Final = {
    name: UUID(int=0x100 + number)
    for number, name in enumerate(
        ("alone", "root", "child", "closed", "below", "orphan", "other", "missing", "twin")
    )
}
ITEMS: Final = {
    name: UUID(int=0x200 + number)
    for number, name in enumerate(
        (
            "alone_first",
            "first",
            "inner",
            "waits",
            "many",
            "paused",
            "done",
            "of_closed",
            "of_below",
            "of_orphan",
            "of_other",
            "missing",
            "inner_twin",
            "of_twin",
        )
    )
}
TWIN: Final = (CASES["twin"], ITEMS["inner_twin"], ITEMS["of_twin"])
"""Shown, but not asked about by itself."""
WORKFLOWS: Final = ("w", "hidden", "missing")
TASKS: Final = ("a", "b", "m", "missing")
SECRET_CASES: Final = [CASES[name] for name in ("alone", "child", "other")]
VISIBILITIES: Final = (hiding(Case, created_by_user=SECRET), hiding(Workflow, slug="hidden"))


def build() -> None:
    """Make it."""
    for slug in ("a", "b"):
        design.save_task(slug, ANN, name=slug)
    design.save_task("m", ANN, name="m", is_multiple_instance=True)
    for slug in ("w", "hidden"):
        design.save_workflow(slug, ANN, name=slug, start_tasks=["a"])
        design.add_workflow_flow(slug, ["a"], "['b', 'm']|tasks", None, ANN)
        design.add_workflow_flow(slug, ["b"], "[]|tasks", "'a'|task", ANN)
    _case("root", meta={"k": "visible"})
    _case("alone", meta={"k": SECRET}, by=SECRET)
    _case("child", family="root", meta={"k": SECRET}, by=SECRET)
    _case("closed", family="root", status="completed", meta={"k": "visible"})
    _case("below", family="root", status="completed", meta={"k": "visible"})
    _case("orphan", family="alone", status="completed", meta={"orphan": "orphan"})
    _case("twin", family="alone", meta={})
    _case("other", workflow="hidden", meta={"k": SECRET})
    _item("first", "root", "a", status="completed")
    _item("waits", "root", "b", previous="first", child="child")
    _item("many", "root", "m", previous="first", child="closed")
    _item("paused", "root", "m", status="suspended")
    _item("inner", "child", "b", child="below", by=SECRET)
    _item("alone_first", "alone", "a", status="completed", by=SECRET)
    _item("done", "alone", "b", status="completed", child="orphan", by=SECRET)
    _item("inner_twin", "alone", "b", child="twin", by=SECRET)
    _item("of_twin", "twin", "a")
    _item("of_closed", "closed", "a", status="completed", previous="inner")
    _item("of_below", "below", "a", status="completed", previous="inner")
    _item("of_orphan", "orphan", "a", status="completed", previous="done")
    _item("of_other", "other", "a", by=SECRET)
    for model in (models.Workflow, models.Task, models.Flow, models.Case, models.WorkItem):
        model._default_manager.update(created_at=LONG_AGO, modified_at=LONG_AGO)
    secret = {"created_at": SECRET_MOMENT, "modified_at": SECRET_MOMENT}
    models.Case.objects.filter(pk__in=SECRET_CASES).update(**secret)
    models.WorkItem.objects.filter(case__in=SECRET_CASES).update(**secret, deadline=SECRET_MOMENT)


def without_secrets() -> None:
    """Make it the world in which the secret cases have never existed."""
    secret_items = models.WorkItem.objects.filter(case__in=SECRET_CASES)
    models.WorkItem.objects.filter(child_case__in=SECRET_CASES).update(child_case=None)
    followers = models.WorkItem.objects.filter(previous_work_item__in=list(secret_items))
    followers.update(previous_work_item=None)
    secret_items.delete()
    for name in ("orphan", "twin"):
        models.Case.objects.filter(pk=CASES[name]).write_protected(family=CASES[name])
    models.Case.objects.filter(pk__in=SECRET_CASES).delete()
    assert models.Case.objects.count() == 5
    assert models.WorkItem.objects.count() == 8


def _case(
    name: str, *, workflow: str = "w", family: str | None = None, by: str = "clerk", **values: Any
) -> None:
    key = CASES[name]
    family_id = CASES[family or name]
    row = models.Case(
        pk=key,
        workflow_id=workflow,
        family_id=family_id,
        created_by_user=by,
        created_by_group=by,
        **values,
    )
    models.Case.objects.bulk_create([row])


def _item(
    name: str,
    case: str,
    task: str,
    *,
    previous: str | None = None,
    child: str | None = None,
    by: str = "clerk",
    **values: Any,
) -> None:
    row = models.WorkItem(
        pk=ITEMS[name],
        case_id=CASES[case],
        task_id=task,
        name=by,
        previous_work_item_id=ITEMS[previous] if previous else None,
        child_case_id=CASES[child] if child else None,
        created_by_user=by,
        addressed_groups=[by],
        controlling_groups=[by],
        assigned_users=[by],
        meta={"k": by},
        **values,
    )
    models.WorkItem.objects.bulk_create([row])
