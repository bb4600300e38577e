"""Takes guarantees away, one by one, to prove that somebody would notice."""

import time
from dataclasses import dataclass
from pathlib import Path

from tests.chaos import contest
from tests.chaos.deliveries import accidents
from tests.chaos.deliveries.killed import STRIDE
from tests.chaos.table import say, show

BROKEN = "tests.chaos.deliveries.broken"


@dataclass(frozen=True)
class Proof:
    """What is taken away, and which accident must notice."""

    name: str
    accident: str
    rounds: int = 1
    """How many it takes at least."""


PROOFS = (
    Proof("stored_after_commit", "mutation killed"),
    Proof("done_apart", "worker killed between statements", STRIDE),
    Proof("no_streams", "workers racing"),
    Proof("no_leases", "worker killed in a receiver"),
    Proof("no_guard", "worker frozen in a receiver"),
)


def run(rounds: int, place: Path, only: str | None) -> bool:
    """Return whether every guarantee that was taken away was missed on both databases."""
    begun = time.monotonic()
    unnoticed = []
    if only in (None, "races"):
        scores = contest.run(rounds, locked=False)
        show(scores, time.monotonic() - begun)
        if not any(score.violated for score in scores.values()):
            unnoticed.append("the lock")
    for proof in PROOFS:
        if only in (None, "deliveries", proof.name):
            say(f"\nTaken away: {proof.name}\n")
            where = place / proof.name
            where.mkdir(parents=True)
            number = max(rounds, proof.rounds)
            scores = accidents.run(number, where, [proof.accident], f"{BROKEN}.{proof.name}")
            show(scores, time.monotonic() - begun)
            missing = [name for name, score in scores.items() if not score.violated]
            unnoticed += [f"{proof.name} by {name}" for name in missing]
    say(f"\nNot noticed: {', '.join(unnoticed) or 'nothing'}\n")
    return not unnoticed
