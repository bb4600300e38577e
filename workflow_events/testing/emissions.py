"""What a test emits."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from typing import Any, TypeVar, overload
from uuid import UUID

from django.db.models import Model

from workflow_events.events import Event
from workflow_events.events.registration.registry import registry
from workflow_events.events.registration.senders import names_of
from workflow_events.events.registration.signals import SignalSent
from workflow_events.testing import assertion_messages
from workflow_events.testing.comparison import ANY, Expectation, described
from workflow_events.testing.matching_events import EventMatcher
from workflow_events.testing.representation import StableNames, captured

E = TypeVar("E", bound=Event)


@dataclass(frozen=True, slots=True)
class Entry:
    """An occurrence, and what its payload was when it was emitted."""

    event: Event
    cause: UUID | None
    payload: Mapping[str, Any]


class Emissions(Sequence[Event]):
    """The occurrences so far, in the order of their emission; also what was rolled back later.

    An occurrence has its payload as attributes, and ``sender``. Its rows are those that the
    operation works on: they are as the operation left them, while `sequence` shows what they were.
    While somebody records, cascades are walked row by row. Signals are sent, not emitted, and are
    not among them.
    """

    def __init__(self) -> None:
        self._entries: list[Entry] = []

    def recording(self) -> AbstractContextManager[None]:
        """Record what is emitted in the body, in this process."""
        return registry.watched_by(self._hear)

    @overload
    def of(self, event: type[E], /) -> list[E]: ...
    @overload
    def of(self, event: Any, /) -> list[Any]: ...
    def of(self, event: Any, /) -> list[Any]:
        """Return the occurrences of an event: its class, its name, a pattern, or a list of these.

        Raises `UnknownEvent` for what means no event that is declared.
        """
        matcher = EventMatcher(event)
        return [one for one in self if matcher.means(one)]

    def names(self) -> list[str]:
        """Return the names of the occurrences."""
        return [event.event_name for event in self]

    def clear(self) -> None:
        """Forget what was emitted so far, as by the preparations of a test."""
        self._entries.clear()

    @overload
    def assert_emitted(
        self, event: type[E], /, times: int | None = 1, *, sender: Any = ANY, **payload: Any
    ) -> list[E]: ...
    @overload
    def assert_emitted(
        self, event: Any, /, times: int | None = 1, *, sender: Any = ANY, **payload: Any
    ) -> list[Any]: ...
    def assert_emitted(
        self, event: Any, /, times: int | None = 1, *, sender: Any = ANY, **payload: Any
    ) -> list[Any]:
        """Assert that an event was emitted this often, and return its occurrences that fit.

        ``times`` is 1 if left out, None for at least once, 0 for never. ``sender`` means what it
        means in ``@on``; None is no sender. Of the payload give as much as matters: values are
        compared by equality, so rows by their keys, and a callable is asked whether a value will
        do. (One named ``times`` can be looked at in what is returned.) Raises ``AssertionError``,
        and ``TypeError`` for an attribute that no such event has.
        """
        __tracebackhide__ = True
        matcher, expectation = EventMatcher(event), Expectation(sender, payload)
        matcher.check_carries(payload)
        found = [one for one in self if matcher.means(one)]
        fitting = [one for one in found if expectation.holds(one)]
        if len(fitting) != times if times is not None else not fitting:
            raise AssertionError(
                assertion_messages.of_emitted(matcher, expectation, times, found, list(self))
            )
        return fitting

    def assert_order(self, events: Iterable[Any], /, *, strict: bool = False) -> None:
        """Assert that these events, and no more of them, were emitted in this order.

        Takes classes, names and patterns. Other events may come in between, unless ``strict``.
        Raises ``AssertionError``, and ``TypeError`` where that could not fail.
        """
        __tracebackhide__ = True
        if isinstance(events, str | type):
            raise TypeError(f"assert_order takes a list of events, not {events!r} alone.")
        expected = [EventMatcher(event) for event in events]
        if not (expected or strict):
            raise TypeError("Name the events, or say that there is none by assert_nothing().")
        emitted = [one for one in self if strict or any(matcher.means(one) for matcher in expected)]
        if len(expected) != len(emitted) or not all(
            matcher.means(one) for matcher, one in zip(expected, emitted, strict=True)
        ):
            raise AssertionError(assertion_messages.of_order(expected, emitted))

    def assert_nothing(self) -> None:
        """Assert that nothing was emitted. Raises ``AssertionError``."""
        __tracebackhide__ = True
        if self._entries:
            raise AssertionError(assertion_messages.of_nothing(list(self)))

    @contextmanager
    def expect(self, *events: Any) -> Iterator[Emissions]:
        """Keep the receivers of these events from running in the body, and require each event.

        Takes classes, names and patterns. The receivers get other events as ever. The body gets
        what is emitted in it. Raises ``AssertionError`` at its end with those that never came,
        unless the body itself raises.
        """
        __tracebackhide__ = True
        with expected_events(*events) as emitted:
            yield emitted

    def cause_of(self, event: Event) -> Event | None:
        """Return the occurrence whose receiver emitted this one; None if nobody's did."""
        cause = event.envelope.cause
        return next((one for one in self if one.envelope.id == cause), None)

    def tree(self) -> str:
        """Return the occurrences as lines, each indented below that whose receiver emitted it."""
        known = {entry.event.envelope.id: entry for entry in self._entries}
        return "\n".join(
            "  " * len(_causes(entry, known)) + described(entry.event) for entry in self._entries
        )

    def sequence(
        self, *, rows: Mapping[type[Model], Iterable[str]] | None = None
    ) -> list[dict[str, Any]]:
        """Return what was emitted as JSON can express it, the same at each run, for a snapshot.

        Each occurrence has its ``event``, ``sender`` and ``payload`` as of its emission, and, where
        a receiver emitted it, ``caused_by``: the events around it, the outermost first. Rows and
        ids are numbered as they appear, times are shown by their type. ``rows`` says which fields
        to show of a model's rows, by model. Of other models these are fields with choices, unique
        texts, and foreign keys to rows with natural keys (such as slugs).
        """
        names = StableNames(rows or {})
        known = {entry.event.envelope.id: entry for entry in self._entries}
        return [
            {
                "event": entry.event.event_name,
                "sender": _sender(entry.event),
                "payload": names.value(dict(sorted(entry.payload.items()))),
                **({"caused_by": causes} if (causes := _causes(entry, known)) else {}),
            }
            for entry in self._entries
        ]

    @contextmanager
    def _hear(self, event: Event) -> Iterator[None]:
        if not isinstance(event, SignalSent):
            payload = {name: captured(value) for name, value in vars(event).items()}
            self._entries.append(Entry(event, event.envelope.cause, payload))
        yield

    @overload
    def __getitem__(self, index: int) -> Event: ...
    @overload
    def __getitem__(self, index: slice) -> list[Event]: ...
    def __getitem__(self, index: Any) -> Any:
        return [entry.event for entry in self._entries][index]

    def __len__(self) -> int:
        return len(self._entries)

    def __iter__(self) -> Iterator[Event]:
        return iter([entry.event for entry in self._entries])

    def __repr__(self) -> str:
        return f"<emitted: {', '.join(self.names()) or 'nothing'}>"


def _sender(event: Event) -> str | None:
    return None if event.sender is None else names_of(event.sender)[0]


def _causes(entry: Entry, known: Mapping[UUID, Entry]) -> list[str]:
    names: list[str] = []
    cause = entry.cause
    while cause is not None and cause in known:
        names.insert(0, known[cause].event.event_name)
        cause = known[cause].cause
    return names


@contextmanager
def recorded_events() -> Iterator[Emissions]:
    """Record what is emitted in the body, in this process; the body gets it."""
    emissions = Emissions()
    with emissions.recording():
        yield emissions


@contextmanager
def expected_events(*events: Any) -> Iterator[Emissions]:
    """Do what `Emissions.expect` does, where nothing else is recorded."""
    __tracebackhide__ = True
    expected = [EventMatcher(event) for event in events]
    if not expected:
        raise TypeError("Name the events to expect.")
    with (
        recorded_events() as emitted,
        registry.muted(
            lambda _, source, sender: any(m.stands_for(source, sender) for m in expected)
        ),
    ):
        yield emitted
    absent = [matcher for matcher in expected if not any(map(matcher.means, emitted))]
    if absent:
        raise AssertionError(assertion_messages.of_expected(expected, list(emitted)))
