"""The accidents, and how they are run: each kind on a database of its own, all side by side."""

import traceback
from collections.abc import Callable, Collection, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, ExitStack, contextmanager
from pathlib import Path

from tests.chaos.cluster import cluster
from tests.chaos.deliveries.halted import frozen, killed_inside, stopped
from tests.chaos.deliveries.killed import killed_between
from tests.chaos.deliveries.mutations import killed_mutation
from tests.chaos.deliveries.outages import outages
from tests.chaos.deliveries.poison import poisoned
from tests.chaos.deliveries.stage import Scene, Stage, stage
from tests.chaos.deliveries.streams import racing
from tests.chaos.findings import Result, Score

RECEIVERS = "tests.chaos.deliveries.receivers"
Round = Callable[[int], Result]
Accident = Callable[[Scene], AbstractContextManager[Round]]


def _without_company(accident: Callable[[Scene, int], Result]) -> Accident:
    """Make an accident of a function: nothing runs from one round to the next."""

    @contextmanager
    def running(scene: Scene) -> Iterator[Round]:
        yield lambda number: accident(scene, number)

    return running


OUTAGES = "database away"
ACCIDENTS: dict[str, Accident] = {
    "mutation killed": _without_company(killed_mutation),
    "worker killed between statements": _without_company(killed_between),
    "worker killed in a receiver": _without_company(killed_inside),
    "worker frozen in a receiver": _without_company(frozen),
    "worker told to stop": _without_company(stopped),
    "workers racing": _without_company(racing),
    "poison": _without_company(poisoned),
    OUTAGES: outages,
}


def run(
    rounds: int, place: Path, names: Collection[str] = tuple(ACCIDENTS), broken: str = ""
) -> dict[str, Score]:
    """Run accidents on both databases; ``broken`` is a module that takes a guarantee away.

    Raises `NoCluster` when there is no PostgreSQL to run.
    """
    modules = ",".join(filter(None, [broken, RECEIVERS]))
    with ExitStack() as stack, ThreadPoolExecutor() as starting:
        clusters = [stack.enter_context(cluster()) for _ in range(2)]
        wanted = zip([None, *clusters], ["sqlite", "postgresql", "to-restart"], strict=True)
        sqlite, postgresql, to_restart = starting.map(
            lambda each: stack.enter_context(stage(each[0], modules, place / each[1])), wanted
        )
        lanes = [
            (each if name != OUTAGES or each is sqlite else to_restart, name)
            for name in names
            for each in (postgresql, sqlite)
        ]
        with ThreadPoolExecutor(len(lanes)) as pool:
            scores = [pool.submit(_score, each, name, rounds) for each, name in lanes]
            return {
                f"{name}, {each.vendor}": score.result()
                for (each, name), score in zip(lanes, scores, strict=True)
            }


def _score(stage: Stage, name: str, rounds: int) -> Score:
    score = Score()
    scene = stage.scene(name.replace(" ", "_"))
    with ACCIDENTS[name](scene) as accident:
        for number in range(rounds):
            try:
                score.add(accident(number))
            except Exception:
                score.add(Result("failed", [traceback.format_exc()]))
    return score
