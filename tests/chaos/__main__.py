"""``python -m tests.chaos --rounds 100``: races and accidents, with real processes.

Clients race against a real server on PostgreSQL; processes are killed, and databases go away, under
deliveries in the background on PostgreSQL and SQLite. PostgreSQL is a cluster of its own. The exit
status is 1 when anything happened that must not.
"""

import argparse
import sys
import tempfile
import time
from pathlib import Path

from tests.chaos import contest, proofs
from tests.chaos.cluster import NoCluster
from tests.chaos.deliveries import accidents
from tests.chaos.findings import Score
from tests.chaos.table import say, show

RACES, DELIVERIES = "races", "deliveries"


def main(arguments: list[str]) -> int:
    """Run all races and accidents, print the table, return the exit status."""
    parser = argparse.ArgumentParser(prog="python -m tests.chaos", description=__doc__)
    parser.add_argument("--rounds", type=int, default=100, help="how often each is run")
    parser.add_argument("--only", help=f"{RACES}, {DELIVERIES}, or the name of an accident")
    parser.add_argument("--keep", type=Path, help="directory for databases and outputs to stay in")
    parser.add_argument(
        "--prove",
        action="store_true",
        help="take guarantees away, one by one; then violations are what must be found",
    )
    options = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as temporary:
        place = options.keep or Path(temporary)
        try:
            if options.prove:
                return int(not proofs.run(options.rounds, place, options.only))
            return _run(options.rounds, place, options.only)
        except NoCluster as error:
            say(f"PostgreSQL is needed: {error}\n")
            return 1


def _run(rounds: int, place: Path, only: str | None) -> int:
    begun = time.monotonic()
    scores: dict[str, Score] = {}
    if only in (None, RACES):
        scores |= contest.run(rounds)
    if only != RACES:
        named = (only,) if only in accidents.ACCIDENTS else tuple(accidents.ACCIDENTS)
        scores |= accidents.run(rounds, place, named)
    show(scores, time.monotonic() - begun)
    return int(any(score.violated for score in scores.values()))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
