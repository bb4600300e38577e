"""What the tests of all four models use."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.events.checked_modules import Modules, modules_in
from tests.events.conftest import errors

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
