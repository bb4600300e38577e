"""A PostgreSQL of our own, which may be killed and started again."""

import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from tests.project.processes import ROOT, free_port

SCRIPT = str(ROOT / ".ci" / "postgresql")


class NoCluster(Exception):
    """PostgreSQL could not be started."""


@dataclass(frozen=True)
class Cluster:
    """A running PostgreSQL with its files in a directory."""

    directory: str
    port: int

    def url(self, database: str) -> str:
        """Return the URL of a database in it."""
        return f"postgres://postgres@127.0.0.1:{self.port}/{database}"

    def restart(self, mode: str) -> None:
        """Stop it in a mode of ``pg_ctl`` (``immediate``, ``fast``), and start it again."""
        _script("restart", self.directory, mode)


@contextmanager
def cluster() -> Iterator[Cluster]:
    """Run a new PostgreSQL; raises `NoCluster` when there is none to run."""
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as directory:
        port = free_port()
        try:
            _script("cluster", directory, str(port))
            yield Cluster(directory, port)
        finally:
            _script("stop", directory)


def _script(*arguments: str) -> None:
    # Not captured: the server keeps what it inherits open.
    done = subprocess.run([SCRIPT, *arguments], stdout=subprocess.DEVNULL, check=False)
    if done.returncode != 0:
        raise NoCluster(f"{SCRIPT} {' '.join(arguments)} ended with {done.returncode}")
