"""Workers, ours and those of the bare engines, in processes of their own."""

import re
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from benchmarks.http_servers import PRODUCTION
from tests.project.processes import COMMAND, ROOT, started

OURS = [COMMAND, "worker"]
MODULES = "benchmarks.delivery_receivers,benchmarks.delivery_bare"
LOOK = 0.05
STUCK = 60
"""Seconds without any progress after which a worker is given up."""


def bare(url: str, concurrency: int) -> list[str]:
    """Return the command of the engine's own worker."""
    if url.startswith("sqlite"):
        return [COMMAND, "db_worker", "--queue-name", "workflow_events", "--interval", "0.05"]
    return [COMMAND, "procrastinate", "worker", "--concurrency", str(concurrency)]


@dataclass(frozen=True)
class Drained:
    """How a backlog became smaller."""

    looks: list[tuple[float, int, float]] = field(default_factory=list)
    """Seconds, what was left then, and the megabytes of the worker."""

    @property
    def seconds(self) -> float:
        """From the first that was done to the last."""
        return self.looks[-1][0] - self.looks[0][0]

    @property
    def rate(self) -> float:
        """How many per second."""
        return (self.looks[0][1] - self.looks[-1][1]) / self.seconds

    def megabytes(self, left: float) -> float:
        """Return the memory when this part of what there was at first was left."""
        number = left * self.looks[0][1]
        return next(megabytes for _, still, megabytes in self.looks if still <= number)


@contextmanager
def worker(
    command: list[str], url: str, place: Path, concurrency: int = 4
) -> Iterator[Callable[[], float]]:
    """Run a worker on this database; yields what tells its memory in megabytes."""
    variables = {
        **PRODUCTION,
        "DATABASE_URL": url,
        "EVENT_RECEIVER_MODULES": MODULES,
        "PYTHONPATH": str(ROOT),
        "WORKER_CONCURRENCY": str(concurrency),
        "BENCHMARK_NOTES": str(place / "notes"),
    }
    with started(command, cwd=place, **variables) as (process, _):
        status = Path(f"/proc/{process.pid}/status")

        def megabytes() -> float:
            found = re.search(r"VmRSS:\s+(\d+)", status.read_text())
            assert found is not None, "the worker has ended"
            return int(found[1]) / 1024

        yield megabytes


def drained(left: Callable[[], int], megabytes: Callable[[], float]) -> Drained:
    """Look at a backlog until nothing is left of it."""
    before, limit = left(), time.monotonic() + STUCK
    looks: list[tuple[float, int, float]] = []
    while not looks or looks[-1][1]:
        time.sleep(LOOK)
        still = left()
        if still < before:
            looks.append((time.monotonic(), still, megabytes()))
            before, limit = still, time.monotonic() + STUCK
        assert time.monotonic() < limit, f"{still} are left, and nothing has become of them"
    return Drained(looks)
