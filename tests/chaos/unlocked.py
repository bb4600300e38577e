"""Takes the lock away from a server, to prove that the races would notice (``--prove``)."""

from typing import Any

from workflow_events.workflow.models.protected import ProtectedQuerySet


def _not_for_update(self: ProtectedQuerySet, **_: Any) -> ProtectedQuerySet:
    return self


ProtectedQuerySet.select_for_update = _not_for_update  # type: ignore[assignment,method-assign]
