"""Rows travel by reference, and come back as they are then: each once, and as one instance."""

import pytest
from django.db import connection
from django.db.models import F
from django.db.models.signals import post_save
from django.test.utils import CaptureQueriesContext

from tests.delivery.conftest import DELIVERY_ID
from tests.events.tables import Child
from tests.workflow.builders import ANN, complete, item, workflow
from workflow_events.delivery import payload
from workflow_events.delivery.models import LoggedEvent
from workflow_events.delivery.payload import references
from workflow_events.delivery.payload.encoding import Encoding
from workflow_events.events import Event, on
from workflow_events.events.declaration.event import make
from workflow_events.events.emission.restoring import run_alone
from workflow_events.events.registration.registry import registry
from workflow_events.graphql.mutations import CompleteWorkItem
from workflow_events.workflow import api
from workflow_events.workflow.events import post_complete_work_item, post_reopen_case
from workflow_events.workflow.models import Case, Task, Workflow, WorkItem

pytestmark = pytest.mark.django_db


@pytest.fixture
def completed(work_item, user):
    """The row of an event of the workflow."""
    what = {"work_item": work_item, "user": user, "context": {"why": "so"}}
    logged = payload.encode(make(post_complete_work_item, what, CompleteWorkItem))
    logged.save(force_insert=True)
    return logged


def test_an_event_of_the_workflow_is_restored_by_one_statement(
    completed, work_item, django_assert_num_queries
):
    WorkItem.objects.filter(pk=work_item.pk).update(name="changed since")
    with django_assert_num_queries(1):
        event = payload.decode(completed, DELIVERY_ID)
        assert event.work_item == work_item
        assert event.work_item is not work_item
        assert event.work_item.name == "changed since"
        assert event.work_item.case.pk == completed.case
        assert event.work_item.task.name == "A"
        assert event.work_item.child_case is None
    assert type(event) is post_complete_work_item
    assert event.sender is CompleteWorkItem
    assert event.context == {"why": "so"}
    envelope = event.envelope
    assert (envelope.name, envelope.id) == ("post_complete_work_item", completed.pk)
    assert (envelope.time, envelope.cause) == (completed.time, None)
    assert envelope.delivery_id == DELIVERY_ID


def test_an_async_receiver_need_not_load_anything(completed, django_assert_num_queries):
    seen = []

    @on(post_complete_work_item, delivery="background", name="somebody")
    async def look(work_item):
        seen.append((work_item.task.name, work_item.case.workflow_id, work_item.child_case))

    event = payload.decode(completed, DELIVERY_ID)
    with django_assert_num_queries(0):
        run_alone(registry.in_background["somebody"], event, then=lambda: seen.append("done"))
    assert seen == [("A", "flow", None), "done"]


def test_a_row_is_loaded_once_however_often_it_stands_there(
    work_item, stored, django_assert_num_queries
):
    logged = stored({"item": work_item, "list": [work_item, (work_item.case,)]}, user=work_item)
    with django_assert_num_queries(2):
        event = payload.decode(logged, DELIVERY_ID)
    one = event.user
    assert event.what["item"] is one
    assert event.what["list"][0] is one
    assert event.what["list"][1][0] is one.case


def test_rows_of_one_model_are_loaded_together(case, stored, django_assert_num_queries):
    api.create_work_item(case, "a", ANN)
    items = list(WorkItem.objects.order_by("pk"))
    assert len(items) == 2
    logged = stored(items)
    with django_assert_num_queries(1):
        first, second = payload.decode(logged, DELIVERY_ID).what
        assert [first, second] == items
        assert first.case is second.case
        assert first.task is second.task


def test_a_child_case_leads_back_to_its_work_item(stored, user, case, work_item):
    child = api.start_case(workflow("c", slug="child"), user, parent_work_item=work_item)
    event = payload.decode(stored([work_item, child]), DELIVERY_ID)
    parent, back = event.what
    assert parent.child_case is back
    assert back.parent_work_item is parent


