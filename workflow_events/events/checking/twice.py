"""One receiver that is registered twice, and so runs twice."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import combinations
from typing import Any

from django.dispatch import Signal

from workflow_events.events.checking.problems import CheckId, Problem
from workflow_events.events.checking.senders import may_meet
from workflow_events.events.declaration import event as events
from workflow_events.events.registration.definitions import Placed, code_of, place_of, plain
from workflow_events.events.registration.receivers import Receiver
from workflow_events.events.registration.targets import Source


def registered_twice(receivers: Iterable[Receiver]) -> Iterator[Problem]:
    """Give the receivers that get one occurrence twice, at the same phase, with the same filters.

    One function twice, or one line of a module that was imported under two names.
    """
    alike: dict[object, list[Receiver]] = {}
    for receiver in receivers:
        alike.setdefault(_written(receiver.function), []).append(receiver)
    for group in alike.values():
        for one, other in combinations(group, 2):
            if _are_same(one, other) and (shared := _shared(one, other)):
                yield Problem(
                    CheckId.REGISTERED_TWICE,
                    f"{other.name} is registered twice for {', '.join(shared)}"
                    f"{'' if one.name == other.name else f', the other time as {one.name}'}, "
                    "and runs twice.",
                    "Take one of the two @on away."
                    if one.name == other.name
                    else "Import the module under one name only.",
                    place_of(other.function),
                )


def _written(function: Any) -> object:
    """Return where a function is written, or itself: equal for what may be the same."""
    found = plain(function)
    if isinstance(found, Placed):
        return found.place
    code = code_of(found)
    if code is None:
        return id(found)
    return code.co_filename, code.co_firstlineno, code.co_qualname


def _are_same(one: Receiver, other: Receiver) -> bool:
    if one.phase is not other.phase or len(one.predicates) != len(other.predicates):
        return False
    pairs = [(one.function, other.function)]
    pairs += zip(
        (p.function for p in one.predicates), (p.function for p in other.predicates), strict=True
    )
    return all(_is_same(a, b) for a, b in pairs)


def _is_same(one: Any, other: Any) -> bool:
    if one == other:
        return True
    names = {getattr(plain(function), "__module__", None) for function in (one, other)}
    # What is made inside a function is another thing each time.
    return (
        len(names) == 2  # noqa: PLR2004 (one module under two names)
        and _written(one) == _written(other)
        and "<locals>" not in getattr(plain(one), "__qualname__", "<locals>")
    )


def _shared(one: Receiver, other: Receiver) -> list[str]:
    """Return the names of events and signals of which both get the same occurrences."""
    if not may_meet(one.senders.wishes, other.senders.wishes):
        return []
    declared = list(events.declared.values())
    signals = [t.wanted for t in one.targets if isinstance(t.wanted, Signal)]
    sources: list[Source] = [*declared, *signals]
    shared = [source for source in sources if _means_both(one, other, source)]
    return sorted({getattr(source, "event_name", "a signal") for source in shared})


def _means_both(one: Receiver, other: Receiver, source: Source) -> bool:
    if not (one.means(source) and other.means(source)):
        return False
    wanted = [_named_senders(receiver, source) for receiver in (one, other)]
    return may_meet(*wanted)


def _named_senders(receiver: Receiver, source: Source) -> Sequence[type]:
    """Return the senders that the targets themselves name; nothing stands for all of them."""
    named = [target.sender for target in receiver.targets if target.names(source)]
    return [] if None in named else [sender for sender in named if sender is not None]
