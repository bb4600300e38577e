"""The access classes of the example, driven through GraphQL without a login, and by users."""

import importlib
import inspect
import json

import pytest
from django.core.exceptions import PermissionDenied

from tests.access.conftest import info_of
from tests.project.processes import ROOT, run
from tests.project.test_start import PRODUCTION
from workflow_events.access.policy import Policy, using
from workflow_events.cli.example import load_example
from workflow_events.graphql.mutations import CancelCase, CompleteWorkItem
from workflow_events.graphql.nodes import WorkItem
from workflow_events.workflow import api, models
from workflow_events.workflow.users import AnonymousUser, BaseUser

ANN = BaseUser("ann", ["reviewers"])


@pytest.fixture
def classes():
    return importlib.import_module("extensions.access")


@pytest.fixture
def counter(classes):
    """Put the classes in force."""
    policy = Policy(
        permissions=(classes.CounterPermission(),),
        visibilities=(classes.CounterVisibility(),),
        validations=(classes.CounterValidation(),),
    )
    with using(policy):
        yield policy


@pytest.fixture
def ask(client, db, counter):
    """Ask the API without a login, with the example workflow loaded."""
    load_example()

    def ask(query, **variables):
        body = json.dumps({"query": query, "variables": variables})
        return client.post("/graphql", body, content_type="application/json").json()

    return ask


START = """mutation ($meta: JSONString) {
  startCase(input: {workflow: "application", meta: $meta}) { case { id meta } }
}"""
COMPLETE = "mutation ($id: ID!) { completeWorkItem(input: {id: $id}) { workItem { status } } }"
CANCEL = "mutation ($id: ID!) { cancelCase(input: {id: $id}) { case { status } } }"
ITEMS = "{ allWorkItems { totalCount edges { node { task { slug } } } } }"


def slugs(answer):
    edges = answer["data"]["allWorkItems"]["edges"]
    assert answer["data"]["allWorkItems"]["totalCount"] == len(edges)
    return [edge["node"]["task"]["slug"] for edge in edges]


def code(answer):
    [error] = answer["errors"]
    return error["extensions"]["code"]


def test_everybody_files_an_application_and_sees_no_more_of_it(ask):
    case = ask(START)["data"]["startCase"]["case"]
    assert case["meta"] == {"channel": "counter"}
    assert slugs(ask(ITEMS)) == ["file-application"]
    item = models.WorkItem.objects.get()
    answer = ask(COMPLETE, id=str(item.pk))
    assert answer["data"]["completeWorkItem"] == {"workItem": {"status": "COMPLETED"}}
    assert models.WorkItem.objects.count() == 3
    assert slugs(ask(ITEMS)) == ["file-application"]
    review = models.WorkItem.objects.get(task="review-legal")
    assert code(ask(COMPLETE, id=str(review.pk))) == "NOT_FOUND"
    assert code(ask(CANCEL, id=case["id"])) == "PERMISSION_DENIED"
    review.refresh_from_db()
    assert (review.status, review.case.status) == ("ready", "running")


def test_an_application_says_how_it_came(ask):
    case = ask(START, meta='{"channel": "letter"}')["data"]["startCase"]["case"]
    assert case["meta"] == {"channel": "letter"}
    models.WorkItem.objects.all().delete()
    models.Case.objects.all().delete()
    answer = ask(START, meta='{"channel": "pigeon"}')
    assert answer["errors"][0]["message"] == (
        "The channel of an application is one of counter, letter."
    )
    assert code(answer) == "INVALID_INPUT"
    assert not models.Case.objects.exists()


def test_known_users_do_and_see_the_rest(db, counter):
    load_example()
    case = api.start_case("application", ANN)
    api.complete_work_item(case.work_items.get(), ANN)
    info = info_of(ANN)
    everything = models.WorkItem.objects.all()
    assert counter.visible(WorkItem, everything, info) is everything
    counter.check_permission((CancelCase.__mro__,), CancelCase, info)
    for item in everything:
        counter.check_object_permission((CompleteWorkItem.__mro__,), CompleteWorkItem, info, item)


def test_the_permission_alone_keeps_others_from_the_work(db, classes):
    load_example()
    case = api.start_case("application", ANN)
    api.complete_work_item(case.work_items.get(), ANN)
    policy = Policy(permissions=(classes.CounterPermission(),))
    nobody = info_of(AnonymousUser())
    chains = (CompleteWorkItem.__mro__,)
    for item in case.work_items.exclude(task="file-application"):
        with pytest.raises(PermissionDenied):
            policy.check_object_permission(chains, CompleteWorkItem, nobody, item)


def test_a_service_starts_with_them_as_the_module_says(classes):
    names = {
        line.split("export ")[1].split("=")[0]: line.split("=")[1]
        for line in classes.__doc__.splitlines()
        if "export " in line
    }
    assert set(names) == {"PERMISSION_CLASSES", "VISIBILITY_CLASSES", "VALIDATION_CLASSES"}
    ended = run("check", cwd=ROOT, **{**PRODUCTION, **names})
    assert ended.returncode == 0, ended.stderr


def test_every_class_and_method_is_documented(classes):
    found = [
        value
        for _, value in inspect.getmembers(classes, inspect.isclass)
        if value.__module__ == classes.__name__
    ]
    assert len(found) == 3
    for cls in found:
        assert cls.__doc__
        for value in vars(cls).values():
            assert not inspect.isfunction(value) or value.__doc__, value
