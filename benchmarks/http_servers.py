"""The two servers that are compared, each in processes of its own."""

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.project.processes import COMMAND, ROOT, environment, free_port

WORKERS = 2
THREADS = 4
START_LIMIT = 30
TICKS_PER_SECOND = os.sysconf("SC_CLK_TCK")

PRODUCTION = {
    "ENV": "production",
    "SECRET_KEY": "only for this measurement",
    "ALLOWED_HOSTS": "127.0.0.1",
    "PERMISSION_CLASSES": "workflow_events.access.permissions.AllowAny",
    "VISIBILITY_CLASSES": "workflow_events.access.visibilities.Any",
    "EVENT_RECEIVER_MODULES": "",
}
"""The environment of a service that everybody may ask, and that nobody listens to."""


@dataclass(frozen=True)
class Server:
    """A running server; its workers are children of the process."""

    port: int
    process: int

    def workers(self) -> list[int]:
        """Return the ids of the worker processes."""
        children = Path(f"/proc/{self.process}/task/{self.process}/children").read_text()
        return [int(child) for child in children.split()]

    def cpu_seconds(self) -> float:
        """Return the processor time that the workers have taken so far."""
        ticks = 0
        for worker in self.workers():
            fields = Path(f"/proc/{worker}/stat").read_text().rpartition(")")[2].split()
            ticks += int(fields[11]) + int(fields[12])
        return ticks / TICKS_PER_SECOND

    def megabytes(self) -> float:
        """Return the memory of all its processes; pages that they share are counted once."""
        total = 0
        for process in [self.process, *self.workers()]:
            for line in Path(f"/proc/{process}/smaps_rollup").read_text().splitlines():
                if line.startswith("Pss:"):
                    total += int(line.split()[1])
        return total / 1024


@contextmanager
def service(database_url: str, place: Path) -> Iterator[Server]:
    """Run ``workflow-events serve`` as in production, without receivers."""
    with _running(
        [COMMAND, "serve"],
        place / "service.log",
        DATABASE_URL=database_url,
        **PRODUCTION,
    ) as server:
        yield server


@contextmanager
def bare_view(database_url: str, statements: Path, place: Path) -> Iterator[Server]:
    """Run the bare view with the same number of workers and threads."""
    command = [sys.executable, "-m", "benchmarks.http_bare", str(statements)]
    with _running(command, place / "bare.log", DATABASE_URL=database_url) as server:
        yield server


@contextmanager
def _running(command: list[str], log: Path, **variables: str) -> Iterator[Server]:
    port = free_port()
    variables |= {"WEB_CONCURRENCY": str(WORKERS), "THREADS": str(THREADS), "PORT": str(port)}
    variables["PYTHONPATH"] = str(ROOT)
    with log.open("w") as output:
        process = subprocess.Popen(
            command,
            env=environment(**variables),
            cwd=log.parent,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    try:
        _wait_until_it_serves(process, log)
        yield Server(port, process.pid)
    finally:
        process.terminate()
        process.wait(timeout=30)


def _wait_until_it_serves(process: subprocess.Popen[bytes], log: Path) -> None:
    limit = time.monotonic() + START_LIMIT
    while "Serving" not in log.read_text():
        assert process.poll() is None, log.read_text()
        assert time.monotonic() < limit, log.read_text()
        time.sleep(0.05)
