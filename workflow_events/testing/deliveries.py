"""What a test records for receivers in the background, and running it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

from django.apps import apps
from django.dispatch import Signal
from django.utils import timezone

from workflow_events.events import Event
from workflow_events.testing import assertion_messages
from workflow_events.testing.comparison import ANY, Expectation, wrapped
from workflow_events.testing.matching_events import EventMatcher
from workflow_events.testing.matching_receivers import UnknownReceiver, registrations_of

if TYPE_CHECKING:
    from workflow_events.delivery.models import Delivery


class DeliveryFailed(AssertionError):
    """A receiver in the background failed; the message has its tracebacks."""


class Deliveries:
    """The deliveries of this test, in order, as the database has them now."""

    def __init__(self) -> None:
        """Begin with what comes now. Raises ``LookupError`` where nothing can be delivered."""
        if not apps.is_installed("workflow_events.delivery"):
            raise LookupError(
                "Nothing is delivered in the background here: workflow_events.delivery is not "
                "among INSTALLED_APPS."
            )
        self._before = _last_key()

    def __iter__(self) -> Iterator[Delivery]:
        return iter(self.where())

    def __len__(self) -> int:
        return len(self.where())

    def __getitem__(self, index: int) -> Delivery:
        return self.where()[index]

    def where(
        self,
        *,
        receiver: str | Callable[..., Any] | None = None,
        event: str | type[Event] | None = None,
        state: str | None = None,
    ) -> list[Delivery]:
        """Return those to a receiver (it, or its name), of an event, in a state."""
        from workflow_events.delivery.models import Delivery

        found = Delivery.objects.filter(pk__gt=self._before).order_by("pk")
        if receiver is not None:
            found = found.filter(receiver__in=_names_of(receiver))
        if event is not None:
            found = found.filter(event__name=event if isinstance(event, str) else event.event_name)
        if state is not None:
            found = found.filter(state=state)
        return list(found.select_related("event"))

    def run(self, *, retries: bool = False, check: bool = True) -> int:
        """Call the receivers of all that is due, one after the other, until nothing is left.

        With ``retries``, what has failed is tried again without waiting, until it is done or dead.
        Returns how many times a receiver was called. Raises `DeliveryFailed` when something was
        tried that is not done, unless ``check`` is false.
        """
        from workflow_events.delivery.running import runner

        attempts = {delivery.pk: delivery.attempts for delivery in self}
        count = runner.run_due()
        while retries and self._make_due() and (more := runner.run_due()):
            count += more
        failed = [d for d in self if d.error and d.state in ("pending", "dead")]
        tried = [d for d in failed if d.attempts != attempts.get(d.pk, 0)]
        if check and tried:
            raise DeliveryFailed("\n".join(map(_failure_of, tried)))
        return count

    def assert_queued(
        self,
        receiver: Any,
        /,
        times: int | None = 1,
        *,
        event: Any = None,
        **payload: Any,
    ) -> list[Delivery]:
        """Assert how many deliveries wait for a receiver, and return them.

        Takes the receiver as `mute` does; ``times`` is 1 if left out, None for at least once;
        ``event`` is a class, a name or a pattern; of the payload give as much as matters, to be
        compared as `Emissions.assert_emitted` does, with the rows as they are now. Raises
        ``AssertionError`` with what is queued, `UnknownReceiver` and `UnknownEvent`.
        """
        __tracebackhide__ = True
        names, expectation = _background_names(receiver), Expectation(ANY, payload)
        _check_carried(receiver, event, payload)
        found = [one for one in _queued(self) if one.receiver in names]
        occurrences = [_occurrence(one) for one in found]
        if event is not None:
            matcher = EventMatcher(event)
            occurrences = [(d, e) for d, e in occurrences if matcher.means(e)]
        fitting = [
            delivery for delivery, occurrence in occurrences if expectation.holds(occurrence)
        ]
        if len(fitting) != times if times is not None else not fitting:
            expected = f"{' or '.join(names)} should have {_count(times)} queued"
            of = "" if event is None else f" of {EventMatcher(event)}"
            compared = [
                assertion_messages.compared("queued", expectation, one)
                for _, one in occurrences
                if payload
            ]
            queued = _queue_text(
                f"{expected}{of}{f' with {expectation}' if payload else ''}", _queued(self)
            )
            raise AssertionError("\n\n".join([queued, *compared]))
        return fitting

    def assert_none_queued(self, receiver: Any = None, /, *, event: Any = None) -> None:
        """Assert that nothing waits, for this receiver or of this event where one is given.

        Raises ``AssertionError`` with what is queued, `UnknownReceiver` and `UnknownEvent`.
        """
        __tracebackhide__ = True
        queued = _queued(self)
        if receiver is not None:
            names = _background_names(receiver)
            queued = [one for one in queued if one.receiver in names]
        if event is not None:
            matcher = EventMatcher(event)
            queued = [one for one in queued if matcher.means(_occurrence(one)[1])]
        if queued:
            raise AssertionError(_queue_text("Nothing should be queued", queued))

    def _make_due(self) -> int:
        from workflow_events.delivery.models import Delivery, State

        waiting = Delivery.objects.filter(pk__gt=self._before, state=State.PENDING)
        return waiting.update(due=timezone.now())


def _failure_of(delivery: Delivery) -> str:
    what = f"{delivery.receiver} failed on {delivery.event.name}, and is {delivery.state}"
    return f"{what}: {delivery.error}\n{delivery.traceback}"


def _last_key() -> int:
    from workflow_events.delivery.models import Delivery

    key: int | None = Delivery.objects.order_by("-pk").values_list("pk", flat=True).first()
    return key or 0


def _names_of(receiver: str | Callable[..., Any]) -> list[str]:
    return [receiver] if isinstance(receiver, str) else _background_names(receiver)


def _background_names(receiver: Any) -> list[str]:
    """Return the names by which the deliveries of a receiver are known."""
    names = [one.background.name for one in registrations_of(receiver) if one.background]
    if not names:
        raise UnknownReceiver(f"{receiver!r} is registered, but not for the background.")
    return names


def _check_carried(receiver: Any, event: Any, payload: Iterable[str]) -> None:
    """Refuse attributes that no event has; what signals carry nobody knows beforehand."""
    targets = [target.wanted for one in registrations_of(receiver) for target in one.targets]
    if event is not None or not any(isinstance(target, Signal) for target in targets):
        EventMatcher(targets if event is None else event).check_carries(payload)


def _queued(deliveries: Deliveries) -> list[Delivery]:
    return [one for one in deliveries if one.state in ("pending", "running")]


def _occurrence(delivery: Delivery) -> tuple[Delivery, Event]:
    from workflow_events.delivery import payload
    from workflow_events.delivery.identity import delivery_id_of

    key = delivery_id_of(delivery.event_id, delivery.receiver)
    return delivery, payload.decode(delivery.event, key, gone_as_none=True)


def _queue_text(what: str, queued: Sequence[Delivery]) -> str:
    lines = [f"  {one.receiver} on {one.event.name}, attempts {one.attempts}" for one in queued]
    return "\n".join([wrapped(f"{what}; queued is:"), *(lines or ["  nothing"])])


def _count(times: int | None) -> str:
    return "at least one" if times is None else str(times)
