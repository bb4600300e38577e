"""Settings that the properties need."""

from typing import Any

import pytest

from workflow_events.workflow import dynamic


@pytest.fixture(autouse=True)
def _shallow(settings: Any) -> None:
    """Deep nesting raises Python's recursion limit, which hypothesis takes for an accident."""
    settings.EVENT_MAX_DEPTH = 10


@pytest.fixture
def _dynamic_tasks(settings: Any) -> None:
    settings.DYNAMIC_TASKS_CLASSES = ["tests.properties.designs.Choices"]
    dynamic.load_dynamic_classes()
