"""Asserting what is queued for receivers in the background."""

from typing import Any

import pytest

from tests.testing.matters import matter, other
from workflow_events.events import emit, on
from workflow_events.testing import Deliveries, UnknownEvent, UnknownReceiver

__all__ = ["matter", "other"]


@pytest.fixture
def hear(matter: Any, other: Any) -> Any:
    @on([matter, other], background=True, name="hear")
    def hear(event: Any) -> None:
        pass

    return hear


def test_what_is_queued(matter: Any, other: Any, hear: Any, deliveries: Deliveries) -> None:
    deliveries.assert_none_queued()
    emit(matter, sender=None, number=1)
    emit(matter, sender=None, number=2, note=[1])
    emit(other, sender=None)
    assert deliveries.assert_queued(hear, times=3) == list(deliveries)
    assert deliveries.assert_queued("hear", event="mat*", times=2) == list(deliveries)[:2]
    assert deliveries.assert_queued(hear, number=2) == [deliveries[1]]
    deliveries.assert_queued(hear, note=lambda note: note == [1], times=None, event=matter)
    deliveries.assert_queued(hear, times=0, number=3)
    assert deliveries.run() == 3
    deliveries.assert_none_queued(hear)
    deliveries.assert_queued(hear, times=0)


def test_failures_list_what_is_queued(
    matter: Any, other: Any, hear: Any, deliveries: Deliveries
) -> None:
    with pytest.raises(AssertionError) as caught:
        deliveries.assert_queued(hear)
    assert str(caught.value).splitlines() == [
        "hear should have 1 queued; queued is:",
        "  nothing",
    ]
    emit(matter, sender=None, number=1)
    with pytest.raises(AssertionError) as caught:
        deliveries.assert_queued(hear, event=matter, number=2, times=None)
    assert str(caught.value).splitlines() == [
        "hear should have at least one queued of matter with number=2; queued is:",
        "  hear on matter, attempts 0",
        "",
        "  expected                                    | queued",
        f"  {'-' * 43} | {'-' * 44}",
        "  matter                                      | matter from None",
        "! number=2                                    | number=1",
    ]
    for asked in ({}, {"event": matter}):
        with pytest.raises(AssertionError, match="hear on matter, attempts 0"):
            deliveries.assert_none_queued(hear, **asked)
    deliveries.assert_none_queued(hear, event=other)


def test_only_what_can_be_queued_is_asked_for(
    matter: Any, hear: Any, deliveries: Deliveries
) -> None:
    def elsewhere() -> None:
        pass

    on(matter)(elsewhere)
    with pytest.raises(UnknownReceiver, match="not for the background"):
        deliveries.assert_queued(elsewhere)
    with pytest.raises(UnknownReceiver):
        deliveries.assert_none_queued("heer")
    with pytest.raises(UnknownReceiver):
        deliveries.where(receiver=print)
    with pytest.raises(UnknownEvent):
        deliveries.assert_queued(hear, event="mattr")
    with pytest.raises(TypeError, match="carries"):
        deliveries.assert_queued(hear, numbr=1)
