"""Timing of calls that take microseconds, as ratios within one run."""

import gc
import time
from collections.abc import Callable, Sequence

ROUNDS = 25


def best_of(calls: Sequence[Callable[[], object]], number: int) -> list[float]:
    """Return the seconds of one call of each, the best of several rounds.

    The calls take turns, so that a slower moment of the machine meets them all.
    """
    best = [float("inf")] * len(calls)
    gc.collect()
    gc.disable()
    try:
        for _ in range(ROUNDS):
            for place, call in enumerate(calls):
                begun = time.perf_counter()
                for _ in range(number):
                    call()
                best[place] = min(best[place], (time.perf_counter() - begun) / number)
    finally:
        gc.enable()
    return best


def slope_and_intercept(few: float, many: float, n_few: int, n_many: int) -> tuple[float, float]:
    """Return what each further one costs, and what is left for none at all (seconds)."""
    slope = (many - few) / (n_many - n_few)
    return slope, few - n_few * slope
