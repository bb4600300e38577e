"""Settings of a worker in tests, and the tables that receivers write to."""

from collections.abc import Iterator
from typing import Any

import pytest

from tests.events.tables import Tables


@pytest.fixture(autouse=True)
def _tables(transactional_db: None, settings: Any) -> Iterator[None]:
    settings.WORKER_SWEEP_INTERVAL = 3600
    settings.WORKER_CONCURRENCY = 2
    settings.WORKER_ASYNC_CONCURRENCY = 4
    settings.WORKER_GRACE = 5
    Tables.make()
    yield
    Tables.drop()
