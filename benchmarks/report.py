"""Printing figures beside their limits."""

import sys

GREEN, RED, BOLD, PLAIN = "\033[32m", "\033[31m", "\033[1m", "\033[0m"

NOISE = 0.05
"""How far a ratio may be from one that means: unchanged."""


class Report:
    """Prints one figure a line; coloured on a terminal. Remembers which limits were missed."""

    def __init__(self) -> None:
        self.missed = 0
        self._coloured = sys.stdout.isatty()

    def section(self, title: str) -> None:
        """Begin a group of figures."""
        print(f"\n{self._in(BOLD, title)}")

    def line(self, what: str, figure: float, unit: str) -> None:
        """Print a figure that has no limit."""
        print(f"  {what:<75} {figure:>9.2f} {unit}")

    def limit(self, what: str, figure: float, unit: str, *, at_most: float) -> None:
        """Print a figure, and whether it keeps within its limit."""
        self._judge(what, figure, unit, figure <= at_most, f"at most {at_most:g}")

    def target(self, what: str, figure: float, unit: str, *, at_least: float) -> None:
        """Print a figure, and whether it reaches its target."""
        self._judge(what, figure, unit, figure >= at_least, f"at least {at_least:g}")

    def unchanged(self, what: str, ratio: float) -> None:
        """Print a ratio, and whether it is one, but for noise."""
        self._judge(what, ratio, "times", abs(ratio - 1) <= NOISE, f"1 ± {NOISE:g}")

    def _judge(self, what: str, figure: float, unit: str, kept: bool, limit: str) -> None:
        self.missed += not kept
        verdict = self._in(GREEN, "OK") if kept else self._in(RED, "MISSED")
        print(f"  {what:<75} {figure:>9.2f} {unit}  ({limit}) {verdict}")

    def _in(self, colour: str, text: str) -> str:
        return f"{colour}{text}{PLAIN}" if self._coloured else text
