"""Looking at the rows behind the service, on a connection of our own."""

import sqlite3
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import psycopg

CONNECT_LIMIT = 60
"""Seconds in which a database must be back."""
RETRY = 0.05
"""Seconds between two attempts to connect, while the database starts again."""
UNFINISHED = "('pending', 'running')"


@dataclass(frozen=True)
class Delivery:
    """A row of the ledger."""

    pk: int
    event: UUID
    receiver: str
    stream: str | None
    state: str
    attempts: int
    error: str


@dataclass(frozen=True)
class Effect:
    """What a receiver wrote."""

    pk: int
    event: UUID
    receiver: str
    delivery: str
    stream: str
    step: int | None


@dataclass(frozen=True)
class Picture:
    """What is stored of some cases, events and deliveries included."""

    cases: tuple[str, ...]
    items: tuple[tuple[str, str], ...]
    events: tuple[str, ...]
    deliveries: tuple[tuple[str, str], ...]


class Rows:
    """Reads a database that others write; connects again when the connection is lost."""

    def __init__(self, connect: Callable[[], Any]) -> None:
        self._connect = connect
        self._connection: Any = None

    def all(self, query: str, *arguments: Any) -> list[tuple[Any, ...]]:
        """Run a query on what is committed; keys of cases and events are UUIDs."""
        limit = time.monotonic() + CONNECT_LIMIT
        while True:
            try:
                self._connection = self._connection or self._connect()
                return self._execute(query, arguments)
            except (psycopg.OperationalError, sqlite3.OperationalError):
                self._connection = None
                if time.monotonic() > limit:
                    raise
                time.sleep(RETRY)

    def _execute(self, query: str, arguments: tuple[Any, ...]) -> list[tuple[Any, ...]]:
        return list(self._connection.execute(query, arguments).fetchall())

    def refused(self, statement: str) -> bool:
        """Execute a statement; return whether somebody's lock refused it."""
        try:
            self._execute(statement, ())
        except (psycopg.errors.LockNotAvailable, sqlite3.OperationalError):
            return True
        return False

    def items(self, case: UUID) -> dict[str, UUID]:
        """The ready items of a case, by task."""
        query = "SELECT task_id, id FROM workflow_workitem WHERE case_id = %s AND status = 'ready'"
        return {task: _uuid(item) for task, item in self.all(query, case)}

    def picture(self, *cases: UUID) -> Picture:
        """What is stored of these cases."""
        marks = ", ".join("%s" for _ in cases)
        states = f"SELECT status FROM workflow_case WHERE id IN ({marks}) ORDER BY id"
        items = (
            "SELECT task_id, status FROM workflow_workitem "
            f"WHERE case_id IN ({marks}) ORDER BY case_id, task_id, status"
        )
        events = f'SELECT name FROM delivery_loggedevent WHERE "case" IN ({marks}) ORDER BY name'
        deliveries = (
            "SELECT e.name, d.receiver FROM delivery_delivery d "
            "JOIN delivery_loggedevent e ON e.id = d.event_id "
            f'WHERE e."case" IN ({marks}) ORDER BY e.name, d.receiver'
        )
        return Picture(
            tuple(status for (status,) in self.all(states, *cases)),
            tuple(self.all(items, *cases)),  # type: ignore[arg-type]
            tuple(name for (name,) in self.all(events, *cases)),
            tuple(self.all(deliveries, *cases)),  # type: ignore[arg-type]
        )

    def last(self) -> tuple[int, int]:
        """The keys of the newest delivery and of the newest effect."""
        [[delivery]] = self.all("SELECT COALESCE(MAX(id), 0) FROM delivery_delivery")
        [[effect]] = self.all("SELECT COALESCE(MAX(id), 0) FROM chaos_effect")
        return delivery, effect

    def deliveries(self, since: int) -> list[Delivery]:
        """The ledger after this key, oldest first."""
        query = (
            "SELECT id, event_id, receiver, stream, state, attempts, error "
            "FROM delivery_delivery WHERE id > %s ORDER BY id"
        )
        return [Delivery(pk, _uuid(event), *rest) for pk, event, *rest in self.all(query, since)]

    def effects(self, since: int) -> list[Effect]:
        """What receivers wrote after this key, in the order in which they did."""
        query = (
            "SELECT id, event, receiver, delivery, stream, step "
            "FROM chaos_effect WHERE id > %s ORDER BY id"
        )
        return [Effect(pk, UUID(event), *rest) for pk, event, *rest in self.all(query, since)]

    def unfinished(self, since: int) -> int:
        """How many deliveries after this key are neither done nor given up."""
        query = f"SELECT count(*) FROM delivery_delivery WHERE id > %s AND state IN {UNFINISHED}"
        [[number]] = self.all(query, since)
        return int(number)


class RowsOfSQLite(Rows):
    """The same of an SQLite file, where keys are stored as texts."""

    def _execute(self, query: str, arguments: tuple[Any, ...]) -> list[tuple[Any, ...]]:
        texts = tuple(each.hex if isinstance(each, UUID) else each for each in arguments)
        return super()._execute(query.replace("%s", "?"), texts)


def _uuid(value: Any) -> UUID:
    return value if isinstance(value, UUID) else UUID(value)
