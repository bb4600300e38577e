"""Assertions about events: what they accept, and what they say when they fail."""

import re
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.utils.functional import SimpleLazyObject

from tests.testing.matters import Clerk, HeadClerk, matter, other
from workflow_events.events import emit
from workflow_events.testing import Emissions, UnknownEvent

__all__ = ["matter", "other"]
pytestmark = pytest.mark.any_database


def message_of(caught: pytest.ExceptionInfo[AssertionError]) -> str:
    """The message; no line of it is wider than 100 characters with what pytest puts before."""
    assert max(len(line) for line in str(caught.value).splitlines()) <= 100 - len("E       ")
    return str(caught.value)


def test_occurrences_are_found_by_class_name_and_pattern(
    matter: Any, other: Any, events: Emissions
) -> None:
    first = emit(matter, sender=None, number=1)
    second = emit(other, sender=None)
    assert events.of(matter) == events.of("matter") == events.of("mat*") == [first]
    assert events.of(re.compile("m.*r|other")) == events.of([matter, other]) == [first, second]
    with pytest.raises(UnknownEvent, match="No event 'mater' is declared; did you mean matter"):
        events.of("mater")
    with pytest.raises(UnknownEvent, match="declared"):
        events.of("payment::*")


def test_emitted_as_often_as_is_said(matter: Any, other: Any, events: Emissions) -> None:
    one, two = (emit(matter, sender=None, number=number) for number in (1, 2))
    assert events.assert_emitted(matter, times=2) == [one, two]
    assert events.assert_emitted(matter, times=None) == [one, two]
    assert events.assert_emitted("matter", number=2) == [two]
    assert events.assert_emitted(other, times=0) == []
    for times, said in ((1, "once"), (0, "never"), (3, "3 times")):
        with pytest.raises(AssertionError, match=f"been emitted {said}, but was twice"):
            events.assert_emitted(matter, times=times)
    with pytest.raises(AssertionError, match="been emitted at least once, but never was"):
        events.assert_emitted(other, times=None)


def test_senders_mean_what_they_mean_in_on(matter: Any, events: Emissions) -> None:
    emit(matter, sender=HeadClerk, number=1)
    emit(matter, sender=None, number=2)
    events.assert_emitted(matter, sender=HeadClerk)
    events.assert_emitted(matter, sender=Clerk)
    events.assert_emitted(matter, sender="HeadClerk")
    events.assert_emitted(matter, sender=[Clerk, "nobody"])
    events.assert_emitted(matter, sender=None, number=2)
    events.assert_emitted(matter, sender=print, times=0)


def test_payloads_are_equal_or_accepted(matter: Any, events: Emissions) -> None:
    user = User(pk=7, username="ann")
    emit(matter, sender=None, number=0.1 + 0.2, note=user)
    events.assert_emitted(matter, number=pytest.approx(0.3), note=User(pk=7))
    events.assert_emitted(matter, number=lambda number: number < 1)
    events.assert_emitted(matter, note=User(pk=8), times=0)
    with pytest.raises(TypeError, match=r"matter has no numbr; it carries note, number\."):
        events.assert_emitted(matter, numbr=1)


def test_differences_stand_side_by_side(matter: Any, events: Emissions) -> None:
    emit(matter, sender=HeadClerk, number=2, note={"a": 1, "b": [1], "c": 3})
    with pytest.raises(AssertionError) as caught:
        events.assert_emitted(matter, sender=print, number=2, note={"a": 1, "b": [2], "d": 4})
    assert message_of(caught).splitlines() == [
        "matter should have been emitted once with sender=builtins.print, number=2,",
        "note={'a': 1, 'b': [2], 'd': 4}, but was never, and once otherwise.",
        "",
        "  expected                                    | emitted",
        f"  {'-' * 43} | {'-' * 44}",
        "  matter                                      | matter from HeadClerk",
        "! sender=builtins.print                       | sender=tests.testing.matters.HeadClerk",
        "  number=2                                    | number=2",
        "  note['a']=1                                 | note['a']=1",
        "! note['b']=[2]                               | note['b']=[1]",
        "! note['d']=4                                 |",
        "!                                             | note['c']=3",
    ]


def test_rows_and_predicates_are_shown_without_sql(matter: Any, events: Emissions) -> None:
    def is_small(number: int) -> bool:
        return number < 5

    emit(matter, sender=None, number=9, note=User(pk=7, username="ann"))
    with pytest.raises(AssertionError) as caught:
        events.assert_emitted(matter, sender=None, number=is_small, note=User(pk=8, username="bob"))
    lines = message_of(caught).splitlines()
    assert "! number=<that is_small accepts>              | number=9" in lines
    assert (
        "! note=<User pk=8, username='bob'>            | note=<User pk=7, username='ann'>" in lines
    )
    assert "  sender=None                                 | sender=None" in lines


