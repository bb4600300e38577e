"""The ids of an input name what may be seen; what is invisible is missing."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from tests.graphql.policies import hiding, in_force, refusing
from tests.graphql.rows import make_case, make_item
from workflow_events.access.permissions import (
    BasePermission,
    object_permission_for,
    permission_for,
)
from workflow_events.access.validations import BaseValidation, validation_for
from workflow_events.events.declaration.identifiers import uuid7
from workflow_events.graphql.mutations import (
    CompleteWorkItem,
    Mutation,
)
from workflow_events.graphql.nodes import Case, Flow, Task, Workflow
from workflow_events.workflow import api as workflow_api
from workflow_events.workflow import models
from workflow_events.workflow.users import BaseUser

USER = BaseUser("user", ["group"])
PAYLOAD = "{ workItem { status } }"


@pytest.fixture
def hidden(db):
    """Access classes that hide these: a case, a work item, a workflow, a task, a flow."""
    case = make_case("secret", meta="secret")
    flow = models.Flow.objects.create(next="secret")
    row = make_item(make_case("w"), "secret", name="secret")
    keys = {
        "case": case.pk,
        "item": row.pk,
        "workflow": "secret",
        "task": "secret",
        "flow": flow.pk,
    }
    classes = [
        hiding(Case, meta="secret"),
        hiding(Workflow, slug="secret"),
        hiding(Task, slug="secret"),
        hiding(Flow, next="secret"),
    ]
    return classes, keys


TO_T = "'t'|task"
INPUTS = [
    ("saveCase", lambda key: {"workflow": key["workflow"]}),
    ("saveCase", lambda key: {"id": key["case"], "workflow": "w"}),
    ("saveCase", lambda key: {"workflow": "w", "parentWorkItem": key["item"]}),
    ("startCase", lambda key: {"workflow": key["workflow"]}),
    ("cancelCase", lambda key: {"id": key["case"]}),
    ("reopenCase", lambda key: {"id": key["case"], "workItems": [key["item"]]}),
    ("completeWorkItem", lambda key: {"id": key["item"]}),
    ("createWorkItem", lambda key: {"case": key["case"], "multipleInstanceTask": "t"}),
    ("saveWorkItem", lambda key: {"workItem": key["item"]}),
    ("saveWorkItem", lambda key: {"case": key["case"], "multipleInstanceTask": key["task"]}),
    ("addWorkflowFlow", lambda key: {"workflow": key["workflow"], "tasks": ["t"], "next": TO_T}),
    ("addWorkflowFlow", lambda key: {"workflow": "w", "tasks": ["t", key["task"]], "next": TO_T}),
    ("removeFlow", lambda key: {"flow": key["flow"]}),
    ("saveWorkflow", lambda key: {"slug": "new", "name": "n", "startTasks": ["t", key["task"]]}),
]


@pytest.mark.parametrize(
    ("name", "members"),
    [pytest.param(*entry, id=f"{n}-{entry[0]}") for n, entry in enumerate(INPUTS)],
)
def test_what_is_invisible_is_not_found_like_what_is_missing(api, hidden, name, members):
    classes, secret = hidden
    make_item(make_case("w"), "t")
    missing = {"workflow": "absent", "task": "absent"} | {
        kind: uuid7() for kind in ("case", "item", "flow")
    }

    def refusal(keys):
        given = {
            member: [str(key) for key in value] if isinstance(value, list) else str(value)
            for member, value in members(keys).items()
        }
        with in_force(*classes):
            error = api.mutate(name, "{ clientMutationId }", **given).error
        assert error["extensions"] == {"code": "NOT_FOUND"}
        message = error["message"]
        for kind, key in keys.items():
            message = message.replace(str(key), f"<{kind}>")
        return message

    assert refusal(secret) == refusal(missing)
    assert models.Workflow.objects.filter(slug="new").count() == 0


def test_an_id_that_is_missing_is_told_as_without_access_classes(api, db):
    pk = str(uuid7())
    plain = [
        api.mutate("completeWorkItem", PAYLOAD, id=pk).error,
        api.mutate("startCase", "{ clientMutationId }", workflow="absent").error,
    ]
    with in_force(hiding(Case, meta="secret"), hiding(Workflow, slug="secret")):
        restricted = [
            api.mutate("completeWorkItem", PAYLOAD, id=pk).error,
            api.mutate("startCase", "{ clientMutationId }", workflow="absent").error,
        ]
    assert restricted == plain


class TestUpserts:
    """saveWorkflow and the mutations of tasks, keyed by slug."""

    def test_what_is_invisible_is_not_found(self, api, db):
        models.Task.objects.create(slug="t", name="before")

        with in_force(hiding(Task, slug="t")):
            answer = api.mutate("saveSimpleTask", "{ task { slug } }", slug="t", name="after")

        assert answer.error["message"] == "There is no task 't'."
        assert answer.code == "NOT_FOUND"
        assert models.Task.objects.get().name == "before"

    def test_object_permissions_are_for_what_exists(self, api, db):
        models.Task.objects.create(slug="t", name="before")

        with in_force(refusing("object")):
            changed = api.mutate("saveSimpleTask", "{ task { slug } }", slug="t", name="after")
            created = api.mutate("saveSimpleTask", "{ task { name } }", slug="new", name="new")

        assert changed.code == "PERMISSION_DENIED"
        assert created.data["saveSimpleTask"]["task"] == {"name": "new"}
        assert models.Task.objects.get(slug="t").name == "before"

    @pytest.mark.parametrize(
        "saving",
        [
            ("saveWorkflow", models.Workflow, {"startTasks": ["t"]}),
            ("saveSimpleTask", models.Task, {}),
        ],
    )
    @pytest.mark.parametrize("access", [hiding(Workflow, name="x"), refusing("object")])
    def test_what_is_created_meanwhile_is_not_changed(self, api, db, access, saving):
        """It was not looked at: it may be invisible, or not to be changed by this user."""
        name, model, members = saving
        models.Task.objects.create(slug="t", name="t")

        class Meanwhile(BaseValidation):
            @validation_for(Mutation)
            def created(self, mutation, data, info):
                model.objects.create(slug=data["slug"], name="theirs")
                return data

        with in_force(access, Meanwhile()):
            answer = api.mutate(name, "{ clientMutationId }", slug="new", name="mine", **members)

        assert answer.code == "CONFLICT"
        assert model.objects.get(slug="new").name == "theirs"

    def test_validations_get_the_slug(self, api, db, clerk, asked):
        models.Task.objects.create(slug="t", name="before")

        with in_force(*clerk):
            api.mutate("saveWorkflow", "{ clientMutationId }", slug="w", name="w", startTasks=["t"])

        [task] = models.Task.objects.all()
        assert asked[1:] == [("data", {"slug": "w", "name": "w", "start_tasks": [task]})]


@pytest.fixture
def item(linear):
    workflow_api.start_case("linear", USER)
    return models.WorkItem.objects.get()


class TestStatements:
    """A look-up costs one statement per member, and only where somebody asks for it."""

    def count(self, api, item, *classes):
        with in_force(*classes), CaptureQueriesContext(connection) as queries:
            assert api.mutate("suspendWorkItem", "{ clientMutationId }", id=str(item.pk)).data
        workflow_api.resume_work_item(item, USER)
        return len(queries)

    def test_nobody_asks(self, api, item, clerk):
        class OfOthers(BasePermission):
            @permission_for(Mutation)
            def allowed(self, mutation, info):
                return True

            @object_permission_for(CompleteWorkItem)
            def never(self, mutation, info, instance):
                raise AssertionError

        plain = self.count(api, item)
        assert self.count(api, item, OfOthers()) == plain
        assert self.count(api, item, hiding(models.Flow, next="secret")) == plain
        assert self.count(api, item, clerk[0]) == plain + 1
        assert self.count(api, item, clerk[1]) == plain + 1
        assert self.count(api, item, hiding(Case, meta="secret")) == plain + 1
        assert self.count(api, item, *clerk, hiding(Case, meta="secret")) == plain + 1

    def test_permissions_get_the_item_with_its_case_and_task(self, api, item):
        class Looking(BasePermission):
            @object_permission_for(Mutation)
            def looks(self, mutation, info, instance):
                return bool(instance.case.status and instance.task.slug)

        assert self.count(api, item, Looking()) == self.count(api, item) + 1
