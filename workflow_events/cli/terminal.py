"""What differs where a person reads along: colours, columns, progress, questions."""

import shutil
import sys
from collections.abc import Iterable, Iterator, Sequence
from itertools import chain, islice
from typing import Final, TextIO

from workflow_events.delivery.models import State

RESET: Final = "\x1b[0m"
COLOURS: Final = {
    State.DEAD: "\x1b[31m",
    State.RUNNING: "\x1b[36m",
    State.PENDING: "\x1b[33m",
    State.DONE: "\x1b[32m",
}
LEAST: Final = 30
"""Characters of the last column that are shown however narrow the terminal is."""
MANY: Final = 500
"""How much work is worth to say how far it has come."""
SAMPLE: Final = 1_000
"""Rows from which the widths of columns are taken."""


def coloured(text: str, state: str, output: TextIO) -> str:
    """Return a text in the colour of a state; as it is where the output is no terminal."""
    colour = COLOURS.get(State(state), "") if output.isatty() else ""
    return f"{colour}{text}{RESET}" if colour else text


def printable(text: str) -> str:
    """Return a line without what would move the cursor or change colours: clients wrote it."""
    return "".join(char if char.isprintable() else " " for char in text)


def table(header: Sequence[str], rows: Iterable[Sequence[str]]) -> Iterator[str]:
    """Give lines with aligned columns; the last one is cut where the terminal ends."""
    walk = iter(rows)
    sample = [header, *islice(walk, SAMPLE)]
    widths = [max(map(len, column)) for column in zip(*sample, strict=True)][:-1]
    room = max(LEAST, shutil.get_terminal_size().columns - sum(widths) - 2 * len(widths))
    for row in chain(sample, walk):
        last = row[-1] if len(row[-1]) <= room else f"{row[-1][: room - 1]}…"
        cells = [cell.ljust(width) for cell, width in zip(row, widths, strict=False)]
        yield "  ".join([*cells, last]).rstrip()


def tabbed(header: Sequence[str], rows: Iterable[Sequence[str]]) -> Iterator[str]:
    """Give lines with tabs between the columns, nothing cut."""
    for row in chain([header], rows):
        yield "\t".join(" ".join(cell.split()) for cell in row)


class Progress:
    """Says on a terminal how far a long work has come; elsewhere nothing."""

    def __init__(self, verb: str, of: int) -> None:
        self._verb, self._of, self._done = verb, of, 0
        self._shown = of > MANY and sys.stderr.isatty()

    def add(self, number: int) -> None:
        """Count what has been done."""
        self._done += number
        if self._shown:
            sys.stderr.write(f"\r{self._verb}: {self._done:,} of {self._of:,}")
            sys.stderr.flush()

    def end(self) -> None:
        """Take the line away."""
        if self._shown:
            sys.stderr.write("\r\x1b[K")
            sys.stderr.flush()


def agreed(question: str) -> bool:
    """Ask, on the terminal, and return whether the answer is yes."""
    sys.stderr.write(f"{question} [y/N] ")
    sys.stderr.flush()
    return sys.stdin.readline().strip().lower() in ("y", "yes")
