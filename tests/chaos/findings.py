"""What came out of the rounds, and what should have been."""

from collections import Counter
from dataclasses import dataclass, field
from typing import Any


class Findings(list[str]):
    """The violations of one round."""

    def expect(self, what: str, found: Any, *allowed: Any) -> None:
        """Note a violation unless what was found is one of the allowed."""
        if found not in allowed:
            self.append(f"{what}: {found!r}, not {' or '.join(map(repr, allowed))}")


@dataclass(frozen=True)
class Result:
    """What came out of one round; every violation says what should have been."""

    outcome: str
    violations: list[str]


@dataclass
class Score:
    """What came out of all rounds of a race or an accident."""

    outcomes: Counter[str] = field(default_factory=Counter)
    violations: list[str] = field(default_factory=list)
    violated: int = 0

    def add(self, result: Result) -> None:
        """Count one round."""
        self.outcomes[result.outcome] += 1
        self.violations += result.violations
        self.violated += bool(result.violations)
