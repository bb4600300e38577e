"""What the client learns of an error (contract section 4, "Over GraphQL")."""

import logging
from uuid import UUID

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.test import override_settings

from workflow_events.events import on
from workflow_events.graphql.types.case import Case as CaseType
from workflow_events.workflow import api as workflow_api
from workflow_events.workflow.errors import Conflict, InvalidTransition
from workflow_events.workflow.events import post_create_case, pre_create_case
from workflow_events.workflow.models import Case
from workflow_events.workflow.users import BaseUser

USER = BaseUser("user", ["group"])


def veto(*errors):
    """Register a vetoing receiver for each error; returns their dotted names."""
    names = []
    for error in errors:

        def receiver(error=error):
            raise error

        receiver.__qualname__ = receiver.__name__ = f"veto_{len(names)}"
        on(pre_create_case, raise_exception=True)(receiver)
        names.append(f"{receiver.__module__}.{receiver.__qualname__}")
    return names


def start(api):
    answer = api.mutate("saveCase", "{ case { id } }", workflow="linear")
    assert answer.status == 200
    assert answer.body["data"] == {"saveCase": None}
    assert Case.objects.count() == 0
    return answer.error


@pytest.mark.parametrize(
    ("error", "message"),
    [
        (ValidationError("Too late."), "Too late."),
        (ValidationError(["One.", "Two."]), "One., Two."),
        (PermissionDenied("Not yours."), "Not yours."),
    ],
)
def test_a_veto_is_told_word_for_word(api, linear, error, message):
    names = veto(error)

    found = start(api)

    assert found["message"] == message
    assert found["path"] == ["saveCase"]
    assert found["extensions"] == {
        "code": "RECEIVER_ERROR",
        "event": "pre_create_case",
        "receivers": names,
    }


def test_the_code_of_our_own_errors_is_told_too(api, linear):
    names = veto(InvalidTransition("No way."), ValidationError("Too late."))

    found = start(api)

    assert found["message"] == "No way., Too late."
    assert found["extensions"] == {
        "code": "RECEIVER_ERROR",
        "event": "pre_create_case",
        "receivers": names,
        "codes": ["INVALID_TRANSITION", None],
    }


def test_other_exceptions_reach_only_the_log(api, linear, caplog):
    veto(ValidationError("Too late."), RuntimeError("password=secret"))

    found = start(api)

    assert found["message"] == "Too late., A receiver failed; the log says why."
    assert "secret" not in str(found)
    assert "password=secret" in caplog.text


def test_a_veto_inside_of_a_veto(api, linear):
    @on(pre_create_case, raise_exception=True)
    def outer(context):
        if context is None:
            workflow_api.start_case("linear", USER, context={"inner": True})

    @on(pre_create_case, raise_exception=True)
    def inner(context):
        if context is not None:
            raise ValidationError("Not inside.")

    found = start(api)

    assert found["message"] == "Not inside."
    assert found["extensions"]["code"] == "RECEIVER_ERROR"


@override_settings(EVENT_MAX_DEPTH=3)
def test_an_endless_loop(api, linear):
    @on(post_create_case)
    def again(user):
        workflow_api.start_case("linear", user)

    found = start(api)

    assert found["extensions"] == {"code": "EVENT_DEPTH_EXCEEDED"}
    assert "again" in found["message"]


@pytest.mark.parametrize(
    ("error", "code", "message"),
    [
        (ValidationError("Wrong."), "INVALID_INPUT", "Wrong."),
        (PermissionDenied("Not yours."), "PERMISSION_DENIED", "Not yours."),
        (Conflict("Again."), "CONFLICT", "Again."),
    ],
)
def test_errors_that_are_meant_for_clients(api, monkeypatch, error, code, message):
    def get_queryset(cls, queryset, info):
        raise error

    monkeypatch.setattr(CaseType, "get_queryset", classmethod(get_queryset))

    answer = api("{ allCases { totalCount } }")

    assert answer.status == 200
    assert answer.error["message"] == message
    assert answer.error["extensions"] == {"code": code}


def test_an_unexpected_error_is_logged_under_an_id(api, monkeypatch, caplog):
    def get_queryset(cls, queryset, info):
        raise RuntimeError("password=secret")

    monkeypatch.setattr(CaseType, "get_queryset", classmethod(get_queryset))

    answer = api("{ allCases { totalCount } allTasks { totalCount } }")

    assert answer.status == 200
    assert answer.body["data"] == {"allCases": None, "allTasks": {"totalCount": 0}}
    extensions = answer.error["extensions"]
    assert extensions["code"] == "INTERNAL_ERROR"
    assert UUID(extensions["id"])
    assert extensions["id"] in answer.error["message"]
    assert "secret" not in str(answer.body)
    [record] = [found for found in caplog.records if found.name == "workflow_events.graphql"]
    assert record.levelno == logging.ERROR
    assert extensions["id"] in record.getMessage()
    assert "password=secret" in caplog.text
