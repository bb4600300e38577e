"""Problems of a registration that could never work (contract section 3)."""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from django.dispatch import Signal

from workflow_events.events.checking.problems import CheckId, Problem
from workflow_events.events.checking.senders import sender_problems
from workflow_events.events.declaration import event as events
from workflow_events.events.declaration.event import Event
from workflow_events.events.errors import RegistrationError
from workflow_events.events.near import did_you_mean
from workflow_events.events.registration.calls import ALWAYS
from workflow_events.events.registration.definitions import Place, place_of, plain
from workflow_events.events.registration.phases import Phase
from workflow_events.events.registration.receivers import Receiver
from workflow_events.events.registration.targets import Target

_WILDCARDS = re.compile(r"[*?\[\]]")

further_checks: list[Callable[[Receiver], Iterable[Problem]]] = []
"""Called with each receiver: what those who declare events know of who listens to them."""
further_warnings: list[Callable[[Receiver], Iterable[Problem]]] = []
"""The same, for what does not stop the start, but is found by ``check``."""


def problems_of(
    receiver: Receiver, *, in_background: Mapping[str, Receiver], stores: bool
) -> Iterator[Problem]:
    """Give what stops a receiver from ever working as it is written.

    Takes the receivers in the background by their names, and whether somebody stores events.
    """
    place = place_of(receiver.function)
    for target in receiver.targets:
        yield from _target_problems(receiver, target, place)
    sources = [event for event in events.declared.values() if receiver.means(event)]
    yield from problems_with(receiver, sources)
    yield from _background_problems(receiver, in_background, stores, place)
    yield from sender_problems(receiver, sources, place)
    for further in further_checks:
        yield from further(receiver)
    function = inspect.unwrap(plain(receiver.function))
    if inspect.isgeneratorfunction(function) or inspect.isasyncgenfunction(function):
        yield Problem(
            CheckId.GENERATOR,
            f"{receiver.name} has a yield, so that calling it runs nothing.",
            "Take the yield out, or move it into a function that the receiver calls.",
            place,
        )


def problems_with(receiver: Receiver, sources: Iterable[type[Event]]) -> Iterator[Problem]:
    """Give why a receiver cannot take these events, which it means."""
    place = place_of(receiver.function)
    lacking: dict[tuple[str, ...], list[type[Event]]] = {}
    for source in sources:
        if missing := receiver.missing(ALWAYS | source.attributes):
            lacking.setdefault(tuple(missing), []).append(source)
        if message := _too_late(receiver.phase, source.event_name, receiver.name):
            yield Problem(CheckId.TOO_LATE_IN_BACKGROUND, message, INSTEAD_OF_TOO_LATE, place)
    for names, lack in lacking.items():
        yield _parameter_problem(receiver, names, lack, place)


INSTEAD_OF_TOO_LATE = "Listen to its post_ event, or leave out the background."


def check_phase(phase: Phase, name: str, receiver: str) -> None:
    """Raise `RegistrationError` for what a receiver in this phase would get too late."""
    if message := _too_late(phase, name, receiver):
        raise RegistrationError(f"{message} {INSTEAD_OF_TOO_LATE}")


def _too_late(phase: Phase, name: str, receiver: str) -> str:
    if phase is not Phase.BACKGROUND or not is_announced(name):
        return ""
    return f"{receiver} cannot get {name} in the background: what it announces would be over."


def is_announced(name: str) -> bool:
    """Tell whether an event or signal of this name is sent before something happens."""
    return name.rpartition(".")[2].startswith("pre_")


def _parameter_problem(
    receiver: Receiver, names: tuple[str, ...], lack: list[type[Event]], place: Place | None
) -> Problem:
    carried = frozenset.intersection(*(ALWAYS | source.attributes for source in lack))
    shown = ", ".join(source.event_name for source in lack)
    one = len(lack) == 1
    meant = " ".join(filter(None, (did_you_mean(name, carried) for name in names)))
    return Problem(
        CheckId.UNKNOWN_PARAMETER,
        f"{receiver.name} asks for {', '.join(names)}, which the {'event' if one else 'events'} "
        f"{shown} {'does' if one else 'do'} not carry; {'it carries' if one else 'all carry'} "
        f"{', '.join(sorted(carried))}.",
        meant or "Ask for one of these, or give the parameter a default.",
        place,
    )


def _target_problems(receiver: Receiver, target: Target, place: Place | None) -> Iterator[Problem]:
    wanted, declared = target.wanted, events.declared
    if isinstance(wanted, Signal):
        return
    named = [source for source in declared.values() if target.names(source)]
    said = f"{receiver.name} listens to {str(target)!r}, but "
    if not named:
        id_ = CheckId.EMPTY_PATTERN if target.is_pattern else CheckId.UNKNOWN_EVENT
        yield Problem(id_, f"{said}no such event is declared.", _meant(wanted), place)
    elif target.is_pattern and not receiver.senders and not any(map(receiver.means, named)):
        if all(source.is_probe for source in named):
            missing = {name for s in named for name in receiver.missing(ALWAYS | s.attributes)}
            yield _parameter_problem(receiver, tuple(sorted(missing)), named, place)
            return
        yield Problem(
            CheckId.EMPTY_PATTERN,
            f"{said}a pattern means {', '.join(sorted(s.event_name for s in named))} only "
            "together with a sender.",
            "Add sender=…, or name the event itself.",
            place,
        )


def _meant(wanted: Any) -> str:
    """Return which events an author may have had in mind."""
    names = sorted(events.declared)
    if isinstance(wanted, re.Pattern):
        if within := [name for name in names if wanted.search(name)]:
            return (
                f"It must match the whole name, and matches a part of {', '.join(within[:3])}; "
                "say what else may stand there, as by .*"
            )
        word = re.sub(r"\W", "", wanted.pattern)
    elif isinstance(wanted, str):
        word = _WILDCARDS.sub("", wanted)
    else:
        return "Its class was declared anew since; import it where it is declared now."
    listed = f"Declared are {', '.join(names)}." if names else "No event is declared at all."
    return did_you_mean(word, names) or listed


def _background_problems(
    receiver: Receiver, named: Mapping[str, Receiver], stores: bool, place: Place | None
) -> Iterator[Problem]:
    if receiver.phase is not Phase.BACKGROUND:
        return
    name = receiver.options.name
    if "<lambda>" in name:
        yield Problem(
            CheckId.NAMELESS_IN_BACKGROUND,
            f"{name}: a lambda in the background needs a name=….",
            "Give it one, by which its deliveries are known, or write a function.",
            place,
        )
    elif (other := named.get(name, receiver)) is not receiver:
        where = place_of(other.function)
        yield Problem(
            CheckId.NAME_TAKEN_IN_BACKGROUND,
            f"A receiver in the background is named {name!r} already"
            f"{f', at {where}' if where else ''}.",
            "Give one of them name=…, by which its deliveries are known.",
            place,
        )
    if not stores:
        yield Problem(
            CheckId.NOBODY_STORES,
            f"{receiver.name} is to run in the background, but nobody stores events.",
            "To store them, add workflow_events.delivery to INSTALLED_APPS, before "
            "workflow_events.events; it needs workflow-events[service].",
            place,
        )