def test_rows_inside_of_values_are_shown_without_sql(
    matter: Any, events: Emissions, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(User, "__str__", lambda user: str(User.objects.count()))
    emit(matter, sender=None, number=1, note=[{"who": User(pk=7, username="ann")}])
    with pytest.raises(AssertionError, match=r"note=\[\{'who': <User pk=7,"):
        events.assert_emitted(matter, note=[])


def test_long_values_go_on_below_and_only_the_nearest_are_shown(
    matter: Any, events: Emissions
) -> None:
    for number in range(7):
        emit(matter, sender=None, number=number, note="word " * 30)
    with pytest.raises(AssertionError) as caught:
        events.assert_emitted(matter, number=6, note="else")
    message = message_of(caught)
    assert message.count("! note='else'") == 5
    assert message.endswith("… and 2 more.")
    assert message.index("number=6  ") < message.index("| number=0")


def test_too_many_and_too_few_are_counted(matter: Any, events: Emissions) -> None:
    for number in (1, 2, 3):
        emit(matter, sender=Clerk, number=number, note="x")
    with pytest.raises(AssertionError, match="once, but was 3 times") as caught:
        events.assert_emitted(matter)
    assert message_of(caught).splitlines()[3:] == [
        "  matter                                      | matter from Clerk",
        "!                                             | matter from Clerk",
        "!                                             | matter from Clerk",
    ]
    with pytest.raises(AssertionError, match="never with") as caught:
        events.assert_emitted(matter, times=0, number=lambda number: number > 1)
    assert message_of(caught).splitlines()[-2:] == [
        "!                                             | matter from Clerk, number=2",
        "!                                             | matter from Clerk, number=3",
    ]
    with pytest.raises(AssertionError, match="4 times") as caught:
        events.assert_emitted(matter, times=4)
    assert message_of(caught).splitlines()[-1] == "! matter" + " " * 38 + "|"
    with pytest.raises(AssertionError, match="twice with") as caught:
        events.assert_emitted(matter, times=2, number=3)
    message = message_of(caught)
    assert (message.count("! number=3"), message.count("  number=3")) == (2, 0)


def test_values_that_cannot_be_shown(matter: Any, events: Emissions) -> None:
    class Mute:
        def __repr__(self) -> str:
            raise AttributeError("not complete yet")

    loop: list[Any] = [1]
    loop.append({"loop": loop})
    emit(matter, sender=None, number=1, note=Mute())
    emit(matter, sender=None, number=2, note=loop)
    with pytest.raises(AssertionError, match="Mute without"):
        events.assert_emitted(matter, number=1, note=0)
    with pytest.raises(AssertionError, match=r"note=\[1, \{'loop': …\}\]"):
        events.assert_emitted(matter, number=2, note=0)
    first, second = [one["payload"]["note"] for one in events.sequence()]
    assert first.endswith("Mute without a repr>")
    assert second == [1, {"loop": "…"}]


def test_lazy_objects_are_shown_as_what_they_stand_for(matter: Any, events: Emissions) -> None:
    user = SimpleLazyObject(lambda: User(pk=7, username="ada"))
    emit(matter, sender=None, number=1, note=user)
    assert events.sequence()[0]["payload"]["note"] == "unsaved User (username='ada')"
    events.assert_emitted(matter, note=User(pk=7))
    with pytest.raises(AssertionError, match=r"note=<User pk=7, username='ada'>"):
        events.assert_emitted(matter, note=8)


def test_what_came_instead_of_what_never_did(matter: Any, other: Any, events: Emissions) -> None:
    with pytest.raises(AssertionError, match=r"! other +\| nothing"):
        events.assert_emitted(other)
    emit(matter, sender=Clerk, number=1)
    emit(matter, sender=None, number=1)
    with pytest.raises(AssertionError) as caught:
        events.assert_emitted(other)
    assert message_of(caught).splitlines()[-2:] == [
        "! other                                       | matter from Clerk",
        "!                                             | matter from None",
    ]


def test_the_order_of_the_events_that_are_named(matter: Any, other: Any, events: Emissions) -> None:
    emit(matter, sender=None, number=1)
    emit(other, sender=None)
    emit(matter, sender=None, number=2)
    events.assert_order([matter, matter])
    events.assert_order(["mat*", other, "*"])
    events.assert_order([other])
    events.assert_order([matter, other, matter], strict=True)
    for wrong in ([matter], [other, matter, matter], [other, other]):
        with pytest.raises(AssertionError):
            events.assert_order(wrong)
    with pytest.raises(AssertionError):
        events.assert_order([other], strict=True)


def test_an_order_of_nothing_is_refused(matter: Any, events: Emissions) -> None:
    """It would hold whatever is emitted; and a name is no list of its letters."""
    with pytest.raises(TypeError, match="Name the events"):
        events.assert_order([])
    for alone in (matter, "matter"):
        with pytest.raises(TypeError, match="takes a list of events"):
            events.assert_order(alone)
    events.assert_order([], strict=True)


def test_orders_are_aligned(matter: Any, other: Any, events: Emissions) -> None:
    class Third(matter):  # type: ignore[misc]
        pass

    emit(matter, sender=None, number=1)
    emit(other, sender=Clerk)
    emit(matter, sender=None, number=2)
    with pytest.raises(AssertionError) as caught:
        events.assert_order([matter, Third, matter, other], strict=True)
    assert message_of(caught).splitlines()[3:] == [
        "  matter                                      | matter from None",
        "! third                                       | other from Clerk",
        "  matter                                      | matter from None",
        "! other                                       |",
    ]


def test_nothing_was_emitted(matter: Any, events: Emissions) -> None:
    events.assert_nothing()
    emit(matter, sender=None, number=1)
    with pytest.raises(AssertionError, match=r"! nothing +\| matter from None"):
        events.assert_nothing()
    events.clear()
    events.assert_nothing()
