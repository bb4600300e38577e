"""Receivers of records in the background."""

from typing import Any

import pytest
from django.db.models import Model
from django.test import override_settings

from tests.workflow.builders import new_task
from workflow_events.delivery.models import LoggedEvent
from workflow_events.events import on
from workflow_events.events.errors import RegistrationError
from workflow_events.events.registration.registry import registry
from workflow_events.records import (
    Observer,
    PostCreateRecord,
    PostDeleteRecord,
    PostUpdateRecord,
    PreUpdateRecord,
    changed,
)
from workflow_events.workflow.models import Task

pytestmark = pytest.mark.django_db


def test_an_update(deliveries):
    got: list[Any] = []
    task = new_task("a", meta={"n": [1]})

    @on(PostUpdateRecord[Task], background=True, name="renamed")
    @changed("meta")
    def renamed(record, diff, sender):
        got.append((type(record), record.pk, record.meta, diff, sender))

    task.meta = {"n": [1], "m": None}
    task.save()
    task.is_archived = True
    task.save()
    assert len(deliveries) == 1
    Task.objects.filter(pk="a").update(meta={"later": True})
    assert deliveries.run() == 1
    [(kind, key, meta, diff, sender)] = got
    assert (kind, key, sender) == (Task, "a", Task)
    assert meta == {"later": True}
    assert diff["meta"] == ({"n": [1]}, {"n": [1], "m": None})
    assert isinstance(diff["meta"], tuple)


def test_what_is_deleted_comes_as_it_was(deliveries):
    """Without takes_gone: that the row is gone is what the event says."""
    got: list[Any] = []

    class Watch(Observer):
        observes = Task
        background = True

        def created(self, record):
            got.append(record.pk)

        def deleted(self, record, values):
            got.append(
                (record.pk, record.meta, values["slug"], values["meta"], record._state.adding)
            )

    task = new_task("a", meta={"n": 1})
    deliveries.run()
    task.delete()
    stored = LoggedEvent.objects.get(name="post_delete_record").content["payload"]
    assert stored.keys() == {"values"}
    deliveries.run()
    assert got == ["a", ("a", {"n": 1}, "a", {"n": 1}, False)]


def test_before_something_happens_is_refused():
    with pytest.raises(RegistrationError, match="in the background"):
        on(PreUpdateRecord[Task], background=True)(lambda record: None)


def test_the_log_has_what_somebody_listens_to():
    """Records emit nothing for the log alone."""
    with override_settings(EVENT_LOG="all"):
        new_task("a")
        assert not LoggedEvent.objects.filter(name__endswith="_record").exists()
        on(PostCreateRecord[Task])(lambda: None)
        new_task("b")
    names = LoggedEvent.objects.filter(name__endswith="_record").values_list("name", flat=True)
    assert list(names) == ["post_create_record"]


@pytest.mark.parametrize(
    ("target", "sender"),
    [
        (PostCreateRecord, None),
        ("post_create_record", None),
        (PostCreateRecord[Model], None),
        (PostCreateRecord, Model),
        ("post_*_record", [Task, Model]),
    ],
)
def test_every_model_is_refused(target, sender):
    """An engine may store records itself: each would be delivered by another one."""
    before = list(registry.receivers)
    with pytest.raises(RegistrationError, match="without end"):
        on(target, sender=sender, background=True)(see)
    assert registry.receivers == before
    on(["post_create_case", PostCreateRecord[Task]], background=True)(see)
    on("post_*", background=True, name="pattern")(see)  # means no records


def see(event): ...


def test_a_model_that_has_changed_since():
    """Fields that are gone are left out; those that are new are not loaded."""
    values = {"slug": "a", "gone": 1}
    [record] = PostDeleteRecord.rebuilt(Task, {"values": values}).values()
    assert (record.pk, "name" in record.get_deferred_fields()) == ("a", True)
    assert PostDeleteRecord.rebuilt(None, {"values": values}) == {"record": None}
