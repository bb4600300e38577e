"""``python -m tests.chaos --rounds 200``: clients race against a real server on PostgreSQL.

TEST_DATABASE_URL says where PostgreSQL is; a database is created there and dropped. The exit
status is 1 when anything happened that must not.
"""

import argparse
import os
import sys
import time
from collections import Counter
from dataclasses import dataclass, field

import psycopg

from tests.__main__ import DEFAULT_URL
from tests.chaos.races import RACES, RACES_OF_RECEIVERS, Result
from tests.chaos.server import Server, servers

SHOWN = 3
"""How many violations of a race are printed."""


@dataclass
class Score:
    """What came out of all rounds of a race."""

    outcomes: Counter[str] = field(default_factory=Counter)
    violations: list[str] = field(default_factory=list)
    violated: int = 0

    def add(self, result: Result) -> None:
        """Count one round."""
        self.outcomes[result.outcome] += 1
        self.violations += result.violations
        self.violated += bool(result.violations)


def main(arguments: list[str]) -> int:
    """Run all races, print the table, return the exit status."""
    parser = argparse.ArgumentParser(prog="python -m tests.chaos", description=__doc__)
    parser.add_argument("--rounds", type=int, default=200, help="how often each race is run")
    parser.add_argument(
        "--prove",
        action="store_true",
        help="take the lock away from the server; then violations are what must be found",
    )
    options = parser.parse_args(arguments)
    begun = time.monotonic()
    url = os.environ.get("TEST_DATABASE_URL", DEFAULT_URL)
    try:
        with servers(url, locked=not options.prove) as (recording, quiet):
            scores = _run(recording, quiet, options.rounds)
            unexpected = [
                line
                for server in (recording, quiet)
                for line in server.output.lines
                if "Unexpected error" in line
            ]
    except psycopg.OperationalError as error:
        _say(f"PostgreSQL is needed (TEST_DATABASE_URL): {error}\n")
        return 1
    _print(scores, unexpected, time.monotonic() - begun)
    violated = sum(score.violated for score in scores.values()) + len(unexpected)
    return int((violated == 0) if options.prove else (violated > 0))


def _run(recording: Server, quiet: Server, rounds: int) -> dict[str, Score]:
    scores: dict[str, Score] = {name: Score() for name in (*RACES, *RACES_OF_RECEIVERS)}
    for number in range(rounds):
        for name, race in RACES.items():
            scores[name].add(race((recording, quiet)[number % 2]))
        for name, race in RACES_OF_RECEIVERS.items():
            scores[name].add(race(recording))
        if sys.stdout.isatty():
            _say(f"\r{number + 1} of {rounds} rounds\r")
    return scores


def _print(scores: dict[str, Score], unexpected: list[str], seconds: float) -> None:
    _say(f"{'race':32} {'rounds':>6} {'violated':>8}  outcomes\n")
    for name, score in scores.items():
        outcomes = ", ".join(f"{what} {n}" for what, n in sorted(score.outcomes.items()))
        _say(f"{name:32} {score.outcomes.total():6} {score.violated:8}  {outcomes}\n")
    for name, score in scores.items():
        for violation in score.violations[:SHOWN]:
            _say(f"VIOLATION in {name}: {violation}\n")
    for line in unexpected[:SHOWN]:
        _say(f"VIOLATION in the log: {line}\n")
    total = sum(score.violated for score in scores.values()) + len(unexpected)
    _say(f"{total} violations, {seconds:.0f} s\n")


def _say(text: str) -> None:
    sys.stdout.write(text)
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
