"""Receivers after COMMIT (``delivery="commit"``)."""

from __future__ import annotations

from workflow_events.events.declaration.event import Event
from workflow_events.events.emission.emission import Emission
from workflow_events.events.emission.plans import Step
from workflow_events.events.isolation.snapshots import refreshed


class AfterCommit:
    """What Django calls after COMMIT, or never: the receivers of one occurrence.

    Failures are logged; it is too late to undo the operation.
    """

    def __init__(self, event: Event, groups: tuple[Step, ...]) -> None:
        self.event = event
        self.groups = groups
        self.__qualname__ = f"the receivers of {event.event_name}"  # Django logs it by this name

    def __call__(self) -> None:
        """Run the receivers, each in a transaction of its own, with the rows as they are now."""
        refreshed(self.event)
        Emission(self.event, robust=True).run(self.groups)
