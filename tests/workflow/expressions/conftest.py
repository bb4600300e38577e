"""Rows that are never stored: expressions need no database to be evaluated."""

from datetime import UTC, datetime

import pytest

from workflow_events.workflow.models import Case, Task, WorkItem
from workflow_events.workflow.users import BaseUser


@pytest.fixture
def case():
    return Case(
        workflow_id="permit",
        meta={"n": 3, "tags": ["x"]},
        created_by_user="ann",
        created_by_group="town",
        created_at=datetime(2026, 1, 2, tzinfo=UTC),
    )


@pytest.fixture
def work_item(case):
    return WorkItem(
        case=case,
        task_id="review",
        name="Review",
        status="completed",
        addressed_groups=["fire", "water"],
        controlling_groups=["town"],
        closed_by_user="bob",
    )


@pytest.fixture
def user():
    return BaseUser("bob", ["fire", "town"])


@pytest.fixture
def task():
    return Task(slug="decide")


@pytest.fixture
def dynamic_classes(settings):
    module = "tests.workflow.expressions.dynamic_classes"
    settings.DYNAMIC_TASKS_CLASSES = [f"{module}.Choices"]
    settings.DYNAMIC_GROUPS_CLASSES = [f"{module}.Departments"]
