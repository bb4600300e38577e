"""A mutation passes permission, parsing, look-up, object permission and validation, in turn."""

import pytest
from django.core.exceptions import ValidationError
from django.db import connection
from django.test.utils import CaptureQueriesContext

from tests.graphql.policies import hiding, in_force
from tests.graphql.rows import make_case, make_item
from workflow_events.access.permissions import (
    BasePermission,
    object_permission_for,
    permission_for,
)
from workflow_events.access.validations import BaseValidation, validation_for
from workflow_events.access.visibilities import BaseVisibility, filter_queryset_for
from workflow_events.events import on
from workflow_events.events.identifiers import uuid7
from workflow_events.graphql.ids import to_global_id
from workflow_events.graphql.mutations import (
    CompleteWorkItem,
    CreateWorkItem,
    Mutation,
    SaveCase,
    SaveTask,
    SaveWorkItem,
    StartCase,
)
from workflow_events.graphql.nodes import Case, Task, Workflow, WorkItem
from workflow_events.workflow import api as workflow_api
from workflow_events.workflow import models
from workflow_events.workflow.users import BaseUser

USER = BaseUser("user", ["group"])
PAYLOAD = "{ workItem { status } }"


@pytest.fixture
def item(linear):
    workflow_api.start_case("linear", USER)
    return models.WorkItem.objects.get()


@pytest.fixture
def asked():
    """What was asked, in order."""
    return []


@pytest.fixture
def clerk(asked):
    """A permission and a validation that note what they are asked, and allow everything."""

    class Clerk(BasePermission):
        @permission_for(Mutation)
        def allowed(self, mutation, info):
            asked.append(("permission", mutation))
            return True

        @object_permission_for(Mutation)
        def allowed_for(self, mutation, info, instance):
            asked.append(("object", instance))
            return True

    class Check(BaseValidation):
        @validation_for(Mutation)
        def right(self, mutation, data, info):
            asked.append(("data", dict(data)))
            return data

    return Clerk(), Check()


def refusing(kind):
    """Return a class that refuses everything, as permission or as validation."""

    class Refusing(BasePermission):
        @(permission_for if kind == "permission" else object_permission_for)(Mutation)
        def refused(self, mutation, info, instance=None):
            return False

    class Unwilling(BaseValidation):
        @validation_for(Mutation)
        def refused(self, mutation, data, info):
            raise ValidationError("Refused.")

    return Unwilling() if kind == "data" else Refusing()


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

    def test_validations_get_the_slug(self, api, db, clerk, asked):
        models.Task.objects.create(slug="t", name="before")

        with in_force(*clerk):
            api.mutate("saveWorkflow", "{ clientMutationId }", slug="w", name="w", startTasks=["t"])

        [task] = models.Task.objects.all()
        assert asked[1:] == [("data", {"slug": "w", "name": "w", "start_tasks": [task]})]


