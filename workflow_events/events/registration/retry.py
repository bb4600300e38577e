"""How often, and when, a failed receiver in the background is tried again."""

from __future__ import annotations

import random
from dataclasses import dataclass

from workflow_events.events.errors import RegistrationError


@dataclass(frozen=True, kw_only=True, slots=True)
class Retry:
    """Exponential backoff with jitter.

    * ``attempts``: how often the receiver is tried in all, the first time included;
    * ``base``: seconds before the second attempt; they double with each further one;
    * ``max``: the most seconds between two attempts;
    * ``on``: the classes of exceptions that are worth another attempt; others are final.

    Raises `RegistrationError` for values that make no sense.
    """

    attempts: int = 12
    base: float = 2.0
    max: float = 3600.0
    on: tuple[type[Exception], ...] = (Exception,)

    def __post_init__(self) -> None:
        if not isinstance(self.attempts, int) or self.attempts < 1:
            raise RegistrationError(
                f"Retry(attempts={self.attempts!r}): give a whole number, 1 or more."
            )
        if not (isinstance(self.base, int | float) and isinstance(self.max, int | float)):
            raise RegistrationError(
                f"Retry(base={self.base!r}, max={self.max!r}): give both as numbers of seconds."
            )
        if not 0 <= self.base <= self.max < float("inf"):
            raise RegistrationError(
                f"Retry(base={self.base}, max={self.max}): give seconds, 0 <= base <= max."
            )
        if not isinstance(self.on, tuple) or not all(
            isinstance(cls, type) and issubclass(cls, Exception) for cls in self.on
        ):
            raise RegistrationError(f"Retry(on={self.on!r}): give a tuple of exception classes.")

    def delay(self, attempt: int) -> float:
        """Return how many seconds to wait after so many attempts.

        Half of it is random, so that what failed together does not come back together.
        """
        # Beyond 2 ** 62 the maximum has long been reached, and floats would overflow later.
        whole: float = min(self.base * 2 ** min(attempt - 1, 62), self.max)
        return whole * random.uniform(0.5, 1.0)  # noqa: S311 (no secret)
