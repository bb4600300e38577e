"""``filter_by_task`` and ``filter_by_workflow`` (contract section 3)."""

from typing import Any

import pytest

from tests.workflow.builders import ANN, complete, item, statements, workflow
from workflow_events.events import on
from workflow_events.workflow import api
from workflow_events.workflow.events import (
    filter_by_task,
    filter_by_workflow,
    post_complete_case,
    post_create_work_item,
    pre_complete_work_item,
    pre_create_case,
    pre_create_work_item,
    pre_reopen_case,
)

pytestmark = pytest.mark.django_db


def test_by_task() -> None:
    workflow("a -> b c; c -> d")
    seen: list[tuple[str, str]] = []

    @on([pre_create_work_item, post_create_work_item, pre_complete_work_item])
    @filter_by_task("b", "d")
    def see(event: Any, work_item: Any) -> None:
        seen.append((event.event_name, work_item and work_item.task_id))

    case = api.start_case("flow", ANN)
    complete(case, "a", "b", "c")
    assert seen == [
        ("pre_create_work_item", None),
        ("post_create_work_item", "b"),
        ("pre_complete_work_item", "b"),
        ("pre_create_work_item", None),
        ("post_create_work_item", "d"),
    ]


def test_by_workflow_costs_no_sql() -> None:
    workflow("a", slug="one")
    workflow("b", slug="two")
    seen: list[str] = []

    @on(["*_case", "*_work_item"])
    @filter_by_workflow("two")
    def see(event: Any) -> None:
        seen.append(event.event_name)

    one, two = api.start_case("one", ANN), api.start_case("two", ANN)
    assert seen == [
        "pre_create_case",
        "pre_create_work_item",
        "post_create_case",
        "post_create_work_item",
    ]
    del seen[:]
    pk = item(one, "a").pk
    with statements() as sql:
        api.complete_work_item(pk, ANN)
    assert seen == []
    assert len(sql) == 6 + 2  # a savepoint, as the test is in a transaction
    complete(two, "b")
    api.reopen_case(two, [item(two, "b")], ANN)
    assert seen == [
        "pre_complete_work_item",
        "post_complete_work_item",
        "pre_complete_case",
        "post_complete_case",
        "pre_reopen_case",
        "post_reopen_case",
    ]


def test_by_task_is_refused_for_events_of_cases() -> None:
    for event in (pre_create_case, post_complete_case, pre_reopen_case):
        with pytest.raises(Exception, match="work_item"):

            @on(event)
            @filter_by_task("a")
            def receive() -> None: ...


@pytest.mark.parametrize("slugs", [(), (1,), (["a"],)])
def test_slugs_are_required(slugs: Any) -> None:
    with pytest.raises(TypeError, match="slugs"):
        filter_by_task(*slugs)
    with pytest.raises(TypeError, match="slugs"):
        filter_by_workflow(*slugs)
