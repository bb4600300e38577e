"""Whether this process can serve: its database, its tables, its receivers (``/readyz``)."""

import logging
from collections.abc import Callable
from functools import cache
from threading import Condition, Thread
from time import monotonic
from typing import Any, Final

from django.db import connection
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.recorder import MigrationRecorder

from workflow_events.configuration import one_line
from workflow_events.delivery import operating
from workflow_events.events.registration.registry import registry

logger = logging.getLogger("workflow_events.readiness")

PATIENCE: Final = 3.0
"""Seconds after which a check that has not answered has failed."""
FRESHNESS: Final = 1.0
"""Seconds for which an answer is good: strangers may ask as often as they like."""

COUNTED: Final = 10_000
"""Deliveries that are counted at most, so that a check takes no longer the more are waiting."""

Check = Callable[[], dict[str, Any] | None]
"""Raises an error when it fails; what it may return is part of the answer, and no verdict."""


class NotReady(Exception):
    """A check failed; the message is for the log."""


def database_answers() -> None:
    """Raise an error of the database unless it answers a query."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")


def tables_are_up_to_date() -> None:
    """Raise `NotReady` when a migration of this version has not been applied."""
    missing = _migrations() - MigrationRecorder(connection).applied_migrations().keys()
    if missing:
        names = ", ".join(sorted(f"{app}.{name}" for app, name in missing))
        raise NotReady(f"not applied: {names}")


def receivers_are_loaded() -> None:
    """Raise `NotReady` before all receiver modules are imported and checked."""
    if not registry.loaded:
        raise NotReady("the receiver modules are not loaded")


def deliveries_can_be_counted() -> dict[str, Any]:
    """Return how much is due or dead, up to `COUNTED`, and how long the oldest has been due.

    However bad these figures are, another process would not do better.
    """
    return operating.bounded_figures(COUNTED)


CHECKS: Final[dict[str, Check]] = {
    "database": database_answers,
    "migrations": tables_are_up_to_date,
    "receivers": receivers_are_loaded,
    "deliveries": deliveries_can_be_counted,
}
"""Every check by the name that the answer has for it."""


class Readiness:
    """Runs the checks in a thread of its own, so that a database that hangs holds nobody up.

    One runs at a time, however many ask; its connection is closed afterwards, so that the next
    one also learns whether a connection can be made.
    """

    def __init__(self, checks: dict[str, Check] = CHECKS) -> None:
        self._checks = checks
        self._changed = Condition()
        self._thread: Thread | None = None
        self._results: dict[str, bool] = {}
        self.figures: dict[str, dict[str, Any]] = {}
        """What the checks that passed last have returned, by name."""
        self._time = float("-inf")
        self._told: dict[str, bool] = dict.fromkeys(checks, True)

    def results(self) -> dict[str, bool]:
        """Return for each check whether it passes, within `PATIENCE` seconds."""
        asked = monotonic()
        with self._changed:
            if asked < self._time + FRESHNESS:
                return self._results
            if self._thread is None:
                self._thread = Thread(target=self._run, name="readiness", daemon=True)
                self._thread.start()
            if self._changed.wait_for(lambda: self._time >= asked, PATIENCE):
                return self._results
        results = dict.fromkeys(self._checks, False)
        self._tell(results, dict.fromkeys(results, f"no answer within {PATIENCE:g} seconds"))
        return results

    def _run(self) -> None:
        results, reasons, figures = {}, {}, {}
        try:
            for name, check in self._checks.items():
                try:
                    if (returned := check()) is not None:
                        figures[name] = returned
                except Exception as error:  # whatever it is, the service is not ready
                    reasons[name] = f"{type(error).__name__}: {error}".strip()
                results[name] = name not in reasons
        finally:
            connection.close()
            with self._changed:
                self._results, self._time, self._thread = results, monotonic(), None
                self.figures = figures
                self._changed.notify_all()
        self._tell(results, reasons)

    def _tell(self, results: dict[str, bool], reasons: dict[str, str]) -> None:
        """Log what has changed, once, and not at every poll."""
        for name, passes in results.items():
            if self._told[name] == passes:
                continue
            self._told[name] = passes
            if passes:
                logger.info("Check %r passes again", name)
            else:
                logger.error("Check %r fails: %s", name, one_line(reasons[name]))


@cache
def _migrations() -> frozenset[tuple[str, str]]:
    """Return the migrations of this version, by app and name; a squashed one stands for its own."""
    return frozenset(MigrationLoader(None).graph.nodes)
