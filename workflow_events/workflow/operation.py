"""One operation of the workflow: its transaction, its events, and what receivers did meanwhile."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from django.db import OperationalError, transaction
from django.utils import timezone

from workflow_events.events import Event
from workflow_events.events.emission.dispatch import deliver, occur
from workflow_events.events.emission.recording import stored_together
from workflow_events.workflow.errors import Conflict
from workflow_events.workflow.senders import sender_for
from workflow_events.workflow.users import User

DEADLOCK_OR_SERIALIZATION: Final = frozenset({"40P01", "40001"})
SQLITE_BUSY_OR_LOCKED: Final = frozenset({5, 6})


@dataclass(frozen=True, kw_only=True)
class WalkedFlow:
    """That a flow was walked for a case, by an item that was closed at that moment."""

    case: UUID
    flow: UUID
    work_item: UUID
    moment: datetime


@dataclass(kw_only=True, eq=False)
class Operation:
    """One verb of the workflow while it runs; calls of the API in its receivers are nested."""

    verb: str
    sender: type
    user: User
    context: Any
    moment: datetime = field(default_factory=timezone.now)
    writes: int = 0
    """How often others may have written meanwhile: what was read before may be stale."""
    walked_flows: list[WalkedFlow] = field(default_factory=list)
    """The flows that nested operations have walked, and then this one."""

    def begin(self) -> None:
        """Note the time, once the lock is held: what others did before was before."""
        self.moment = timezone.now()

    def emit(self, event_class: type[Event], **payload: Any) -> Event:
        """Emit with the sender, user and context of this operation (contract section 5).

        Returns the occurrence: receivers may have assigned its attributes.
        """
        payload["user"] = self.user
        payload["context"] = self.context
        event = occur(event_class, self.sender, payload)
        if deliver(event):
            self.writes += 1
        return event


_active: ContextVar[Operation | None] = ContextVar("workflow_operation", default=None)


@contextmanager
def operate(verb: str, sender: type | None, user: User, context: Any) -> Iterator[Operation]:
    """Run the body as one operation: all of it, or nothing (contract section 5, transactions).

    Raises `Conflict` as `atomic_or_conflict` does.
    """
    outer = _active.get()
    operation = Operation(
        verb=verb,
        sender=sender_for(verb) if sender is None else sender,
        user=user,
        context=context,
    )
    with atomic_or_conflict():
        token = _active.set(operation)
        try:
            with stored_together():
                yield operation
        finally:
            _active.reset(token)
    if outer is not None:
        outer.walked_flows.extend(operation.walked_flows)


@contextmanager
def atomic_or_conflict() -> Iterator[None]:
    """Run the body in a transaction, or a savepoint of the one that is open.

    Raises `Conflict` when another transaction won a deadlock, or the database was busy. Within an
    operation the database's error passes as it is: the transaction is lost, and the outermost
    operation says so.
    """
    nested = _active.get() is not None
    try:
        with transaction.atomic():
            yield
    except OperationalError as error:
        if nested or not lost_to_another(error):
            raise
        raise Conflict("Another operation on the same data was first; try again.") from error


def lost_to_another(error: OperationalError) -> bool:
    """Say whether the statement failed only because another transaction was there."""
    cause = error.__cause__
    if getattr(cause, "sqlstate", None) in DEADLOCK_OR_SERIALIZATION:
        return True
    return getattr(cause, "sqlite_errorcode", 0) & 0xFF in SQLITE_BUSY_OR_LOCKED
