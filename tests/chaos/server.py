"""A database of our own on PostgreSQL, and real servers on it."""

import base64
import json
import os
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import psycopg
from psycopg import sql

from tests.chaos.clients import Answer, Request, ask, ask_at_once
from tests.project.processes import COMMAND, ROOT, Output, free_port, run, started

WORKERS = 2
TASKS = ("a", "b", "c", "x", "y", "m", "z")
WORKFLOWS: dict[str, tuple[list[str], list[tuple[list[str], str]]]] = {
    "sequence": (["a"], [(["a"], "'b'|task")]),
    "join": (["a", "b"], [(["a", "b"], "'c'|task")]),
    "pair": (["x", "y"], []),
    "many": (["m"], [(["m"], "'z'|task")]),
}
"""By slug: the start tasks, and the flows."""


@dataclass(frozen=True)
class Started:
    """A case that was just started, with its items by task."""

    id: str
    items: dict[str, str]


class Server:
    """A running service; asks it by GraphQL, and looks behind it by SQL and by its log."""

    def __init__(self, port: int, output: Output, rows: psycopg.Connection[Any], log: Path | None):
        self.port = port
        self.output = output
        self._rows = rows
        self._log = log
        self._read = 0

    @property
    def records(self) -> bool:
        """Whether it has the receivers of `tests.chaos.receivers`."""
        return self._log is not None

    def start(self, workflow: str) -> Started:
        """Start a case."""
        request = Request("startCase", {"workflow": workflow}, "case { id }")
        answer = ask(self.port, request)
        pk = base64.b64decode(answer.data["startCase"]["case"]["id"]).decode().partition(":")[2]
        items = self.all("SELECT task_id, id::text FROM workflow_workitem WHERE case_id = %s", pk)
        return Started(pk, dict(items))

    def at_once(self, *requests: Request) -> list[Answer]:
        """Ask all of it at the same moment."""
        return ask_at_once(self.port, *requests)

    def all(self, query: str, *arguments: Any) -> list[tuple[Any, ...]]:
        """Run a query on what is committed."""
        return self._rows.execute(query.encode(), arguments).fetchall()

    def status(self, case: Started) -> str:
        """The state of the case."""
        return str(self.all("SELECT status FROM workflow_case WHERE id = %s", case.id)[0][0])

    def items(self, case: Started) -> list[tuple[str, str]]:
        """Task and state of its items, sorted."""
        query = "SELECT task_id, status FROM workflow_workitem WHERE case_id = %s ORDER BY 1, 2"
        return [(str(task), str(status)) for task, status in self.all(query, case.id)]

    def events(self, *cases: Started) -> dict[tuple[str, str | None], int]:
        """How often each event of the cases, with its task, was committed since the last call.

        The callers have their answers by now, and the log is written before those are sent.
        """
        found: dict[tuple[str, str | None], int] = {}
        wanted = {case.id for case in cases}
        if self._log is None:
            return found
        with self._log.open() as log:
            log.seek(self._read)
            lines = log.readlines()
            self._read = log.tell()
        for line in map(json.loads, lines):
            if line["case"] in wanted:
                key = (line["event"], line["task"])
                found[key] = found.get(key, 0) + 1
        return found


@contextmanager
def servers(url: str, *, locked: bool) -> Iterator[tuple[Server, Server]]:
    """Run two services on one new database: one records its events, one has no receivers.

    With receivers, cascades are written row by row, without in bulk: both must hold.
    """
    with ExitStack() as stack:
        place = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        database = stack.enter_context(_database(url))
        rows = stack.enter_context(psycopg.connect(database, autocommit=True))
        variables = {"ENV": "dev", "DATABASE_URL": database, "PYTHONPATH": str(ROOT)}
        done = run("migrate", "--verbosity=0", cwd=place, **variables, EVENT_RECEIVER_MODULES="")
        assert done.returncode == 0, done.stderr
        log = place / "events.log"
        unlocked = [] if locked else ["tests.chaos.unlocked"]
        both = []
        for modules, path in (([*unlocked, "tests.chaos.receivers"], log), (unlocked, None)):
            port = free_port()
            _, output = stack.enter_context(
                started(
                    [COMMAND, "serve"],
                    cwd=place,
                    **variables,
                    CHAOS_LOG=str(log),
                    EVENT_RECEIVER_MODULES=",".join(modules),
                    WEB_CONCURRENCY=str(WORKERS),
                    PORT=str(port),
                )
            )
            output.wait_for("Serving")
            both.append(Server(port, output, rows, path))
        _design(both[0].port)
        yield both[0], both[1]


@contextmanager
def _database(url: str) -> Iterator[str]:
    parts = urlsplit(url)
    name = f"workflow_events_chaos_{os.getpid()}"
    admin = urlunsplit(parts._replace(path="/postgres"))
    quoted = sql.Identifier(name)
    with psycopg.connect(admin, autocommit=True, connect_timeout=5) as connection:
        connection.execute(sql.SQL("CREATE DATABASE {}").format(quoted))
        try:
            # Only a superuser may; without it every deadlock takes a second to be found.
            with suppress(psycopg.errors.InsufficientPrivilege):
                faster = sql.SQL("ALTER DATABASE {} SET deadlock_timeout = '20ms'")
                connection.execute(faster.format(quoted))
            yield urlunsplit(parts._replace(path=f"/{name}"))
        finally:
            connection.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(quoted))


def _design(port: int) -> None:
    for slug in TASKS:
        many = slug == "m"
        task = {"slug": slug, "name": slug, "isMultipleInstance": many}
        ask(port, Request("saveSimpleTask", task))
    for slug, (start, flows) in WORKFLOWS.items():
        ask(port, Request("saveWorkflow", {"slug": slug, "name": slug, "startTasks": start}))
        for tasks, following in flows:
            flow = {"workflow": slug, "tasks": tasks, "next": following}
            ask(port, Request("addWorkflowFlow", flow))
