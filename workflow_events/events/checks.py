"""What Django's ``check`` says of receivers (docs/reference/checks.md)."""

from __future__ import annotations

from typing import Any, Final

from django.core.checks import CheckMessage

from workflow_events.events.registry import registry

TAG: Final = "workflow_events"
"""``check --tag workflow_events`` looks at receivers only."""


def check_receivers(**kwargs: Any) -> list[CheckMessage]:
    """Return what is wrong with the receivers, and what is risky about them."""
    found = [p for receiver in registry.receivers for p in registry.problems_of(receiver)]
    return [p.as_message() for p in dict.fromkeys(found)]
