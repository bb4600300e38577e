"""Undoing what one receiver did, and nothing else (contract section 4).

A receiver that runs no SQL costs no statement: a wrapper around the connection's execution opens
a savepoint, or outside of a transaction the transaction itself, before the first one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from django.db import DEFAULT_DB_ALIAS, DatabaseError, connections
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.backends.signals import connection_created
from django.db.transaction import Atomic, TransactionManagementError

from workflow_events.events.emission.concurrency import refusal
from workflow_events.events.emission.frames import Frame, current
from workflow_events.events.errors import BrokenTransaction, PassesReceivers
from workflow_events.events.isolation.connections import Callbacks, of_thread
from workflow_events.events.isolation.constraints import ForeignKeyCheck
from workflow_events.events.isolation.statements import Kind, kind_of
from workflow_events.events.tracing.traces import Trace


class IsolatedFrame(Frame):
    """Isolates the receivers of one emission from each other, one after the other.

    Outside of a transaction the connection is shown as being in one while receivers run; it is
    begun at the first SQL, and ends with the receiver.
    """

    __slots__ = (
        "_autocommit_before",
        "_broken_before",
        "_callbacks",
        "_keys",
        "_nested",
        "_on_commit_before",
        "_opened",
        "_pretending",
        "_savepoint",
        "_statement_failed",
        "_transaction",
        "_unopened",
        "connection",
        "emitter_error",
        "wrote_now",
    )

    connection: BaseDatabaseWrapper
    emitter_error: DatabaseError | None
    _savepoint: str | None
    _transaction: Atomic | None
    _keys: ForeignKeyCheck | None
    _unopened: tuple[list[Any], list[Any]] | None

    def begin(self) -> None:
        """Start to watch the connection."""
        self.wrote_now = self._opened = self._statement_failed = False
        self.emitter_error = self._savepoint = self._transaction = None
        self._keys = self._unopened = None
        connection = of_thread.connection
        if connection is None:
            connection = of_thread.connection = connections[DEFAULT_DB_ALIAS]
        self.connection = connection
        self._broken_before = connection.needs_rollback
        self._on_commit_before = connection.run_on_commit
        connection.run_on_commit = self._callbacks = Callbacks()
        connection.execute_wrappers.append(self._execute)
        if connection.in_atomic_block or (connection.connection and not connection.autocommit):
            self._nested = True
            self._pretending = False
        else:
            self._nested = False
            if connection.health_check_enabled and not connection.health_check_done:  # type: ignore[attr-defined]
                # It is due at the first SQL, but cannot reconnect once there is a transaction.
                connection.close_if_health_check_failed()
            # As `_pretend` does, written out: once per emission, the call costs more than that.
            self._pretending = True
            self._autocommit_before = connection.autocommit
            connection.in_atomic_block = True
            connection.autocommit = False
        if connection.connection is None:
            self._unopened = connection.atomic_blocks, connection.savepoint_ids

    def end(self) -> None:
        """Stop to watch, and leave the connection as it was found."""
        connection = self.connection
        connection.execute_wrappers.remove(self._execute)
        if self._pretending:
            self._stop_pretending()
        elif not self._broken_before and not self._opened:
            # Set by a block without savepoint in which no SQL ran: there is nothing to roll back.
            connection.needs_rollback = False
        # The list itself goes back: an outer emission watches it.
        if connection.run_on_commit:
            for callback in connection.run_on_commit:
                self._on_commit_before.append(callback)
        connection.run_on_commit = self._on_commit_before

    def keep(self) -> Exception | None:
        """End the receiver's part and keep it; return the error, all undone, if that fails."""
        self._recover_callbacks()
        error = self._keep_savepoint() if self._nested else self._commit()
        self._opened = self._statement_failed = False
        return error

    def undo(self, error: BaseException) -> None:
        """End the receiver's part as if it had not run. A lost connection raises."""
        self.connection.run_on_commit = self._callbacks = Callbacks()
        if not self._opened:
            # Set by a block without savepoint in which no SQL ran: there is nothing to roll back.
            self.connection.needs_rollback = self._broken_before
            return
        self._opened = self._statement_failed = False
        if self._transaction is not None:
            self._end_transaction(error)
        elif self._savepoint is not None:
            with self._hidden():
                self.connection.needs_rollback = False
                self.connection.savepoint_rollback(self._savepoint)
                self.connection.savepoint_commit(self._savepoint)

    @contextmanager
    def suspended(self) -> Iterator[None]:
        """Let receivers with ``atomic=False`` work on the emitter's connection as it is."""
        connection = self.connection
        if not self._nested:
            self._stop_pretending()
        connection.run_on_commit, mine = self._on_commit_before, connection.run_on_commit
        self._opened = True  # by nobody: statements are noted and nothing is opened for them
        self._savepoint = None
        try:
            yield
        finally:
            self._opened = self._statement_failed = False
            self._on_commit_before, connection.run_on_commit = connection.run_on_commit, mine
            if not self._nested:
                self._pretend()

    @contextmanager
    def between_receivers(self) -> Iterator[None]:
        """Run statements of our own after one receiver and before the next."""
        pretending = self._pretending
        if pretending:
            self._stop_pretending()
        try:
            with self._hidden():
                yield
        finally:
            if pretending:
                self._pretend()

    def reconnected(self) -> None:
        """Show a connection that was made while a receiver runs as being in a transaction.

        Connecting has forgotten the blocks that the receiver is in.
        """
        self.pause()
        if self._pretending:
            self._pretend()
        if self._unopened is not None:
            self.connection.atomic_blocks, self.connection.savepoint_ids = self._unopened
        self.check_connection()

    def check_connection(self) -> None:
        """Raise `ConcurrentSQL` in a receiver that others run beside."""
        if (receiver := self.concurrent_receiver) is not None:
            raise refusal(receiver)

    def _recover_callbacks(self) -> None:
        """Put back, in front, the callbacks that connecting has forgotten."""
        if self._unopened is not None and self.connection.connection is not None:
            self._unopened = None
            callbacks = self.connection.run_on_commit
            if callbacks is not self._callbacks and current.get() is self:
                callbacks[:0] = self._callbacks

    def _execute(
        self, execute: Callable[..., Any], sql: Any, params: Any, many: bool, context: Any
    ) -> Any:
        self.pause()
        if not self._opened:
            self._open()
        if (kind := kind_of(sql)) is not Kind.READ:
            if kind is Kind.TRANSACTION and (self._savepoint or self._transaction):
                raise TransactionManagementError(
                    f"A receiver cannot execute {sql.split()[0].upper()}: it would end what it "
                    "is part of. Use transaction.atomic()."
                )
            self.wrote_now = True
            if self._savepoint is not None:
                self._before_write(kind, sql)
        try:
            return execute(sql, params, many, context)
        except DatabaseError:
            self._statement_failed = True
            raise

    def _open(self) -> None:
        self._recover_callbacks()
        with self._hidden():
            if not self._broken_before:
                self.connection.needs_rollback = False
            if self._nested:
                self._savepoint = self.connection.savepoint()
            else:
                self._begin_transaction()
        self._opened = True

    def _begin_transaction(self) -> None:
        connection = self.connection
        # Blocks that the receiver has entered already become nested in the transaction.
        blocks, savepoints = connection.atomic_blocks, connection.savepoint_ids
        connection.atomic_blocks, connection.savepoint_ids = [], []
        self._stop_pretending()
        transaction = Atomic(connection.alias, savepoint=True, durable=False)
        try:
            transaction.__enter__()
        except BaseException:
            self._pretend()
            raise
        finally:
            connection.atomic_blocks.extend(blocks)
            connection.savepoint_ids.extend(savepoints)
        self._transaction = transaction

    def _before_write(self, kind: Kind, sql: Any) -> None:
        with self._hidden():
            if self._keys is None:
                self._keys = ForeignKeyCheck.of(self.connection)
            try:
                self._keys.before_write(kind, sql)
            except DatabaseError as error:
                self.emitter_error = error
                raise

    def _keep_savepoint(self) -> Exception | None:
        if self._opened and self._savepoint is not None:
            if self.connection.needs_rollback:
                return self._undone(_broken())
            try:
                with self._hidden():
                    if self.wrote_now and self._keys is not None:
                        self._keys.after_writes()
                    self.connection.savepoint_commit(self._savepoint)
            except DatabaseError as failure:
                return self._undone(_broken() if self._statement_failed else failure)
        if self.connection.run_on_commit:
            # Robust: the caller would take a failure after COMMIT for one that left nothing.
            callbacks: list[Any] = [(*given, True) for *given, _ in self.connection.run_on_commit]
            self._on_commit_before.extend(callbacks)
        # Also when empty: Django puts a plain list there when an inner block is rolled back.
        self.connection.run_on_commit = self._callbacks = Callbacks()
        return None

    def _undone(self, error: Exception) -> Exception:
        self.undo(error)
        return error

    def _commit(self) -> Exception | None:
        error: Exception | None = None
        try:
            if self._transaction is not None:
                error = _broken() if self._is_broken() else None
                self._end_transaction(error)
            elif self.connection.run_on_commit:
                with self.between_receivers():
                    self.connection.run_and_clear_commit_hooks()
        except PassesReceivers:
            raise
        except Exception as failure:
            error = failure
        self.connection.run_on_commit = self._callbacks = Callbacks()
        return error

    def _end_transaction(self, error: BaseException | None) -> None:
        transaction, self._transaction = self._transaction, None
        try:
            if transaction is not None:
                with self._hidden():
                    transaction.__exit__(type(error) if error else None, error, None)
        finally:
            self._pretend()

    def _is_broken(self) -> bool:
        """Tell whether COMMIT would silently roll back (PostgreSQL after a swallowed error)."""
        if self._statement_failed and not self.connection.needs_rollback:
            try:
                with self._hidden(), self.connection.cursor() as cursor:
                    cursor.execute("SELECT 1")
            except DatabaseError:
                return True
        return self.connection.needs_rollback

    def _pretend(self) -> None:
        connection = self.connection
        self._pretending = True
        self._autocommit_before = connection.autocommit
        connection.in_atomic_block = True
        connection.autocommit = False

    def _stop_pretending(self) -> None:
        self._pretending = False
        connection = self.connection
        connection.needs_rollback = False
        connection.in_atomic_block = False
        connection.autocommit = self._autocommit_before
        if connection.closed_in_transaction:
            connection.connection = None

    @contextmanager
    def _hidden(self) -> Iterator[None]:
        # Statements of ours must not open anything in an emission inside or around this one, and
        # a trace does not count them.
        wrappers = self.connection.execute_wrappers
        self.connection.execute_wrappers = [w for w in wrappers if not _is_ours(w)]
        try:
            yield
        finally:
            self.connection.execute_wrappers = wrappers


def _is_ours(wrapper: Any) -> bool:
    return isinstance(getattr(wrapper, "__self__", None), IsolatedFrame | Trace)


def _broken() -> BrokenTransaction:
    return BrokenTransaction(
        "It swallowed a database error that broke its transaction; let the error pass, or wrap "
        "the statement in transaction.atomic()."
    )


def _reconnected(connection: BaseDatabaseWrapper, **_: Any) -> None:
    of_thread.connection = None  # it may have been replaced: connections[alias] = …
    frame = current.get()
    while frame is not None:
        if isinstance(frame, IsolatedFrame) and frame.connection is connection:
            frame.reconnected()
        frame = frame.parent


connection_created.connect(_reconnected, dispatch_uid="workflow_events.isolation")