def test_every_model_is_a_reference(stored, case):
    logged = stored([Workflow.objects.get(), Task.objects.get(pk="a")])
    assert logged.content["payload"]["what"] == [
        {"$row": {"model": "workflow.Workflow", "pk": "flow"}},
        {"$row": {"model": "workflow.Task", "pk": "a"}},
    ]
    back = payload.decode(logged, DELIVERY_ID).what
    assert [type(row) for row in back] == [Workflow, Task]


def test_keys_of_every_kind(stored, completed):
    back = payload.decode(stored(completed), DELIVERY_ID).what
    assert back == completed


def test_values_handed_over_for_a_new_row(stored, case, work_item):
    values = {"case": case, "task": work_item.task, "meta": {"deep": [work_item]}, "name": "x"}
    back = payload.decode(stored(values), DELIVERY_ID).what
    assert back == values
    assert list(back) == list(values)


def test_a_queryset_comes_back_filtered_and_in_its_order(stored, case):
    for _ in range(3):
        api.create_work_item(case, "a", ANN)
    newest_first = WorkItem.objects.order_by("-pk")[:3]
    expected = list(newest_first.values_list("pk", flat=True))
    with CaptureQueriesContext(connection) as captured:
        logged = stored(newest_first.all())
    assert len(captured) == 3  # the keys, the log, and the look at it
    with CaptureQueriesContext(connection) as captured:
        back = payload.decode(logged, DELIVERY_ID).what
        assert len(captured) == 0
        assert [row.pk for row in back] == expected
        assert len(captured) == 1
    assert back.filter(pk=expected[1]).get().pk == expected[1]
    assert back.select_related("case")[0].case == case


def test_a_queryset_that_is_loaded_is_not_asked_again(stored, case):
    rows = WorkItem.objects.filter(case=case)
    expected = list(rows)
    with CaptureQueriesContext(connection) as captured:
        logged = stored(rows)
    assert len(captured) == 2
    assert list(payload.decode(logged, DELIVERY_ID).what) == expected


def test_of_a_queryset_what_is_gone_is_missing(stored, case):
    extra = api.create_work_item(case, "a", ANN)
    logged = stored(WorkItem.objects.order_by("-pk"))
    extra.delete()
    rows = payload.decode(logged, DELIVERY_ID).what
    assert [row.pk for row in rows] == [item(case, "a").pk]


def test_an_empty_queryset(stored, case):
    back = payload.decode(stored(WorkItem.objects.none()), DELIVERY_ID).what
    assert (back.model, list(back)) == (WorkItem, [])


def test_what_a_reopened_case_brings(case, user, nudges):
    on(post_reopen_case, delivery="background", name="somebody")(print)
    complete(case, "a", "b")
    again = item(case, "b")
    api.reopen_case(case, [again], user)
    event = payload.decode(LoggedEvent.objects.get(), DELIVERY_ID)
    assert event.case == case
    assert list(event.work_items) == [again]


def test_a_signal_comes_back_as_it_was_sent(work_item, nudges):
    on(post_save, sender=WorkItem, delivery="background", name="somebody")(print)
    work_item.save(update_fields=["name"])
    event = payload.decode(LoggedEvent.objects.get(), DELIVERY_ID)
    assert event.sender is WorkItem
    assert event.instance == work_item
    assert event.signal is post_save
    assert (event.created, event.raw, event.using) == (False, False, "default")
    assert event.update_fields == frozenset({"name"})


def test_what_is_gone_is_named(stored, case, work_item):
    logged = stored({"deep": [work_item, case]}, user=work_item, context=case)
    work_item.delete()
    with pytest.raises(payload.Gone) as caught:
        payload.decode(logged, DELIVERY_ID)
    assert caught.value.names == ("what", "user")
    assert caught.value.references == (f"workflow.WorkItem {logged_key(logged)}",)
    assert str(caught.value) == (
        f"what, user: workflow.WorkItem {logged_key(logged)} is gone. A receiver that is "
        "registered with takes_gone=True gets None instead."
    )