class TestGovernance:
    """Whose permissions and validations hold."""

    def test_every_mutation_is_governed_by_its_parents(self):
        assert CompleteWorkItem.governed_by({}) == (CompleteWorkItem.__mro__,)
        assert SaveCase in StartCase.governed_by({})[0]

    def test_changing_a_work_item_is_not_governed_by_creating_one(self):
        [own] = SaveWorkItem.governed_by({"work_item": "1"})
        assert own[0] is SaveWorkItem
        assert CreateWorkItem not in own
        assert Mutation in own

    @pytest.mark.parametrize("given", [{}, {"work_item": None}])
    def test_creating_one_passes_both(self, given):
        assert SaveWorkItem.governed_by(given) == (
            *SaveWorkItem.governed_by({"work_item": "1"}),
            CreateWorkItem.__mro__,
        )

    @pytest.mark.parametrize(
        ("marked", "creates", "changes"),
        [
            (CreateWorkItem, "PERMISSION_DENIED", None),
            (SaveWorkItem, "PERMISSION_DENIED", "PERMISSION_DENIED"),
            (Mutation, "PERMISSION_DENIED", "PERMISSION_DENIED"),
        ],
    )
    def test_over_the_api(self, api, multiple, marked, creates, changes):
        case = workflow_api.start_case("multiple", USER)
        item = models.WorkItem.objects.get()

        class Never(BasePermission):
            @permission_for(marked)
            def never(self, mutation, info):
                assert mutation is SaveWorkItem
                return False

        def code(**members):
            answer = api.mutate("saveWorkItem", PAYLOAD, **members)
            return answer.code if "errors" in answer.body else None

        with in_force(Never()):
            assert code(case=str(case.pk), multipleInstanceTask="many") == creates
            assert code(workItem=str(item.pk), name="New") == changes
        assert models.WorkItem.objects.count() == 1

    def test_what_is_said_of_a_parent_holds_for_its_children(self, api, linear):
        class NoTasks(BasePermission):
            @permission_for(SaveTask)
            def never(self, mutation, info):
                return False

            @permission_for(SaveCase)
            def no_cases(self, mutation, info):
                return False

        with in_force(NoTasks()):
            for name in ("saveSimpleTask", "saveCompleteWorkflowFormTask"):
                answer = api.mutate(name, "{ clientMutationId }", slug="t", name="t")
                assert answer.code == "PERMISSION_DENIED"
            answer = api.mutate("startCase", "{ clientMutationId }", workflow="linear")
            assert answer.code == "PERMISSION_DENIED"
        assert models.Case.objects.count() == 0

    def test_a_method_found_by_both_chains_is_asked_once(self, api, multiple, clerk, asked):
        case = workflow_api.start_case("multiple", USER)

        with in_force(*clerk):
            members = {"case": str(case.pk), "multipleInstanceTask": "many"}
            assert api.mutate("saveWorkItem", PAYLOAD, **members).data

        task = models.Task.objects.get()
        assert asked == [
            ("permission", SaveWorkItem),
            ("data", {"case": case, "multiple_instance_task": task}),
        ]


class TestParams:
    """What get_params gives."""

    @pytest.fixture
    def given(self, api, linear):
        found = []

        class Clerk(BasePermission):
            @permission_for(Mutation)
            def note(self, mutation, info):
                params = mutation.get_params(info)
                found.append(mutation.get_params(info))
                params["input"].clear()  # a copy: it harms nobody
                return True

        with in_force(Clerk()):
            yield found

    def test_inline(self, api, given):
        query = """mutation { saveCase(input: {workflow: "linear", clientMutationId: "1"})
            { case { status } } }"""
        assert api(query).data["saveCase"] == {"case": {"status": "RUNNING"}}
        assert given == [{"input": {"workflow": "linear", "client_mutation_id": "1"}}]

    @pytest.mark.parametrize(
        ("declared", "used"),
        [
            ("$v: SaveCaseInput!", "$v"),
            ("$v: String!", '{workflow: "linear", clientMutationId: $v}'),
        ],
    )
    def test_variables(self, api, given, declared, used):
        value = "1" if "String" in declared else {"workflow": "linear", "clientMutationId": "1"}
        query = f"mutation ({declared}) {{ saveCase(input: {used}) {{ case {{ status }} }} }}"
        assert api(query, v=value).data["saveCase"] == {"case": {"status": "RUNNING"}}
        assert given == [{"input": {"workflow": "linear", "client_mutation_id": "1"}}]

    def test_aliases(self, api, given):
        query = """mutation ($w: ID!) {
            a: saveCase(input: {workflow: $w, clientMutationId: "a"}) { clientMutationId }
            ...more }
            fragment more on Mutation {
            b: saveCase(input: {workflow: $w, clientMutationId: "b"}) { clientMutationId } }"""
        assert api(query, w="linear").data["b"] == {"clientMutationId": "b"}
        assert [params["input"]["client_mutation_id"] for params in given] == ["a", "b"]


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
