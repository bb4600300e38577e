"""All that `check` finds: the problems of each receiver, and of receivers together."""

from __future__ import annotations

from collections.abc import Iterator

from workflow_events.events.checking.blocking import blocking_calls
from workflow_events.events.checking.comparisons import vain_comparisons
from workflow_events.events.checking.problems import CheckId, Problem
from workflow_events.events.checking.registrations import further_warnings, is_announced
from workflow_events.events.checking.senders import vain_parts
from workflow_events.events.checking.sources import Sources, is_ignored
from workflow_events.events.checking.twice import registered_twice
from workflow_events.events.declaration import event as events
from workflow_events.events.registration.definitions import place_of
from workflow_events.events.registration.phases import Phase
from workflow_events.events.registration.receivers import Receiver
from workflow_events.events.registration.registry import registry


def findings() -> list[Problem]:
    """Return each problem once, without the warnings that are ignored where they stand."""
    found = dict.fromkeys(_problems())
    return [problem for problem in found if not is_ignored(problem)]


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
    for further in further_warnings:
        yield from further(receiver)
    names = [source.event_name for source in sources]
    if receiver.phase is Phase.COMMIT and names and all(map(is_announced, names)):
        yield Problem(
            CheckId.TOO_LATE_AFTER_COMMIT,
            f"{receiver.name} gets {', '.join(names)} after COMMIT: what it announces is over.",
            'Listen to its post_ event, or leave out delivery="commit".',
            place,
        )
