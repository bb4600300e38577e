"""Receivers after COMMIT, as a document with several mutations meets them (contract section 5)."""

import pytest
from django.db import connection

from tests.graphql.conftest import GraphQLClient
from workflow_events.events import on
from workflow_events.workflow.events import post_create_case, pre_create_case
from workflow_events.workflow.models import Case

START = 'startCase(input: {workflow: "linear"}) { case { id } }'


@pytest.fixture
def seen(linear: None) -> list[str]:
    """What the receivers saw, in order; the workflow is there."""
    return []


@pytest.mark.django_db(transaction=True)
def test_it_runs_before_the_next_root_field(api: GraphQLClient, seen: list[str]) -> None:
    @on(pre_create_case)
    def begins() -> None:
        seen.append(f"begins with {Case.objects.count()}")

    @on(post_create_case, delivery="commit")
    def after(case: Case) -> None:
        assert connection.in_atomic_block  # a transaction of its own, not the operation's
        seen.append(f"after {Case.objects.filter(pk=case.pk).count()} of {Case.objects.count()}")

    assert set(api(f"mutation {{ a: {START} b: {START} }}").data) == {"a", "b"}
    assert seen == ["begins with 0", "after 1 of 1", "begins with 1", "after 1 of 2"]


@pytest.mark.django_db(transaction=True)
def test_it_does_not_run_for_a_mutation_that_was_refused(
    api: GraphQLClient, seen: list[str]
) -> None:
    on(post_create_case, delivery="commit")(lambda: seen.append("after"))

    @on(post_create_case, raise_exception=True)
    def refuses() -> None:
        if not seen:
            seen.append("refused")
            raise ValueError("no")

    answer = api(f"mutation {{ a: {START} b: {START} }}")
    assert answer.code == "RECEIVER_ERROR"
    assert seen == ["refused", "after"]
    assert Case.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_the_client_is_told_nothing_of_its_failure(
    api: GraphQLClient, seen: list[str], caplog: pytest.LogCaptureFixture
) -> None:
    @on(post_create_case, delivery="commit")
    def fails(case: Case) -> None:
        Case.objects.update(meta={"broken": True})
        raise ValueError("no")

    assert "a" in api(f"mutation {{ a: {START} }}").data
    assert [r.name for r in caplog.records] == ["workflow_events.events"]
    assert Case.objects.get().meta == {}
