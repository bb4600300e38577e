"""``status``, ``closed_*`` and ``family`` change through operations only (contract section 4)."""

import copy
import pickle
from typing import Any

import pytest
from django.db import DatabaseError, transaction
from django.db.models.signals import post_save
from django.utils import timezone

from tests.workflow.builders import ANN, complete, item, state, workflow
from workflow_events.events import on
from workflow_events.workflow import api
from workflow_events.workflow.errors import InvalidTransition
from workflow_events.workflow.models import Case, WorkItem

pytestmark = pytest.mark.django_db


@pytest.fixture
def case() -> Case:
    workflow("a -> b")
    return api.start_case("flow", ANN)


@pytest.mark.parametrize("deferred", [False, True])
@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("status", "completed"),
        ("closed_at", timezone.now()),
        ("closed_by_user", "me"),
        ("closed_by_group", "us"),
    ],
)
@pytest.mark.parametrize("model", [Case, WorkItem])
def test_a_changed_value_is_refused(
    case: Case, model: Any, field: str, value: Any, deferred: bool
) -> None:
    rows = model.objects.only("meta") if deferred else model.objects
    row = rows.get()
    setattr(row, field, value)
    with pytest.raises(InvalidTransition, match=field):
        row.save()
    with pytest.raises(InvalidTransition, match=field):
        row.save(update_fields=[field])
    assert getattr(model.objects.get(), field) != value


def test_a_changed_family_is_refused(case: Case) -> None:
    other = api.start_case("flow", ANN)
    case.family = other
    with pytest.raises(InvalidTransition, match="family"):
        case.save()
    with pytest.raises(InvalidTransition, match="family"):
        case.save(update_fields=["family_id"])
    with pytest.raises(InvalidTransition, match="family"):
        other.family_cases.add(case)
    case.refresh_from_db()
    assert case.family_id == case.pk


def test_a_stale_instance_does_not_bring_the_old_status_back(case: Case) -> None:
    stale = item(case, "a")
    complete(case, "a")
    stale.meta = {"kept": True}
    stale.save()
    stale.save(update_fields=["name", "status"])
    now = item(case, "a")
    assert (now.status, now.meta, now.closed_by_user) == ("completed", {"kept": True}, "ann")


def test_save_writes_everything_else(case: Case) -> None:
    row = item(case, "a")
    modified = row.modified_at
    row.name = "Other"
    row.deadline = timezone.now()
    row.save()
    row.refresh_from_db()
    assert row.name == "Other"
    assert row.deadline is not None
    assert row.modified_at > modified


@pytest.mark.parametrize("name", ["status", "closed_at", "closed_by_user", "closed_by_group"])
def test_querysets_refuse_protected_fields(case: Case, name: str) -> None:
    row = item(case, "a")
    with pytest.raises(InvalidTransition, match=name):
        WorkItem.objects.update(**{name: None})
    with pytest.raises(InvalidTransition, match=name):
        case.work_items.update(**{name: None})
    with pytest.raises(InvalidTransition, match=name):
        WorkItem._base_manager.update(**{name: None})
    with pytest.raises(InvalidTransition, match=name):
        WorkItem.objects.bulk_update([row], ["meta", name])
    with pytest.raises(InvalidTransition, match=name):
        WorkItem.objects.bulk_create(
            [row], update_conflicts=True, unique_fields=["id"], update_fields=[name]
        )
    with pytest.raises(InvalidTransition, match=name):
        WorkItem.objects.update_or_create(pk=row.pk, defaults={name: "x"})
    assert item(case, "a").status == "ready"


def test_querysets_refuse_another_family(case: Case) -> None:
    other = api.start_case("flow", ANN)
    for key in ({"family": other}, {"family_id": other.pk}):
        with pytest.raises(InvalidTransition, match="family"):
            Case.objects.update(**key)


def test_querysets_update_everything_else(case: Case) -> None:
    WorkItem.objects.update(meta={"a": 1})
    row = item(case, "a")
    row.meta = {"b": 1}
    assert WorkItem.objects.bulk_update([row], ["meta"]) == 1
    assert item(case, "a").meta == {"b": 1}


def test_inserts_are_free(case: Case) -> None:
    closed = Case.objects.create(workflow_id="flow", status="canceled", closed_by_user="me")
    assert closed.family_id == closed.pk
    made = WorkItem.objects.bulk_create(
        [WorkItem(case=case, task_id="a", name="A", status="skipped")]
    )[0]
    assert state(closed) == "canceled"
    made.meta = {"a": 1}
    made.save()
    closed.save()
    made.status = "ready"
    with pytest.raises(InvalidTransition):
        made.save()


def test_writing_an_existing_row_from_a_new_instance_is_refused(case: Case) -> None:
    row = item(case, "a")
    forged = WorkItem(pk=row.pk, case=case, task=row.task, name="x", status="completed")
    with pytest.raises(InvalidTransition):
        forged.save(force_update=True)
    with pytest.raises(InvalidTransition):
        forged.save(update_fields=["status"])
    assert item(case, "a").status == "ready"


def test_deferred_fields_load_and_refresh(case: Case) -> None:
    row = WorkItem.objects.defer("status", "closed_at").get()
    complete(case, "a")
    assert row.status == "completed"
    row.save()
    row.status = "ready"
    row.refresh_from_db(fields=["meta"])
    with pytest.raises(InvalidTransition):
        row.save()
    row.refresh_from_db()
    row.save()
    assert item(case, "a").status == "completed"


def test_copies_do_not_disturb_each_other(case: Case) -> None:
    row = item(case, "a")
    other = copy.copy(row)
    third = pickle.loads(pickle.dumps(row))
    api.complete_work_item(row, ANN)
    other.meta = third.meta = {"x": 1}
    other.save()
    third.save()
    third.status = "completed"
    with pytest.raises(InvalidTransition):
        third.save()
    assert item(case, "a").status == "completed"


def test_a_deleted_row_is_not_inserted_again(case: Case) -> None:
    row = item(case, "a")
    WorkItem.objects.all().delete()
    with pytest.raises(DatabaseError), transaction.atomic():
        row.save()
    assert not WorkItem.objects.exists()


def test_a_receiver_of_post_save_saves_the_row_again(case: Case) -> None:
    seen = []

    @on(post_save, sender=WorkItem, raise_exception=True)
    def add(instance: WorkItem, created: bool) -> None:
        if len(instance.meta) < 3:
            instance.meta = {**instance.meta, str(len(instance.meta)): str(instance.status)}
            instance.save()
            seen.append((str(instance.status), created))

    new = WorkItem.objects.create(case=case, task_id="a", name="A")
    new.refresh_from_db()
    assert new.meta == {"0": "ready", "1": "ready", "2": "ready"}
    WorkItem.objects.filter(pk=new.pk).update(meta={})
    api.suspend_work_item(new, ANN)
    new.refresh_from_db()
    assert new.meta == {"0": "suspended", "1": "suspended", "2": "suspended"}
    assert new.status == "suspended"
    assert seen.count(("suspended", False)) == 3
