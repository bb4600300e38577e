"""Kills this process before a chosen thing that it does with the database."""

import os
import signal
import threading
from collections.abc import Callable
from typing import Any

from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.backends.signals import connection_created

IDLE = "PRAGMA data_version"
"""What a worker asks SQLite all the time while nothing happens."""


class Reaper:
    """Counts statements, and the moments before and after each COMMIT, over all connections.

    Comes at the given one by SIGKILL; without one it only counts.
    """

    def __init__(self, moment: int | None) -> None:
        self.moments = 0
        self._moment = moment
        self._lock = threading.Lock()
        self._watched: set[int] = set()

    def install(self) -> None:
        """Watch every connection that is made from now on."""
        connection_created.connect(self._watch, weak=False)

    def _watch(self, connection: BaseDatabaseWrapper, **_: Any) -> None:
        # Django keeps the wrapper when it connects again.
        if id(connection) in self._watched:
            return
        self._watched.add(id(connection))
        connection.execute_wrappers.append(self._before)
        commit = connection._commit

        def around_commit() -> None:
            self._tick()
            commit()
            self._tick()

        connection._commit = around_commit

    def _before(self, execute: Callable[..., Any], sql: str, *arguments: Any) -> Any:
        if not sql.startswith(IDLE):
            self._tick()
        return execute(sql, *arguments)

    def _tick(self) -> None:
        with self._lock:
            self.moments += 1
            if self.moments == self._moment:
                os.kill(os.getpid(), signal.SIGKILL)
