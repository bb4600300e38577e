"""``Retry``: exponential backoff with jitter."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workflow_events.events import Retry
from workflow_events.events.errors import RegistrationError


@given(st.integers(1, 10_000), st.floats(0, 100), st.floats(0, 10_000))
def test_delays_double_up_to_the_maximum(attempt: int, base: float, more: float) -> None:
    retry = Retry(base=base, max=base + more)
    whole = min(base * 2.0 ** min(attempt - 1, 62), base + more)
    assert whole / 2 <= retry.delay(attempt) <= whole


def test_delays_differ() -> None:
    assert len({Retry().delay(1) for _ in range(20)}) > 1


@pytest.mark.parametrize(
    "options",
    [
        {"attempts": 0},
        {"attempts": 1.5},
        {"attempts": "3"},
        {"base": "1"},
        {"base": -1},
        {"base": 10, "max": 5},
        {"max": float("inf")},
        {"base": float("nan")},
        {"on": ValueError},
        {"on": (BaseException,)},
        {"on": ("ValueError",)},
    ],
)
def test_what_makes_no_sense_is_refused(options: dict[str, Any]) -> None:
    with pytest.raises(RegistrationError, match="Retry"):
        Retry(**options)
