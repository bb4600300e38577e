"""What failed assertions about events say."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import zip_longest
from typing import Final

from workflow_events.events import Event
from workflow_events.testing.comparison import (
    Expectation,
    Line,
    aligned,
    described,
    side_by_side,
    wrapped,
)
from workflow_events.testing.matching_events import EventMatcher

MOST: Final = 5
"""Occurrences that are compared in one message, those with the fewest differences first."""


def of_emitted(
    matcher: EventMatcher,
    expectation: Expectation,
    times: int | None,
    found: Sequence[Event],
    emitted: Sequence[Event],
) -> str:
    """Say how often an event was emitted instead.

    Where some do not fit, and others are missing, it shows in what they differ.
    """
    wanted = "at least once" if times is None else _times(times)
    fitting = [one for one in found if expectation.holds(one)]
    others = [one for one in found if one not in fitting]
    asked = f" with {expectation}" if str(expectation) else ""
    told = f"{matcher} should have been emitted {wanted}{asked}"
    if not found:
        # Nothing to compare with but all the others.
        first = Line(str(matcher), described(emitted[0]) if emitted else "nothing", False)
        rest = [Line("", described(one), False) for one in emitted[1:]]
        return "\n".join([wrapped(f"{told}, but never was."), _emitted([first, *rest])])
    otherwise = f", and {_times(len(others))} otherwise" if others else ""
    but = f"was {_times(len(fitting))}{otherwise}"
    if not others or len(fitting) > (times or 0):
        return "\n".join(
            [wrapped(f"{told}, but {but}."), _counted(matcher, expectation, times, fitting)]
        )
    shown = sorted(others, key=lambda one: sum(not line.same for line in expectation.lines(one)))
    parts = [compared("emitted", expectation, one) for one in shown[:MOST]]
    more = [f"… and {len(shown) - MOST} more."] if len(shown) > MOST else []
    return "\n\n".join([wrapped(f"{told}, but {but}."), *parts, *more])


def of_order(expected: Sequence[EventMatcher], emitted: Sequence[Event]) -> str:
    """Show both orders, aligned at what they share."""
    lines = aligned(expected, emitted, EventMatcher.means, (str, described))
    return f"Events were not emitted in the order expected.\n{_emitted(lines)}"


def of_nothing(emitted: Sequence[Event]) -> str:
    """Show what was emitted."""
    lines = [
        Line("" if place else "nothing", described(e), False) for place, e in enumerate(emitted)
    ]
    return f"Nothing should have been emitted.\n{_emitted(lines)}"


def of_expected(expected: Sequence[EventMatcher], emitted: Sequence[Event]) -> str:
    """Name the events that never came, and show what came."""
    absent = [matcher for matcher in expected if not any(map(matcher.means, emitted))]
    names = ", ".join(map(str, absent))
    came = [matcher for matcher in expected if matcher not in absent]
    others = [one for one in emitted if not any(matcher.means(one) for matcher in came)]
    lines = [
        Line(str(matcher), described(next(filter(matcher.means, emitted))), True)
        for matcher in came
    ]
    lines += aligned(absent, others, EventMatcher.means, (str, described))
    return f"{wrapped(f'Never emitted: {names}.')}\n{_emitted(lines)}"


def compared(actual: str, expectation: Expectation, event: Event) -> str:
    """Compare an occurrence, attribute by attribute, with what was expected of its event."""
    own = Line(event.event_name, described(event), True)
    return side_by_side(("expected", actual), [own, *expectation.lines(event)])


def _counted(
    matcher: EventMatcher, expectation: Expectation, times: int | None, fitting: Sequence[Event]
) -> str:
    """Show as many expectations as there should be occurrences, next to those that there are."""
    shown = [
        ", ".join([described(one), *(line.actual for line in expectation.lines(one))])
        for one in fitting
    ]
    expected = [str(matcher)] * (times or 0)
    lines = [
        Line(ours, theirs, bool(ours and theirs))
        for ours, theirs in zip_longest(expected, shown, fillvalue="")
    ]
    return _emitted(lines)


def _emitted(lines: Sequence[Line]) -> str:
    return side_by_side(("expected", "emitted"), lines)


def _times(number: int) -> str:
    return {0: "never", 1: "once", 2: "twice"}.get(number, f"{number} times")
