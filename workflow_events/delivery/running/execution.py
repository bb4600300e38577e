"""One attempt at a delivery: the receiver is called, and what became of it is noted."""

from __future__ import annotations

import asyncio
import logging
from datetime import timedelta
from functools import partial
from typing import Final

from django.db import connection
from django.utils import timezone

from workflow_events.delivery import ledger, payload
from workflow_events.delivery.failures import as_receivers_see_it, message_of
from workflow_events.delivery.identity import delivery_id_of
from workflow_events.delivery.models import Delivery
from workflow_events.delivery.payload import Undeliverable
from workflow_events.delivery.running.interruption import (
    Interruptible,
    TimeLimitExceeded,
    WorkerStopped,
    replace_connection,
)
from workflow_events.events.emission.restoring import run_alone
from workflow_events.events.registration.registry import registry
from workflow_events.events.registration.retry import Retry

logger = logging.getLogger("workflow_events.delivery")

_OF_RECEIVERS: Final = (Exception, TimeLimitExceeded, SystemExit, asyncio.CancelledError)
"""What is a failure of the receiver wherever it is called."""


def execute(delivery: Delivery, attempt: Interruptible | None = None) -> None:
    """Call the receiver of a claimed delivery with its event, and note how it ended.

    What the receiver writes and the mark "done" are one transaction. A failure is stored, to be
    tried again as the receiver's `Retry` says. Raises only what keeps it from being noted: a lost
    database, or the `WorkerStopped` by which the receiver was interrupted.
    """
    receiver = registry.in_background[delivery.receiver]
    try:
        event = payload.decode(
            delivery.event,
            delivery_id_of(delivery.event_id, delivery.receiver),
            gone_as_none=receiver.options.takes_gone,
        )
        called = attempt.guarded(receiver) if attempt else receiver
        run_alone(called, event, then=partial(ledger.mark_done, delivery))
    except ledger.LeaseLost as lost:
        became = "undone" if receiver.atomic else "not undone, as it is not atomic"
        logger.warning("%s What receiver %s did is %s.", lost, delivery.receiver, became)
    except WorkerStopped:
        raise
    except BaseException as error:
        # In the thread of a slot nobody but the receiver can have raised, say, KeyboardInterrupt.
        if attempt is None and not isinstance(error, _OF_RECEIVERS):
            raise
        if attempt is not None and attempt.sent is not None:
            # Its transaction may still be open; the failure would be noted in there, and lost.
            replace_connection()
        fail(delivery, error)


def fail(delivery: Delivery, error: BaseException) -> None:
    """Store that an attempt has failed, and when the next one is due, if there is one."""
    error = as_receivers_see_it(error)
    retry = registry.in_background[delivery.receiver].options.retry
    wait = _until_next_attempt(delivery, retry, error)
    due = None if wait is None else timezone.now() + timedelta(seconds=wait)
    if not connection.in_atomic_block:
        connection.close_if_unusable_or_obsolete()
    try:
        ledger.mark_failed(delivery, error, due)
    except ledger.LeaseLost as lost:
        logger.warning("%s It had failed: %s", lost, message_of(error))
        return
    logger.log(
        logging.WARNING if due else logging.ERROR,
        "Receiver %s failed on %s, delivery %d, attempt %d of %d; %s: %s",
        delivery.receiver,
        delivery.event.name,
        delivery.pk,
        delivery.attempts,
        retry.attempts,
        "it is dead" if wait is None else f"it is tried again in {wait:.0f} s",
        message_of(error),
        # Where there is no traceback, the message has said it all.
        exc_info=error if error.__traceback__ else None,
        extra={
            "receiver": delivery.receiver,
            "event": delivery.event.name,
            "delivery": delivery.pk,
        },
    )


def _until_next_attempt(delivery: Delivery, retry: Retry, error: BaseException) -> float | None:
    # Authors say what is worth another attempt by classes of Exception.
    kind = TimeoutError if isinstance(error, TimeLimitExceeded) else type(error)
    is_final = isinstance(error, Undeliverable) or not issubclass(kind, retry.on)
    if is_final or delivery.attempts >= retry.attempts:
        return None
    return retry.delay(delivery.attempts)
