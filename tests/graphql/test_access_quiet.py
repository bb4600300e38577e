"""Errors tell of what is visible only."""

import pytest

from tests.graphql.policies import hiding, in_force
from workflow_events.events import on
from workflow_events.graphql.nodes import Case, WorkItem
from workflow_events.workflow import api as workflow_api
from workflow_events.workflow import models
from workflow_events.workflow.users import BaseUser

USER = BaseUser("user", ["group"])
PAYLOAD = "{ workItem { status } }"


class TestQuietErrors:
    """A rule of the workflow about a case that is invisible is told without that case."""

    @pytest.fixture
    def parent(self, linear):
        case = workflow_api.start_case("linear", USER)
        item = models.WorkItem.objects.get(case=case)
        workflow_api.start_case("linear", USER, item, meta={"a": "secret"})
        item.refresh_from_db()
        return item

    @pytest.mark.parametrize("secret", [False, True])
    def test_a_child_case_that_runs(self, api, parent, secret):
        with in_force(*[hiding(Case, meta={"a": "secret"})] * secret):
            error = api.mutate("completeWorkItem", PAYLOAD, id=str(parent.pk)).error

        assert error["extensions"] == {"code": "INVALID_TRANSITION"}
        assert (str(parent.child_case_id) in error["message"]) is not secret
        assert "child" not in error["message"] or not secret

    @pytest.mark.parametrize("secret", [False, True])
    def test_a_parent_that_is_done(self, api, parent, secret):
        child = parent.child_case
        workflow_api.cancel_case(child, USER)
        workflow_api.complete_work_item(parent, USER)
        with in_force(*[hiding(WorkItem, pk=parent.pk)] * secret):
            error = api.mutate(
                "reopenCase",
                "{ clientMutationId }",
                id=str(child.pk),
                workItems=[str(child.work_items.get().pk)],
            ).error

        assert error["extensions"] == {"code": "INVALID_TRANSITION"}
        assert (str(parent.pk) in error["message"]) is not secret
        assert "parent" not in error["message"] or not secret

    def test_within_a_receiver(self, api, parent):
        own = workflow_api.start_case("linear", USER)
        with in_force(hiding(Case, meta={"a": "secret"})):

            @on("pre_complete_work_item", raise_exception=True)
            def complete_the_other(work_item):
                if work_item.case_id == own.pk:
                    workflow_api.complete_work_item(parent.pk, USER)

            error = api.mutate("completeWorkItem", PAYLOAD, id=str(own.work_items.get().pk)).error

        assert error["extensions"]["codes"] == ["INVALID_TRANSITION"]
        assert error["message"] == f"Work item {parent.pk} cannot be completed yet."
