"""What Django's ``check`` says of receivers (docs/reference/checks.md)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from django.core.checks import CheckMessage

from workflow_events.events.checking.blocking import blocking_calls
from workflow_events.events.checking.comparisons import vain_comparisons
from workflow_events.events.checking.problems import CheckId, Problem
from workflow_events.events.checking.registrations import is_announced
from workflow_events.events.checking.senders import vain_parts
from workflow_events.events.checking.sources import Sources, is_ignored
from workflow_events.events.checking.twice import registered_twice
from workflow_events.events.declaration import event as events
from workflow_events.events.registration.definitions import place_of
from workflow_events.events.registration.phases import Phase
from workflow_events.events.registration.receivers import Receiver
from workflow_events.events.registration.registry import registry

TAG: Final = "workflow_events"
"""``check --tag workflow_events`` looks at receivers only."""


def check_receivers(**kwargs: Any) -> list[CheckMessage]:
    """Return what is wrong with the receivers, and what is risky about them.

    What is wrong has stopped the start already. A warning is left out where the line that it names
    ends with ``# workflow_events: ignore[…]``.
    """
    found = dict.fromkeys(_problems())
    return [problem.as_message() for problem in found if not is_ignored(problem)]


def _problems() -> Iterator[Problem]:
    receivers, sources = registry.receivers, Sources()
    for receiver in receivers:
        broken = list(registry.problems_of(receiver))
        yield from broken
        yield from blocking_calls(receiver, sources)
        yield from vain_comparisons(receiver, sources)
        if not broken:
            yield from _risky_parts(receiver)
    yield from registered_twice(receivers)


def _risky_parts(receiver: Receiver) -> Iterator[Problem]:
    place = place_of(receiver.function)
    sources = [event for event in events.declared.values() if receiver.means(event)]
    yield from vain_parts(receiver, sources, place)
    names = [source.event_name for source in sources]
    if receiver.phase is Phase.COMMIT and names and all(map(is_announced, names)):
        yield Problem(
            CheckId.TOO_LATE_AFTER_COMMIT,
            f"{receiver.name} gets {', '.join(names)} after COMMIT: what it announces is over.",
            'Listen to its post_ event, or leave out delivery="commit".',
            place,
        )
