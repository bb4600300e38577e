"""What every test may rely on: it leaves the registry of receivers as it found it."""

from collections.abc import Iterator

import pytest

from workflow_events.events.registry import registry


@pytest.fixture(autouse=True)
def _registry() -> Iterator[None]:
    with registry.scoped():
        yield
