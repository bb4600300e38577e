"""Timing of calls that take microseconds, as ratios within one run."""

import gc
import time
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager

ROUNDS = 250
TURNS = 30
BATCHES = 8


def best_of(
    calls: Sequence[Callable[[], object]], number: int, rounds: int = ROUNDS
) -> list[float]:
    """Return the seconds of one call of each, the best of several rounds.

    The calls take turns, so that a slower moment of the machine meets them all; in short rounds,
    so that some are not interrupted.
    """
    best = [float("inf")] * len(calls)
    gc.collect()
    gc.disable()
    try:
        for _ in range(rounds):
            for place, call in enumerate(calls):
                begun = time.perf_counter()
                for _ in range(number):
                    call()
                best[place] = min(best[place], (time.perf_counter() - begun) / number)
    finally:
        gc.enable()
    return best


def ratios_in_turns(
    call: Callable[[], object],
    places: Sequence[Callable[[], AbstractContextManager[object]]],
    number: int,
) -> list[float]:
    """Return what a call takes in each place, as a ratio to the first one.

    Every turn visits all places, in the other direction than the turn before; what is compared is
    the best of all batches: short ones, so that some are not interrupted.
    """
    best = [float("inf")] * len(places)
    gc.collect()
    gc.disable()
    try:
        for turn in range(TURNS):
            for place in sorted(range(len(places)), reverse=bool(turn % 2)):
                with places[place]():
                    for _ in range(BATCHES):
                        begun = time.perf_counter()
                        for _ in range(number):
                            call()
                        best[place] = min(best[place], (time.perf_counter() - begun) / number)
    finally:
        gc.enable()
    return [seconds / best[0] for seconds in best]


def slope_and_intercept(few: float, many: float, n_few: int, n_many: int) -> tuple[float, float]:
    """Return what each further one costs, and what is left for none at all (seconds)."""
    slope = (many - few) / (n_many - n_few)
    return slope, few - n_few * slope
