"""A mutation passes permission, parsing, look-up, object permission and validation, in turn."""

import pytest

from tests.graphql.policies import hiding, in_force, refusing
from workflow_events.access.validations import BaseValidation, validation_for
from workflow_events.access.visibilities import BaseVisibility, filter_queryset_for
from workflow_events.events.declaration.identifiers import uuid7
from workflow_events.graphql.ids import to_global_id
from workflow_events.graphql.mutations import (
    CompleteWorkItem,
    SaveCase,
)
from workflow_events.graphql.nodes import Case, WorkItem
from workflow_events.workflow import api as workflow_api
from workflow_events.workflow import models
from workflow_events.workflow.users import BaseUser

USER = BaseUser("user", ["group"])
PAYLOAD = "{ workItem { status } }"


@pytest.fixture
def item(linear):
    workflow_api.start_case("linear", USER)
    return models.WorkItem.objects.get()


def test_it_is_asked_in_order(api, item, clerk, asked):
    with in_force(*clerk, hiding(Case, meta="secret")):
        answer = api.mutate("completeWorkItem", PAYLOAD, id=str(item.pk), context='{"a": 1}')

    assert answer.data["completeWorkItem"]["workItem"] == {"status": "COMPLETED"}
    assert asked == [
        ("permission", CompleteWorkItem),
        ("object", item),
        ("data", {"id": item, "context": {"a": 1}}),
    ]


@pytest.mark.parametrize(
    ("refused_by", "members", "code"),
    [
        ("permission", {"id": "malformed"}, "PERMISSION_DENIED"),
        ("object", {"id": "malformed"}, "INVALID_INPUT"),
        ("object", {"id": str(uuid7())}, "NOT_FOUND"),
        ("object", {}, "PERMISSION_DENIED"),
        ("data", {"id": str(uuid7())}, "NOT_FOUND"),
        ("data", {"context": "malformed"}, "INVALID_INPUT"),
        ("data", {}, "INVALID_INPUT"),
    ],
)
def test_the_first_that_refuses_is_heard(api, item, refused_by, members, code):
    with in_force(refusing(refused_by)):
        answer = api.mutate("completeWorkItem", PAYLOAD, **{"id": str(item.pk), **members})

    assert answer.code == code
    item.refresh_from_db()
    assert item.status == "ready"


def test_permissions_and_validations_come_before_what_the_workflow_says(api, item):
    workflow_api.complete_work_item(item, USER)
    with in_force(refusing("object")):
        assert api.mutate("completeWorkItem", PAYLOAD, id=str(item.pk)).code == "PERMISSION_DENIED"
    with in_force(refusing("data")):
        assert api.mutate("completeWorkItem", PAYLOAD, id=str(item.pk)).error["message"] == (
            "Refused."
        )
    assert api.mutate("completeWorkItem", PAYLOAD, id=str(item.pk)).code == "INVALID_TRANSITION"


def test_a_validation_changes_what_is_stored_and_who_acts(api, linear):
    class Acting(BaseValidation):
        @validation_for(SaveCase)
        def act(self, mutation, data, info):
            info.context.user.group = "chosen"
            return {**data, "meta": {"by": "validation"}}

    with in_force(Acting()):
        answer = api.mutate(
            "saveCase",
            "{ case { createdByGroup meta } }",
            workflow="linear",
            meta='{"by": "client"}',
        )

    assert answer.data["saveCase"]["case"] == {
        "createdByGroup": "chosen",
        "meta": {"by": "validation"},
    }
    assert models.WorkItem.objects.get().created_by_group == "chosen"


def test_a_validation_may_name_another_object(api, linear):
    other = models.Workflow.objects.create(slug="other", name="Other")
    models.WorkflowStartTask.objects.create(workflow=other, task_id="second")

    class Instead(BaseValidation):
        @validation_for(SaveCase)
        def other(self, mutation, data, info):
            assert data["workflow"].slug == "linear"
            return {**data, "workflow": "other"}

    with in_force(Instead()):
        answer = api.mutate("saveCase", "{ case { workflow { slug } } }", workflow="linear")

    assert answer.data["saveCase"]["case"] == {"workflow": {"slug": "other"}}


def test_what_was_made_is_shown_whatever_may_be_seen(api, linear):
    with in_force(hiding(Case, pk__isnull=False)):
        answer = api.mutate(
            "saveCase",
            "{ case { status workflow { slug } workItems { totalCount } family { id } } }",
            workflow="linear",
        )

    assert answer.data["saveCase"]["case"] == {
        "status": "RUNNING",
        "workflow": {"slug": "linear"},
        "workItems": {"totalCount": 0},
        "family": None,
    }


def test_what_a_mutation_makes_visible_is_visible_in_its_payload(api, linear):
    """What may be seen is found out anew after the operation, also by keys read beforehand."""
    case = workflow_api.start_case("linear", USER)

    class ByKeys(BaseVisibility):
        @filter_queryset_for(WorkItem)
        def known(self, node, queryset, info):
            keys = models.WorkItem.objects.values_list("pk", flat=True)
            return queryset.filter(pk__in=list(keys))

    item = models.WorkItem.objects.get()
    with in_force(ByKeys()):
        answer = api.mutate(
            "completeWorkItem",
            "{ workItem { succeedingWorkItems { totalCount } } }",
            id=to_global_id("WorkItem", item.pk),
        )

    assert case.work_items.count() == 2
    assert answer.data["completeWorkItem"]["workItem"] == {"succeedingWorkItems": {"totalCount": 1}}
