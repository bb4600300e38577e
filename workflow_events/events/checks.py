"""What Django's ``check`` says of receivers (docs/reference/checks.md)."""

from __future__ import annotations

from typing import Any, Final

from django.core.checks import CheckMessage

TAG: Final = "workflow_events"
"""``check --tag workflow_events`` looks at receivers only."""


def check_receivers(**kwargs: Any) -> list[CheckMessage]:
    """Return what is wrong with the receivers, and what is risky about them.

    What is wrong has stopped the start already. A warning is left out where the line that it names
    ends with ``# workflow_events: ignore[…]``.
    """
    # Reading sources is none of the start's business.
    from workflow_events.events.checking.findings import findings  # noqa: PLC0415

    return [problem.as_message() for problem in findings()]
