"""Marks deliveries done in a transaction of its own, after the receiver's."""

from collections.abc import Callable

from workflow_events.delivery.running import execution
from workflow_events.events.declaration.event import Event
from workflow_events.events.registration.receivers import Receiver

_run_alone = execution.run_alone


def _run_apart(receiver: Receiver, event: Event, then: Callable[[], None]) -> None:
    _run_alone(receiver, event, lambda: None)
    then()


execution.run_alone = _run_apart
