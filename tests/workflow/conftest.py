"""Every test leaves the registry of receivers as it found it; builders are in builders.py."""

from collections.abc import Iterator

import pytest

from workflow_events.events.registry import registry


@pytest.fixture(autouse=True)
def _registry() -> Iterator[None]:
    with registry.scoped():
        yield
