"""Expected and actual side by side, for the messages of failed assertions."""

from __future__ import annotations

import textwrap
from collections.abc import Callable, Mapping, Sequence
from itertools import zip_longest
from typing import Any, Final, NamedTuple, TypeVar

from workflow_events.events import Event
from workflow_events.events.registration.senders import SenderFilter, names_of
from workflow_events.testing.representation import short_repr

LEFT: Final = 43
RIGHT: Final = 44
"""Characters of the columns: with marks, and what pytest puts before each line, 100 in all."""

A = TypeVar("A")
B = TypeVar("B")


class Line(NamedTuple):
    """One line of a comparison; what differs gets a mark."""

    expected: str
    actual: str
    same: bool


def side_by_side(titles: tuple[str, str], lines: Sequence[Line]) -> str:
    """Return two columns; texts that are too long for theirs go on in the next line."""
    shown = [_row(" ", *titles), _row(" ", "-" * LEFT, "-" * RIGHT)]
    for line in lines:
        left = textwrap.wrap(line.expected, LEFT, subsequent_indent="  ") or [""]
        right = textwrap.wrap(line.actual, RIGHT, subsequent_indent="  ") or [""]
        for ours, theirs in zip_longest(left, right, fillvalue=""):
            shown.append(_row(" " if line.same else "!", ours, theirs))
    return "\n".join(shown)


def wrapped(text: str) -> str:
    """Return a sentence in lines as wide as both columns; the first has its error before it."""
    error = f"{AssertionError.__name__}: "
    return textwrap.fill(text, LEFT + RIGHT + 5, initial_indent=error).removeprefix(error)


def _row(mark: str, left: str, right: str) -> str:
    return f"{mark} {left:<{LEFT}} | {right}".rstrip()


def aligned(
    expected: Sequence[A],
    actual: Sequence[B],
    means: Callable[[A, B], bool],
    show: tuple[Callable[[A], str], Callable[[B], str]],
) -> list[Line]:
    """Put next to each other what is in both, in order, and opposite each other what is not."""
    lines: list[Line] = []
    left: list[str] = []
    right: list[str] = []

    def flush() -> None:
        lines.extend(Line(*pair, False) for pair in zip_longest(left, right, fillvalue=""))
        left.clear()
        right.clear()

    for ours, theirs in _pairs(expected, actual, means):
        if ours is not None and theirs is not None:
            flush()
            lines.append(Line(show[0](expected[ours]), show[1](actual[theirs]), True))
        elif ours is not None:
            left.append(show[0](expected[ours]))
        elif theirs is not None:
            right.append(show[1](actual[theirs]))
    flush()
    return lines


def _pairs(
    expected: Sequence[A], actual: Sequence[B], means: Callable[[A, B], bool]
) -> list[tuple[int | None, int | None]]:
    """Return the places of a longest common subsequence, and those in between."""
    rows, columns = len(expected), len(actual)
    best = [[0] * (columns + 1) for _ in range(rows + 1)]
    for i in reversed(range(rows)):
        for j in reversed(range(columns)):
            if means(expected[i], actual[j]):
                best[i][j] = best[i + 1][j + 1] + 1
            else:
                best[i][j] = max(best[i + 1][j], best[i][j + 1])
    pairs: list[tuple[int | None, int | None]] = []
    i = j = 0
    while i < rows and j < columns:
        if means(expected[i], actual[j]):
            pairs.append((i, j))
            i, j = i + 1, j + 1
        elif best[i + 1][j + 1] == best[i][j]:  # opposite each other, and nothing is lost
            pairs += [(i, None), (None, j)]
            i, j = i + 1, j + 1
        elif best[i + 1][j] >= best[i][j + 1]:
            pairs.append((i, None))
            i += 1
        else:
            pairs.append((None, j))
            j += 1
    pairs += [(i, None) for i in range(i, rows)]
    return pairs + [(None, j) for j in range(j, columns)]


class Anything:
    """What a sender is compared with where a test does not care."""

    def __repr__(self) -> str:
        return "any"


ANY: Final = Anything()


class Expectation:
    """A sender and a payload, or a part of one, that occurrences are compared with."""

    def __init__(self, sender: Any, payload: Mapping[str, Any]) -> None:
        self.sender = sender
        self.payload = payload
        self._senders = SenderFilter(None if sender is ANY else sender)

    def holds(self, event: Event) -> bool:
        """Tell whether an occurrence has this sender and this payload."""
        return self._is_sent(event) and all(
            equals(expected, vars(event)[name]) if name in vars(event) else False
            for name, expected in self.payload.items()
        )

    def lines(self, event: Event) -> list[Line]:
        """Compare an occurrence attribute by attribute."""
        lines = []
        if self.sender is not ANY:
            shown = str(self._senders) or "None"
            sent = names_of(event.sender)[1] if event.sender is not None else "None"
            lines.append(Line(f"sender={shown}", f"sender={sent}", self._is_sent(event)))
        for name, expected in self.payload.items():
            if name in vars(event):
                lines += _compared(name, expected, vars(event)[name])
            else:
                lines.append(Line(f"{name}={_expected_text(expected)}", "", False))
        return lines

    def _is_sent(self, event: Event) -> bool:
        if self.sender is None:
            return event.sender is None
        return self._senders.accepts(event.sender)

    def __str__(self) -> str:
        shown = [] if self.sender is ANY else [f"sender={str(self._senders) or 'None'}"]
        return ", ".join([*shown, *(f"{n}={_expected_text(v)}" for n, v in self.payload.items())])


def equals(expected: Any, actual: Any) -> bool:
    """Compare by equality, rows by their keys; a callable is asked whether the value will do."""
    if expected is actual or expected == actual:
        return True
    if callable(expected) and not isinstance(expected, type):
        return bool(expected(actual))
    return False


def _compared(name: str, expected: Any, actual: Any) -> list[Line]:
    if isinstance(expected, dict) and isinstance(actual, dict):
        return [
            line
            for key in dict.fromkeys([*expected, *actual])
            for line in _member(f"{name}[{key!r}]", key, expected, actual)
        ] or [Line(f"{name}={{}}", f"{name}={{}}", True)]
    shown = f"{name}={_expected_text(expected)}", f"{name}={short_repr(actual)}"
    return [Line(*shown, equals(expected, actual))]


def _member(name: str, key: Any, expected: dict[Any, Any], actual: dict[Any, Any]) -> list[Line]:
    if key in expected and key in actual:
        # Members are compared as the dict compares them: a callable in it is no predicate.
        same = expected[key] is actual[key] or expected[key] == actual[key]
        return [
            Line(f"{name}={short_repr(expected[key])}", f"{name}={short_repr(actual[key])}", same)
        ]
    ours = f"{name}={short_repr(expected[key])}" if key in expected else ""
    theirs = f"{name}={short_repr(actual[key])}" if key in actual else ""
    return [Line(ours, theirs, False)]


def _expected_text(expected: Any) -> str:
    if callable(expected) and not isinstance(expected, type):
        return f"<that {getattr(expected, '__name__', repr(expected))} accepts>"
    return short_repr(expected)


def described(event: Event) -> str:
    """Return the name of an occurrence and its sender."""
    sender = "None" if event.sender is None else names_of(event.sender)[0]
    return f"{event.event_name} from {sender}"
