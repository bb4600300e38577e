"""What the tests of all four models use."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.events.checked_modules import Modules, modules_in
from tests.events.conftest import errors
from tests.workflow.builders import ANN, workflow
from workflow_events.events import Event
from workflow_events.workflow import api
from workflow_events.workflow.models import Case

__all__ = ["errors"]


@pytest.fixture
def heard() -> list[Any]:
    """Where receivers note what they have heard."""
    return []


@pytest.fixture
def modules(tmp_path: Path) -> Iterator[Modules]:
    """A directory of modules that are loaded as at the start."""
    with modules_in(tmp_path) as found:
        yield found


@pytest.fixture
def case() -> Case:
    """A case with one item, of a task that may have more, and another to come."""
    workflow("a -> b", tasks={"a": {"is_multiple_instance": True}})
    return api.start_case("flow", ANN)


@pytest.fixture
def example() -> Any:
    class ExampleEvent(Event):
        name: str = ""
        value: Any = None

    return ExampleEvent


@pytest.fixture
def pizza() -> Any:
    class PizzaDone(Event):
        """Emitted when a pizza is done."""

        toppings: list[str]
        size: int = 1

    return PizzaDone
