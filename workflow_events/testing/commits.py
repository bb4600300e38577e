"""Receivers after COMMIT in tests whose transaction is rolled back at their end."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import wraps
from typing import Any
from unittest.mock import patch

from django.db import DEFAULT_DB_ALIAS, connections
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.transaction import Atomic

from workflow_events.events.emission.committed import AfterCommit
from workflow_events.events.emission.frames import current
from workflow_events.events.isolation.savepoints import IsolatedFrame

logger = logging.getLogger("workflow_events.events")


class Once:
    """Receivers after COMMIT that are called once, though Django's test tools call them, too."""

    def __init__(self, receivers: AfterCommit) -> None:
        self.receivers = receivers
        self.called = False
        self.__qualname__ = receivers.__qualname__

    def __call__(self) -> None:
        """Call the receivers, unless that was done."""
        if not self.called:
            self.called = True
            self.receivers()


@contextmanager
def commits_of_tests() -> Iterator[None]:
    """Run receivers after COMMIT when all but the transaction of the test has ended.

    That is where Django would commit outside of a test. The three places are those where this can
    come about: a block ends, an emission ends, or there is neither.
    """
    with (
        patch.object(Atomic, "__exit__", _then_run(Atomic.__exit__)),
        patch.object(IsolatedFrame, "end", _then_run(IsolatedFrame.end)),
        patch.object(BaseDatabaseWrapper, "on_commit", _on_commit(BaseDatabaseWrapper.on_commit)),
    ):
        yield


def _then_run(method: Callable[..., Any]) -> Callable[..., Any]:
    @wraps(method)
    def end(*arguments: Any) -> Any:
        result = method(*arguments)
        _run_what_is_committed()
        return result

    return end


def _on_commit(method: Callable[..., Any]) -> Callable[..., Any]:
    @wraps(method)
    def on_commit(self: BaseDatabaseWrapper, func: Any, robust: bool = False) -> None:
        method(self, Once(func) if isinstance(func, AfterCommit) else func, robust)
        _run_what_is_committed()

    return on_commit


def _run_what_is_committed() -> None:
    connection = connections[DEFAULT_DB_ALIAS]
    if not connection.run_on_commit or not _is_committed(connection):
        return
    ours = [entry[1] for entry in connection.run_on_commit if isinstance(entry[1], Once)]
    connection.run_on_commit[:] = [
        entry for entry in connection.run_on_commit if not isinstance(entry[1], Once)
    ]
    for receivers in ours:
        try:
            receivers()
        except Exception:  # as Django does after COMMIT
            logger.exception("Failed after COMMIT: %s", receivers.__qualname__)


def _is_committed(connection: BaseDatabaseWrapper) -> bool:
    """Tell whether nothing is open but the transaction of the test, and that one is whole."""
    return (
        current.get() is None
        and not connection.needs_rollback
        and bool(connection.atomic_blocks)
        and all(getattr(block, "_from_testcase", False) for block in connection.atomic_blocks)
    )
