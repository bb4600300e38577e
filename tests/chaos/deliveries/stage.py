"""Databases for accidents: each kind of accident gets one of its own, and the processes on it."""

import json
import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import UUID

import psycopg
from psycopg import sql

from tests.chaos.cluster import Cluster
from tests.chaos.deliveries.children import Child, Nursery, nursery
from tests.chaos.deliveries.rows import Rows, RowsOfSQLite

LEASE, SWEEP, GRACE = 3, 1, 2
SLACK = 15
"""Seconds that everything may take longer than in theory, as all shares the processors."""
PATIENCE = LEASE + SWEEP + SLACK
LONG_LEASE = 60
"""For workers that nobody kills: whatever is not handed back stays where it is."""
LOOK = 0.05
"""Seconds between two looks at what is waited for."""
VARIABLES = {
    "ENV": "dev",
    "WORKER_LEASE": str(LEASE),
    "WORKER_SWEEP_INTERVAL": str(SWEEP),
    "WORKER_GRACE": str(GRACE),
    "LOG_LEVEL": "WARNING",
}
LOCK_ROWS = "SELECT id FROM delivery_delivery WHERE state = 'running' FOR UPDATE NOWAIT"
LOCK_FILE = "UPDATE chaos_effect SET step = step WHERE id = 0"
SQLITE, POSTGRESQL = "SQLite", "PostgreSQL"


@dataclass(frozen=True)
class Scene:
    """A database of one kind of accident, and a directory that its receivers write notes to."""

    stage: "Stage"
    name: str
    place: Path
    rows: Rows

    @property
    def url(self) -> str:
        """The DATABASE_URL of processes that are not of the nursery."""
        return self.stage.url(self.name)

    def order(self, do: str, settings: dict[str, Any] | None = None, **arguments: Any) -> Child:
        """Have something done on this database by a process of its own; returns at once."""
        scene = {
            "place": str(self.place),
            "database": self.stage.database(self.name),
            "settings": settings or {},
        }
        return self.stage.nursery.order(do, scene, **arguments)

    @contextmanager
    def worker(self, moment: int | None = None, **settings: Any) -> Iterator[Child]:
        """Run a worker, killed at this moment, or at the end unless it has ended."""
        child = self.order("work", settings, moment=moment)
        try:
            yield child
        finally:
            child.kill()

    def start(self, workflow: str, count: int = 1) -> list[UUID]:
        """Start cases of a workflow; returns their keys."""
        cases = self.order("start", workflow=workflow, count=count).answer()
        return list(map(UUID, cases))

    def mutate(self, verb: str, key: UUID, context: Any, moment: int | None = None) -> int | None:
        """Carry out one operation; returns how many moments it had, None if it was killed."""
        arguments = {"verb": verb, "key": str(key), "context": context, "moment": moment}
        answer: int | None = self.order("mutate", **arguments).answer()
        return answer

    def is_locked(self) -> bool:
        """Tell whether somebody is in the middle of changing deliveries that are running."""
        return self.rows.refused(LOCK_ROWS if self.stage.cluster else LOCK_FILE)

    def notes(self) -> list[dict[str, Any]]:
        """What the receivers noted, in order."""
        file = self.place / "notes"
        return list(map(json.loads, file.read_text().splitlines())) if file.exists() else []

    def until(self, holds: Callable[[], bool], seconds: float = PATIENCE) -> bool:
        """Wait until it holds; returns False when it still does not after so many seconds."""
        limit = time.monotonic() + seconds
        while not (held := holds()) and time.monotonic() < limit:
            time.sleep(LOOK)
        return held


@dataclass(frozen=True)
class Stage:
    """Where the databases are, each a copy of one that was prepared, and who works on them."""

    vendor: str
    place: Path
    nursery: Nursery
    cluster: Cluster | None
    modules: str
    """What EVENT_RECEIVER_MODULES says."""

    def url(self, name: str) -> str:
        """Return the URL of a database."""
        if self.cluster is not None:
            return self.cluster.url(name)
        return f"sqlite:///{self.database(name)}"

    def database(self, name: str) -> str:
        """Return what the engine calls a database."""
        return name if self.cluster is not None else str(self.place / f"{name}.sqlite3")

    def rows(self, name: str) -> Rows:
        """Return a reader, to be used by the thread that uses it first."""
        if self.cluster is not None:
            url = self.cluster.url(name)
            return Rows(lambda: psycopg.connect(url, autocommit=True))
        file = self.database(name)
        return RowsOfSQLite(lambda: sqlite3.connect(file, 0.5, isolation_level=None))

    def scene(self, name: str, prepared: str | None = "prepared") -> Scene:
        """Make a database, a copy of the one that was prepared."""
        if self.cluster is not None:
            with psycopg.connect(self.cluster.url("postgres"), autocommit=True) as admin:
                create = sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name))
                if prepared is not None:
                    create += sql.SQL(" TEMPLATE {}").format(sql.Identifier(prepared))
                admin.execute(create)
        elif prepared is not None:
            with (
                closing(sqlite3.connect(self.database(prepared))) as source,
                closing(sqlite3.connect(self.database(name))) as copy,
            ):
                source.backup(copy)
        place = self.place / name
        place.mkdir()
        return Scene(self, name, place, self.rows(name))


@contextmanager
def stage(cluster: Cluster | None, modules: str, place: Path) -> Iterator[Stage]:
    """Prepare a database, on this PostgreSQL or in an SQLite file, with these receivers."""
    vendor = SQLITE if cluster is None else POSTGRESQL
    place.mkdir(parents=True)
    url = f"sqlite:///{place}/none.sqlite3" if cluster is None else cluster.url("none")
    variables = {**VARIABLES, "DATABASE_URL": url, "EVENT_RECEIVER_MODULES": modules}
    with nursery(place, **variables) as running:
        made = Stage(vendor, place, running, cluster, modules)
        scene = made.scene("prepared", prepared=None)
        scene.order("prepare").answer()
        yield made
