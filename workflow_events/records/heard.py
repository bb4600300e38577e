"""Which events of which models are heard now."""

from __future__ import annotations

from typing import Any, Final

from django.db.models import Model

from workflow_events.records.events import RecordEvent

Heard = frozenset[type[RecordEvent[Any]]]
"""Events that somebody listens to."""

NOTHING: Final[Heard] = frozenset()

heard_of: Final[dict[type[Model], Heard]] = {}
"""By model; kept by `listening`."""
