"""Whose permissions and validations hold for a mutation, and what they are told of it."""

import pytest

from tests.graphql.policies import in_force
from workflow_events.access.permissions import (
    BasePermission,
    permission_for,
)
from workflow_events.graphql.mutations import (
    CompleteWorkItem,
    CreateWorkItem,
    Mutation,
    SaveCase,
    SaveTask,
    SaveWorkItem,
    StartCase,
)
from workflow_events.workflow import api as workflow_api
from workflow_events.workflow import models
from workflow_events.workflow.users import BaseUser

USER = BaseUser("user", ["group"])
PAYLOAD = "{ workItem { status } }"


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

    @pytest.mark.parametrize("inline", [True, False])
    def test_json(self, api, given, inline):
        context = r'"{\"groups\": [\"a\"]}"' if inline else "$v"
        query = (
            "mutation ($v: JSONString, $none: JSONString)"
            f' {{ saveCase(input: {{workflow: "linear", meta: "{{}}", context: {context}}})'
            ' { clientMutationId } more: saveCase(input: {workflow: "linear", context: $none})'
            " { clientMutationId } }"
        )
        query = query.replace("$v: JSONString, ", "") if inline else query
        data = api(query, v='{"groups": ["a"]}', none=None).data
        assert data == {key: {"clientMutationId": None} for key in ("saveCase", "more")}
        assert given == [
            {"input": {"workflow": "linear", "meta": {}, "context": {"groups": ["a"]}}},
            {"input": {"workflow": "linear", "context": None}},
        ]

    def test_broken_json(self, api, given):
        answer = api.mutate("saveCase", "{ case { id } }", workflow="linear", context="{")
        assert (answer.code, given) == ("INVALID_INPUT", [])
        assert answer.error["message"].startswith('"context" is not valid JSON:')
        assert not models.Case.objects.exists()

    def test_aliases(self, api, given):
        query = """mutation ($w: ID!) {
            a: saveCase(input: {workflow: $w, clientMutationId: "a"}) { clientMutationId }
            ...more }
            fragment more on Mutation {
            b: saveCase(input: {workflow: $w, clientMutationId: "b"}) { clientMutationId } }"""
        assert api(query, w="linear").data["b"] == {"clientMutationId": "b"}
        assert [params["input"]["client_mutation_id"] for params in given] == ["a", "b"]
