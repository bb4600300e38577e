"""``dryRun: true``: the payload and what happened, and nothing stored (docs/how-to)."""

from math import inf

import pytest
from django.db import connection, transaction
from django.test import override_settings

from tests.graphql.policies import in_force
from tests.workflow.builders import statements
from workflow_events.access.permissions import (
    AllowAny,
    BasePermission,
    IsAuthenticated,
    permission_for,
)
from workflow_events.delivery.models import Delivery, LoggedEvent
from workflow_events.events import on
from workflow_events.graphql.mutations import CompleteWorkItem, DryRun, Mutation, StartCase
from workflow_events.graphql.schema import schema
from workflow_events.workflow import api, models
from workflow_events.workflow.errors import InvalidTransition
from workflow_events.workflow.events import (
    post_complete_work_item,
    post_create_case,
    post_create_work_item,
)
from workflow_events.workflow.models import Case, WorkItem
from workflow_events.workflow.users import BaseUser

CLERK = BaseUser("clerk", ["clerks"])
COMPLETE = """
mutation ($input: CompleteWorkItemInput!, $dryRun: Boolean = true) {
  completeWorkItem(input: $input, dryRun: $dryRun) {
    workItem { status case { status workItems { edges { node { status task { slug } } } } } }
    clientMutationId
    explanation
  }
}
"""

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("linear")]


class Authors(BasePermission):
    """Mutations may be run dry by whoever may do them."""

    @permission_for(DryRun)
    def may_be_run_dry(self, mutation, info):
        return True


@pytest.fixture
def authors():
    with in_force(Authors()):
        yield


@pytest.fixture
def item():
    return api.start_case("linear", CLERK).work_items.get()


def complete(api, item, **variables):
    return api(COMPLETE, input={"id": str(item.pk), "clientMutationId": "7"}, **variables)


def rows():
    """All that an operation could have changed."""
    return [
        list(model.objects.order_by("pk").values())
        for model in (Case, WorkItem, LoggedEvent, Delivery)
    ]


def later():
    """What a receiver has done after COMMIT."""
    raise AssertionError


def names(explanation):
    return [event["event"] for event in explanation["events"]]


@pytest.mark.usefixtures("authors")
def test_the_payload_is_that_of_the_mutation_and_nothing_is_stored(api, item):
    before = rows()
    payload = complete(api, item).data["completeWorkItem"]
    explanation = payload.pop("explanation")

    assert payload == {
        "clientMutationId": "7",
        "workItem": {
            "status": "COMPLETED",
            "case": {
                "status": "RUNNING",
                "workItems": {
                    "edges": [
                        {"node": {"status": "COMPLETED", "task": {"slug": "first"}}},
                        {"node": {"status": "READY", "task": {"slug": "second"}}},
                    ]
                },
            },
        },
    }
    assert rows() == before
    assert names(explanation) == [
        "pre_complete_work_item",
        "post_complete_work_item",
        "pre_create_work_item",
        "post_create_work_item",
    ]
    assert explanation["dry_run"] is True
    assert explanation["statements"] > 3
    assert explanation["mails"] == explanation["on_commit"] == []

    done = complete(api, item, dryRun=False).data["completeWorkItem"]
    assert done.pop("explanation") is None
    assert done == payload
    assert rows() != before


@pytest.mark.usefixtures("authors")
def test_receivers_and_what_they_would_have_left(api, item):
    ran = []

    @on(post_complete_work_item)
    def runs(work_item, event):
        ran.append(event.envelope.dry_run)
        transaction.on_commit(later)
        models.Task.objects.update(name="changed")

    on(post_complete_work_item, background=True, name="delivers")(lambda: None)
    on(post_complete_work_item, delivery="commit")(lambda: ran.append("commit"))
    on(post_complete_work_item, atomic=False)(lambda: ran.append("atomic"))
    both = [post_complete_work_item, post_create_work_item]
    on(both, sender=StartCase)(lambda: ran.append("sender"))
    before = rows()
    explanation = complete(api, item).data["completeWorkItem"]["explanation"]

    [event] = [e for e in explanation["events"] if e["event"] == "post_complete_work_item"]
    assert [r["outcome"] for r in event["receivers"]] == [
        "ran",
        "in the background",
        "after commit",
        "not run",
        "wrong sender",
    ]
    assert event["sender"].endswith(".CompleteWorkItem")
    assert event["payload"] == {
        "work_item": "WorkItem",
        "user": "AnonymousUser",
        "context": "NoneType",
    }
    assert event["stored"] is True
    assert event["receivers"][0]["statements"] == 1
    assert explanation["on_commit"] == [f"{__name__}.later"]
    assert ran == [True]
    assert rows() == before
    assert not models.Task.objects.filter(name="changed").exists()


@pytest.mark.usefixtures("authors")
def test_the_error_of_a_mutation_that_fails_brings_the_explanation(api, item):
    @on(post_complete_work_item, raise_exception=True)
    def refuses(work_item):
        raise InvalidTransition("secret", about=work_item, otherwise="Not now.")

    on(post_complete_work_item)(lambda: 1 / 0)
    before = rows()
    answer = complete(api, item)

    assert answer.body["data"] == {"completeWorkItem": None}
    assert answer.code == "RECEIVER_ERROR"
    explanation = answer.error["extensions"]["explanation"]
    assert names(explanation) == ["pre_complete_work_item", "post_complete_work_item"]
    assert [(r["outcome"], r["error"]) for r in explanation["events"][1]["receivers"]] == [
        ("failed", {"type": "InvalidTransition", "message": "Not now."}),
        ("failed", {"type": "ZeroDivisionError", "message": None}),
    ]
    assert rows() == before