def logged_key(logged):
    return logged.content["user"]["$row"]["pk"]


def test_what_is_gone_is_none_for_who_takes_it(stored, case, work_item):
    logged = stored({"deep": [work_item, case]}, user=work_item)
    work_item.delete()
    event = payload.decode(logged, DELIVERY_ID, gone_as_none=True)
    assert event.what == {"deep": [None, case]}
    assert event.user is None


def test_how_a_model_is_loaded_is_registered(stored, case, monkeypatch, django_assert_num_queries):
    monkeypatch.setattr(references, "_loadings", dict(references._loadings))
    asked = []

    def load(pk):
        asked.append(pk)
        return Task.objects.filter(pk=pk).first()

    payload.register_model(Task, load=load)
    one, other = Task.objects.order_by("pk")
    assert payload.decode(stored(one), DELIVERY_ID).what == one
    assert asked == ["a"]
    logged = stored([one, other])
    with django_assert_num_queries(1):
        assert payload.decode(logged, DELIVERY_ID).what == [one, other]
    assert asked == ["a"]
    logged = stored(one)
    Task.objects.filter(pk="b").delete()
    WorkItem.objects.all().delete()
    logged.content["payload"]["what"]["$row"]["pk"] = "b"
    with pytest.raises(payload.Gone):
        payload.decode(logged, DELIVERY_ID)


def test_a_row_of_another_database_is_not_looked_for_in_ours(work_item):
    work_item._state.db = "archive"
    encoded = Encoding("event.what").value([work_item])
    [found] = references.references_in(encoded)
    assert found == references.Reference(WorkItem, work_item.pk, "archive")


def test_rows_of_a_proxy_load_the_relations_of_its_model(stored, work_item, settings):
    # Proxies of a deployment are installed; here the label leads to the model itself.
    class Special(WorkItem):
        class Meta:
            app_label = "workflow"
            proxy = True

    try:
        back = payload.decode(stored(Special.objects.get()), DELIVERY_ID).what
        assert type(back) is Special
        assert set(back._state.fields_cache) == {"case", "task", "child_case"}
    finally:
        from django.apps import apps

        del apps.all_models["workflow"]["special"]
        apps.clear_cache()


def child():
    stored = Child(pk=1)
    stored._state.adding = False
    return stored


REFUSED = {
    "never saved": (Case, "workflow.Case has no row"),
    "not installed": (child, "event_tests.Child is not among the installed"),
    "values": (lambda: WorkItem.objects.values("name"), "make it a list"),
    "tuples": (lambda: WorkItem.objects.values_list("pk"), "make it a list"),
    "a manager": (lambda: WorkItem.objects, "Manager"),
    "a raw query": (lambda: WorkItem.objects.raw("SELECT 1"), "RawQuerySet"),
    "an expression": (lambda: F("name"), "nobody knows how to store a django"),
}


@pytest.mark.parametrize(("make_it", "reason"), REFUSED.values(), ids=REFUSED.keys())
def test_what_leads_to_no_row_is_refused(make_it, reason, stored):
    with pytest.raises(payload.NotEncodable, match=reason):
        stored({"here": make_it()})
    assert LoggedEvent.objects.count() == 0


def test_a_deleted_instance_is_refused(stored, work_item):
    work_item.delete()
    with pytest.raises(payload.NotEncodable, match=r"^noticed\.what cannot be stored .* deleted"):
        stored(work_item)


def test_the_case_of_an_event(case, stored):
    class Discussed(Event, case=lambda about: about.pk):
        about: Case

    assert payload.encode(make(Discussed, {"about": case}, None)).case == case.pk
    assert stored(case).case is None
