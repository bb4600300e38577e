"""The time that a request may take (``REQUEST_DEADLINE``).

It is looked at before each statement and each object of the answer. A statement under way is cut
off by the database itself, in processes that serve.
"""

import re
from collections.abc import Callable
from contextvars import ContextVar, Token
from math import inf
from time import monotonic
from typing import Any, Final, cast

from django.conf import settings
from django.db import DEFAULT_DB_ALIAS, OperationalError, connections
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.backends.signals import connection_created
from graphql import (
    ExecutionContext,
    GraphQLError,
    GraphQLObjectType,
    GraphQLOutputType,
    OperationType,
)
from graphql.pyutils import Path

from workflow_events.events.emission.frames import end_all
from workflow_events.events.errors import PassesReceivers
from workflow_events.workflow.errors import LimitExceeded

STATEMENT_TIMEOUT: Final = "57014"
SQLITE_INTERRUPT: Final = 9
INSTRUCTIONS: Final = 100_000
"""How many instructions SQLite executes between two looks at the clock, about a millisecond."""
# What ends a transaction, or a part of it, must work after the deadline too.
_ENDING: Final = re.compile(r"\s*(ROLLBACK|RELEASE)\b", re.IGNORECASE)

_ends: ContextVar[float] = ContextVar("workflow_events_deadline", default=inf)


class DeadlineExceeded(PassesReceivers, LimitExceeded):
    """The request took longer than ``REQUEST_DEADLINE``."""


class Deadline:
    """While the block runs, statements fail with `DeadlineExceeded` after so many seconds.

    0 is never. No receiver can go on after that, whatever it catches.
    """

    __slots__ = ("_connection", "_seconds", "_token")

    _connection: BaseDatabaseWrapper
    _token: Token[float]

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds

    def __enter__(self) -> None:
        self._token = _ends.set(monotonic() + self._seconds if self._seconds else inf)
        self._connection = connections[DEFAULT_DB_ALIAS]
        self._connection.execute_wrappers.append(_execute)

    def __exit__(self, *_: object) -> None:
        self._connection.execute_wrappers.remove(_execute)
        _ends.reset(self._token)


class LimitedExecution(ExecutionContext):
    """Executes operations; a root field that meets the deadline is null as a whole.

    Otherwise each of the rows that are left would add an error of its own. What a mutation did
    before is committed: it is told unless that takes another statement, and the error's path then
    leads below the root field.
    """

    def execute_fields(
        self,
        parent_type: GraphQLObjectType,
        source_value: Any,
        path: Path | None,
        fields: Any,
    ) -> Any:
        """Execute the fields of one object."""
        if monotonic() > _ends.get() and self.operation.operation is OperationType.QUERY:
            raise _exceeded()
        return super().execute_fields(parent_type, source_value, path, fields)

    def handle_field_error(
        self, error: GraphQLError, return_type: GraphQLOutputType, path: Path
    ) -> None:
        """Record the error, or pass it on to the field above."""
        if was_cut_off(error.original_error):
            error = GraphQLError(
                error.message, error.nodes, path=error.path, original_error=_exceeded()
            )
        if isinstance(error.original_error, DeadlineExceeded) and path.prev is not None:
            raise error
        return super().handle_field_error(error, return_type, path)


def was_cut_off(error: BaseException | None) -> bool:
    """Say whether the database cut off a statement because the deadline had passed."""
    if not isinstance(error, OperationalError) or monotonic() <= _ends.get():
        return False
    cause = error.__cause__
    interrupted = getattr(cause, "sqlite_errorcode", None) == SQLITE_INTERRUPT
    return interrupted or getattr(cause, "sqlstate", None) == STATEMENT_TIMEOUT


def limit_statements() -> None:
    """Let the database cut off the statements of this process, on connections made from now on.

    For processes that serve: migrations and other commands may take their time.
    """
    seconds = settings.REQUEST_DEADLINE
    if not seconds:
        return
    database = connections.settings[DEFAULT_DB_ALIAS]
    if database["ENGINE"] == "django.db.backends.sqlite3":
        connection_created.connect(_watch, dispatch_uid="workflow_events.deadline")
        return
    # An option of the connection costs no statement. In front: what DATABASE_URL says wins.
    options = database["OPTIONS"]
    given = options.get("options", "")
    options["options"] = f"-c statement_timeout={seconds * 1000} {given}".strip()


def _execute(execute: Callable[..., Any], sql: Any, params: Any, many: bool, context: Any) -> Any:
    if monotonic() > _ends.get() and not (isinstance(sql, str) and _ENDING.match(sql)):
        raise _exceeded()
    try:
        return execute(sql, params, many, context)
    except OperationalError as error:
        if was_cut_off(error):
            raise _exceeded() from error
        raise


def _exceeded() -> DeadlineExceeded:
    error = DeadlineExceeded(
        f"The request takes too long; REQUEST_DEADLINE allows {settings.REQUEST_DEADLINE} seconds."
    )
    end_all(error)
    return error


def _watch(connection: BaseDatabaseWrapper, **_: Any) -> None:
    cast(Any, connection.connection).set_progress_handler(_is_over, INSTRUCTIONS)


def _is_over() -> bool:
    return monotonic() > _ends.get()
