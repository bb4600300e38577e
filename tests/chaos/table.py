"""Prints what came out."""

import sys

from tests.chaos.findings import Score

SHOWN = 3
"""How many violations of a race or an accident are printed."""


def show(scores: dict[str, Score], seconds: float) -> None:
    """Print a line for each race and accident, then violations, then their number."""
    say(f"{'race or accident':46} {'rounds':>6} {'violated':>8}  outcomes\n")
    for name, score in scores.items():
        outcomes = ", ".join(f"{what} {n}" for what, n in sorted(score.outcomes.items()))
        say(f"{name:46} {score.outcomes.total():6} {score.violated:8}  {outcomes}\n")
    for name, score in scores.items():
        for violation in score.violations[:SHOWN]:
            say(f"VIOLATION in {name}: {violation}\n")
    violated = sum(score.violated for score in scores.values())
    say(f"{violated} violations, {seconds:.0f} s\n")


def say(text: str) -> None:
    """Print at once."""
    sys.stdout.write(text)
    sys.stdout.flush()
