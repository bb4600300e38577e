"""Names that events had in the past: receivers of then, and people, still use them."""

from collections.abc import Mapping

from workflow_events.events.declaration.event import Event

former_names: dict[str, type[Event]] = {}
"""By the former name, the event as it is called today."""


def register_former_names(names: Mapping[str, type[Event]]) -> None:
    """Let the catalogue know events also by the names that they had."""
    former_names.update(names)
