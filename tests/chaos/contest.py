"""Runs the races, on a PostgreSQL of our own."""

from tests.chaos.cluster import cluster
from tests.chaos.findings import Result, Score
from tests.chaos.races import RACES, RACES_OF_RECEIVERS
from tests.chaos.server import Server, servers

LOG = "the servers' log"


def run(rounds: int, *, locked: bool = True) -> dict[str, Score]:
    """Run each race so many times; without the lock, violations are what is found.

    Raises `NoCluster` when there is no PostgreSQL to run.
    """
    with (
        cluster() as postgresql,
        servers(postgresql.url("postgres"), locked=locked) as (recording, quiet),
    ):
        scores = _run(recording, quiet, rounds)
        lines = [*recording.output.lines, *quiet.output.lines]
    unexpected = [line for line in lines if "Unexpected error" in line]
    if unexpected:
        scores[LOG] = Score()
        scores[LOG].add(Result("unexpected errors", unexpected))
    return scores


def _run(recording: Server, quiet: Server, rounds: int) -> dict[str, Score]:
    scores: dict[str, Score] = {name: Score() for name in (*RACES, *RACES_OF_RECEIVERS)}
    for number in range(rounds):
        for name, race in RACES.items():
            scores[name].add(race((recording, quiet)[number % 2]))
        for name, race in RACES_OF_RECEIVERS.items():
            scores[name].add(race(recording))
    return scores
