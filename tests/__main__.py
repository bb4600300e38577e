"""``python -m tests``: the suite on SQLite, then on PostgreSQL when one answers.

TEST_DATABASE_URL says where PostgreSQL is; arguments are passed on to pytest. What is marked
``any_database`` asks the same on both, and is not run again. The exit status is not 0 when a test
failed, or when REQUIRE_POSTGRESQL is set and PostgreSQL was not reached.
"""

import os
import subprocess
import sys
from urllib.parse import urlsplit, urlunsplit

import psycopg
import pytest

DEFAULT_URL = "postgres://postgres@127.0.0.1:5432/workflow_events"
SQLITE_URL = "sqlite:///:memory:"

PROCESSES = str(min(2 * (os.cpu_count() or 1), 8))
"""How many the suite is divided among: half of its time it waits for processes that it starts."""


def main(arguments: list[str]) -> int:
    """Run the suites, say in the last line what they ran on, return the exit status."""
    url = os.environ.get("TEST_DATABASE_URL") or DEFAULT_URL
    outcomes = [("SQLite", _run(SQLITE_URL, arguments) == pytest.ExitCode.OK)]
    why_not = _unreachable(url)
    if why_not is None:
        ended = _run(url, ["-m", "not any_database", *arguments])
        # Perhaps nothing is left of what was chosen: SQLite has said whether there was anything.
        passed = ended in (pytest.ExitCode.OK, pytest.ExitCode.NO_TESTS_COLLECTED)
        outcomes.append(("PostgreSQL", passed))
    said = [f"{name}: {'passed' if ok else 'FAILED'}" for name, ok in outcomes]
    if why_not is not None:
        said.append(f"PostgreSQL: not reached at {_without_password(url)} ({why_not})")
    python = ".".join(map(str, sys.version_info[:3]))
    print(f"Ran on Python {python}. " + ", ".join(said) + ".", flush=True)  # noqa: T201
    missed = why_not is not None and bool(os.environ.get("REQUIRE_POSTGRESQL"))
    return int(missed or not all(ok for _, ok in outcomes))


def _run(url: str, arguments: list[str]) -> int:
    environment = {**os.environ, "DATABASE_URL": url}
    command = [sys.executable, "-m", "pytest", "-q", "-n", PROCESSES]
    command += ["--dist", "worksteal", *arguments]
    return subprocess.run(command, env=environment, check=False).returncode


def _unreachable(url: str) -> str | None:
    """Return why no PostgreSQL answers there, or None when one does."""
    # As Django does to create its test database, ask for the database that always exists.
    parts = urlsplit(url)
    server = urlunsplit(parts._replace(path="/postgres"))
    try:
        psycopg.connect(server, connect_timeout=5).close()
    except psycopg.Error as error:
        return str(error).strip().splitlines()[0]
    return None


def _without_password(url: str) -> str:
    parts = urlsplit(url)
    user = f"{parts.username}@" if parts.username else ""
    return urlunsplit(parts._replace(netloc=f"{user}{parts.hostname or ''}:{parts.port or 5432}"))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
