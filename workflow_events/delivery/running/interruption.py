"""Interrupting a receiver from outside: when it takes too long, or its worker has to stop."""

from __future__ import annotations

import asyncio
import ctypes
import dataclasses
import inspect
import logging
import os
import socket
import threading
from collections.abc import Callable
from typing import Any

from django.db import DEFAULT_DB_ALIAS, connections
from django.db.backends.base.base import BaseDatabaseWrapper

from workflow_events.events.isolation.connections import of_thread
from workflow_events.events.registration.receivers import Receiver, is_async

logger = logging.getLogger("workflow_events.delivery")


class Interruption(BaseException):
    """Raised inside a receiver from outside; no ``except Exception`` of the receiver takes it."""


class TimeLimitExceeded(Interruption):
    """The receiver has taken longer than its time limit allows."""


class WorkerStopped(Interruption):
    """The worker has to stop, and its grace period is over."""


class Interruptible:
    """One attempt at a delivery, which another thread may interrupt while its receiver runs.

    Only the receiver is: never what comes before or after it, such as the mark and COMMIT. One
    that has yet to begin is interrupted when it does.
    """

    def __init__(self) -> None:
        self.sent: Interruption | None = None
        self._is_over = False
        self._lock = threading.Lock()
        self._raise: Callable[[Interruption], object] | None = None
        self._connection: BaseDatabaseWrapper | None = None

    def interrupt(self, error: Interruption) -> bool:
        """Raise an error in the receiver, and cut off the statement that it waits for.

        Returns whether it is not over yet. Only the first interruption counts.
        """
        with self._lock:
            if self._is_over:
                return False
            if self.sent is None:
                self.sent = error
                if self._raise is not None:
                    self._raise(error)
                    _cut_off(self._connection)
            return True

    def abandon(self) -> None:
        """Undo what a receiver that does not react has written, and refuse what it would write.

        What it has locked is free then: on SQLite nobody could write any more.
        """
        with self._lock:
            if self._raise is not None and self._connection is not None:
                _abandon(self._connection.connection)
                self._connection = None

    def guarded(self, receiver: Receiver) -> Receiver:
        """Return the receiver with a callable that can be interrupted."""
        wrap = self._awaiting if is_async(receiver.function) else self._calling
        function = wrap(receiver.function)
        function.__module__, _, function.__qualname__ = receiver.name.rpartition(".")
        return dataclasses.replace(receiver, function=function)

    def _calling(self, function: Callable[..., Any]) -> Callable[..., Any]:
        def call(*arguments: Any, **keywords: Any) -> None:
            thread = threading.get_ident()
            try:
                self._arm(lambda error: _raise_in(thread, type(error)))
                function(*arguments, **keywords)
            except Interruption as raised:
                raise (self.sent or raised).with_traceback(raised.__traceback__) from None
            finally:
                self._disarm(thread)

        return call

    def _awaiting(self, function: Callable[..., Any]) -> Callable[..., Any]:
        connection = connections[DEFAULT_DB_ALIAS]

        async def call(*arguments: Any, **keywords: Any) -> None:
            loop, task = asyncio.get_running_loop(), asyncio.current_task()
            assert task is not None  # noqa: S101 (a coroutine runs in one)
            try:
                self._arm(lambda _: loop.call_soon_threadsafe(task.cancel), connection)
                result = function(*arguments, **keywords)
                if inspect.isawaitable(result):
                    await result
            except asyncio.CancelledError as raised:
                raise (self.sent or raised).with_traceback(raised.__traceback__) from None
            finally:
                self._disarm(None)

        return call

    def _arm(
        self,
        how: Callable[[Interruption], object],
        connection: BaseDatabaseWrapper | None = None,
    ) -> None:
        self._connection = connection or connections[DEFAULT_DB_ALIAS]
        with self._lock:
            if self.sent is not None:
                raise self.sent
            self._raise = how

    def _disarm(self, thread: int | None) -> None:
        while not self._is_over:
            try:
                with self._lock:
                    self._is_over = True
                    self._raise = None
                    if thread is not None:
                        _raise_in(thread, None)
            except Interruption:
                # It came when the receiver had already returned. There is no second one.
                continue


def replace_connection() -> None:
    """Drop this thread's connection, in the midst of whose work it was interrupted.

    Django may hold it for one with a transaction that is open, or for one without.
    """
    driver = connections[DEFAULT_DB_ALIAS].connection
    if driver is not None:
        driver.close()
    del connections[DEFAULT_DB_ALIAS]
    of_thread.connection = None


def _raise_in(thread: int, error: type[BaseException] | None) -> None:
    """Let an exception be raised in a thread at its next bytecode; None takes that back."""
    ctypes.pythonapi.PyThreadState_SetAsyncExc(
        ctypes.c_ulong(thread), ctypes.py_object(error) if error else None
    )


def _cut_off(connection: BaseDatabaseWrapper | None) -> None:
    driver = connection.connection if connection is not None else None
    if driver is None:
        return
    try:
        # psycopg's asks the server by a connection of its own; sqlite3's is heard at once.
        driver.cancel_safe(timeout=5) if hasattr(driver, "cancel_safe") else driver.interrupt()
    except Exception:  # whatever the driver says: the receiver may still return by itself
        logger.debug("Cannot cut off the statement of a receiver", exc_info=True)


def _abandon(driver: Any) -> None:
    """End the transaction of a connection that another thread has; it can write nothing more."""
    if driver is None:
        return
    try:
        if hasattr(driver, "cancel_safe"):
            # The server undoes all when it hears the end. Closing would free what the thread uses.
            with socket.socket(fileno=os.dup(driver.fileno())) as wire:
                wire.shutdown(socket.SHUT_RDWR)
        else:
            # Not closed: that would wait for the thread, and no other thread could run meanwhile.
            driver.execute("PRAGMA query_only = ON")
            driver.rollback()
    except Exception:  # whatever the driver says: the receiver may have returned
        logger.debug("Cannot end the transaction of a receiver", exc_info=True)
