"""What ``@on`` listens to: events of one sender in brackets, and what patterns do not mean."""

# A lambda has the name that a receiver is called by; the builtin has none.
# ruff: noqa: PLW0108

import re
from collections.abc import Callable
from typing import Any, Generic, TypeVar

import pytest
from django.dispatch import Signal

from workflow_events.events import Event, emit, on
from workflow_events.events.errors import RegistrationError
from workflow_events.events.registration.registry import registry
from workflow_events.events.registration.targets import targets_of

pytestmark = pytest.mark.any_database
T = TypeVar("T")
fired = Signal()


class Page: ...


class NewsPage(Page): ...


class Image: ...


@pytest.fixture
def stored() -> Any:
    class Stored(Event, Generic[T], subscript_is_sender=True):
        record: T

    return Stored


@pytest.fixture
def frequent() -> type[Event]:
    class Frequent(Event, by_pattern=False):
        pass

    return Frequent


def test_a_class_in_brackets_is_the_sender(stored: Any) -> None:
    """`Event[Sender]`: of this class and its subclasses, of no other sender, whatever it is."""
    got: list[Any] = []
    on(stored[Page])(lambda record: got.append(record))
    for record, sender in enumerate((Page, NewsPage, Image, None, "Page", Page())):
        emit(stored, sender=sender, record=record)
    assert got == [0, 1]


def test_each_in_a_list_has_its_own_sender(stored: Any) -> None:
    class Other(Event):
        pass

    got: list[Any] = []
    on([stored[NewsPage], stored[Image], Other])(lambda sender: got.append(sender))
    for sender in (Page, NewsPage, Image):
        emit(stored, sender=sender, record=1)
    emit(Other, sender=Page)
    assert got == [NewsPage, Image, Page]


def test_brackets_and_sender_must_both_hold(stored: Any) -> None:
    got: list[Any] = []
    on(stored[Page], sender=[NewsPage, Image])(lambda sender: got.append(sender))
    for sender in (Page, NewsPage, Image):
        emit(stored, sender=sender, record=1)
    assert got == [NewsPage]


def test_brackets_choose(stored: Any) -> None:
    on(stored[Page])(lambda: None)
    on(stored)(lambda: None)
    assert [r.chooses for r in registry.receivers[-2:]] == [True, False]
    assert [str(t) for r in registry.receivers[-2:] for t in r.targets] == [
        "stored[Page]",
        "stored",
    ]


def test_brackets_that_say_nothing_of_the_sender() -> None:
    class Counted(Event, Generic[T]):
        count: T

    refused(
        Counted[int],
        "@on(Counted[int]): what stands in the brackets says nothing about the sender; listen to "
        "Counted, with sender=….",
    )


def test_brackets_without_a_class(stored: Any) -> None:
    refused(
        stored["Page"], "@on(Stored[ForwardRef('Page')]): give the class itself in the brackets."
    )
    refused(stored[T], "@on(Stored[T]): give the class itself in the brackets.")


@pytest.mark.parametrize(
    ("target", "message"),
    [
        ([], "@on([]) listens to nothing; name an event."),
        (Event, "Event is abstract and never emitted; name its events or a pattern."),
        (re.compile(b"a"), "The pattern b'a' must be of str, not bytes."),
        (
            3,
            "@on listens to an event class, a name, a pattern or a Django signal, not 3.",
        ),
    ],
)
def test_what_is_refused(target: Any, message: str) -> None:
    refused(target, message)


def test_how_a_target_is_shown(frequent: type[Event]) -> None:
    targets = targets_of([frequent, "fre*", re.compile("fr.*"), fired])
    assert [str(target) for target in targets] == ["frequent", "fre*", "fr.*", str(fired)]
    assert [target.is_pattern for target in targets] == [False, True, True, False]


@pytest.mark.parametrize("pattern", ["*requent", "[fi]*requent", re.compile(".*frequent")])
def test_a_pattern_means_a_frequent_event_only_with_a_sender(
    frequent: type[Event], pattern: Any
) -> None:
    """`by_pattern=False`: exact names and the class always do."""

    class Infrequent(Event):
        pass

    got: list[Any] = []

    def noting(kind: str) -> Callable[[Event], None]:
        return lambda event: got.append((kind, event.event_name))

    on(pattern)(noting("pattern"))
    on(pattern, sender=Page)(noting("with sender"))
    on("frequent")(noting("name"))
    on(frequent)(noting("class"))
    emit(frequent, sender=Page)
    emit(frequent, sender=Image)
    emit(Infrequent, sender=Image)
    assert got == [
        ("with sender", "frequent"),
        ("name", "frequent"),
        ("class", "frequent"),
        ("name", "frequent"),
        ("class", "frequent"),
        ("pattern", "infrequent"),
    ]


def test_subclasses_are_as_frequent(frequent: type[Event]) -> None:
    class MoreFrequent(frequent):  # type: ignore[valid-type,misc]
        pass

    class Seldom(frequent, by_pattern=True):  # type: ignore[valid-type,misc]
        pass

    on("*")(lambda: None)
    [receiver] = registry.receivers[-1:]
    assert [receiver.means(e) for e in (frequent, MoreFrequent, Seldom)] == [False, False, True]


def refused(target: Any, message: str) -> None:
    before = list(registry.receivers)
    with pytest.raises(RegistrationError) as caught:
        on(target)(lambda: None)
    assert str(caught.value) == message
    assert registry.receivers == before