@pytest.mark.parametrize(
    "classes",
    [(), (AllowAny(),), (IsAuthenticated(),), (AllowAny(), Authors(), IsAuthenticated())],
    ids=["nothing", "AllowAny", "IsAuthenticated", "another that refuses"],
)
def test_nobody_may_by_default(api, item, classes):
    before = rows()
    with in_force(*classes):
        answer = complete(api, item)
    assert answer.code == "PERMISSION_DENIED"
    assert "explanation" not in answer.error["extensions"]
    assert answer.body["data"] == {"completeWorkItem": None}
    assert rows() == before


class OfAllMutations(BasePermission):
    @permission_for(Mutation)
    def anything(self, mutation, info):
        return True


class OfSome(Authors):
    @permission_for(DryRun)
    def may_be_run_dry(self, mutation, info):
        assert mutation.get_params(info)["dry_run"] is True
        return mutation is not CompleteWorkItem


class OfThose(BasePermission):
    @permission_for(CompleteWorkItem)
    def never(self, mutation, info):
        return False


@pytest.mark.parametrize("classes", [(OfAllMutations(),), (OfSome(),), (Authors(), OfThose())])
def test_what_is_said_of_mutations_does_not_permit_it_and_still_holds(api, item, classes):
    with in_force(*classes):
        assert complete(api, item).code == "PERMISSION_DENIED"
        started = api(
            'mutation { startCase(input: {workflow: "linear"}, dryRun: true) { case { status } } }'
        )
    assert ("errors" in started.body) == (classes[0].__class__ is OfAllMutations)
    assert Case.objects.count() == 1


@pytest.mark.usefixtures("authors")
def test_null_is_refused_instead_of_done_in_earnest(api, item):
    before = rows()
    answer = complete(api, item, dryRun=None)
    assert (answer.code, answer.error["message"]) == (
        "INVALID_INPUT",
        '"dryRun" may not be null; leave it out.',
    )
    assert rows() == before


@pytest.mark.usefixtures("authors")
def test_each_root_field_by_itself(api):
    """The first is stored, the second is not, the third sees the first only."""
    answer = api("""mutation {
        first: startCase(input: {workflow: "linear"}) { case { id } explanation }
        second: startCase(input: {workflow: "linear"}, dryRun: true) { case { id } }
        third: startCase(input: {workflow: "linear"}, dryRun: false) { case { id } }
    }""")
    kept = {models.Case.objects.count()}
    assert kept == {2}
    assert answer.data["first"]["explanation"] is None
    ids = {answer.data[name]["case"]["id"] for name in ("first", "second", "third")}
    assert len(ids) == 3


@pytest.mark.usefixtures("authors")
def test_cascades_are_walked_row_by_row_and_nested_operations_are_below_their_receiver(api, item):
    @on(post_create_case)
    def cancels(case, user):
        api_of_python.cancel_case(case, user)

    explanation = api(
        'mutation { startCase(input: {workflow: "linear"}, dryRun: true) { explanation } }'
    ).data["startCase"]["explanation"]
    [event] = [e for e in explanation["events"] if e["event"] == "post_create_case"]
    [receiver] = event["receivers"]
    assert names(receiver) == [
        "pre_cancel_case",
        "pre_cancel_work_item",
        "post_cancel_work_item",
        "post_cancel_case",
    ]
    assert Case.objects.count() == 1


api_of_python = api


@pytest.mark.usefixtures("authors")
@override_settings(REQUEST_DEADLINE=1)
def test_the_deadline_holds(api, item, monkeypatch):
    before = rows()

    @on(post_complete_work_item)
    def dawdles():
        monkeypatch.setattr("workflow_events.graphql.limits.deadline.monotonic", lambda: inf)

    answer = complete(api, item)
    monkeypatch.undo()
    assert answer.code == "LIMIT_EXCEEDED"
    assert "explanation" in answer.error["extensions"]
    assert rows() == before


def test_who_executes_the_schema_without_undoing_is_refused(item):
    class Info:
        user = CLERK

    query = COMPLETE.replace("explanation", "")
    with in_force(Authors()):
        result = schema.execute(
            query, variables={"input": {"id": str(item.pk)}}, context_value=Info()
        )
    assert isinstance(result.errors[0].original_error, RuntimeError)
    item.refresh_from_db()
    assert item.status == "ready"


@pytest.mark.usefixtures("authors")
def test_a_mutation_that_is_not_run_dry_costs_no_more(api, item):
    other = api_of_python.start_case("linear", CLERK).work_items.get()
    query = """mutation ($input: CompleteWorkItemInput!) {
        completeWorkItem(input: $input) { workItem { id } }
    }"""
    with statements() as without:
        api(query, input={"id": str(item.pk)})
    with statements() as false:
        api(query.replace("$input)", "$input, dryRun: false)"), input={"id": str(other.pk)})
    assert len(without) == len(false)


@pytest.mark.django_db(transaction=True)
@pytest.mark.usefixtures("authors")
def test_where_commit_is_commit(api, item):
    """Outside of a test's transaction: locks are let go, and nothing waits for COMMIT."""
    ran = []
    on(post_complete_work_item, delivery="commit")(lambda: ran.append("commit"))
    on(post_complete_work_item, background=True, name="delivers")(lambda: None)
    before = rows()
    assert complete(api, item).data["completeWorkItem"]["workItem"]["status"] == "COMPLETED"
    assert rows() == before
    assert ran == []
    assert not connection.in_atomic_block
    assert connection.run_on_commit == []
    assert complete(api, item, dryRun=False).data["completeWorkItem"]["explanation"] is None
    assert ran == ["commit"]
    assert Delivery.objects.count() == 1
