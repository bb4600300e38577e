"""What a test records for receivers in the background, and running it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

from django.utils import timezone

from workflow_events.events import Event
from workflow_events.events.registry import registry

if TYPE_CHECKING:
    from workflow_events.delivery.models import Delivery


class DeliveryFailed(AssertionError):
    """A receiver in the background failed; the message has its tracebacks."""


class Deliveries:
    """The deliveries of this test, in order, as the database has them now."""

    def __init__(self) -> None:
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
            raise DeliveryFailed("\n".join(map(_told, tried)))
        return count

    def _make_due(self) -> int:
        from workflow_events.delivery.models import Delivery, State

        waiting = Delivery.objects.filter(pk__gt=self._before, state=State.PENDING)
        return waiting.update(due=timezone.now())


def _told(delivery: Delivery) -> str:
    what = f"{delivery.receiver} failed on {delivery.event.name}, and is {delivery.state}"
    return f"{what}: {delivery.error}\n{delivery.traceback}"


def _last_key() -> int:
    from workflow_events.delivery.models import Delivery

    key: int | None = Delivery.objects.order_by("-pk").values_list("pk", flat=True).first()
    return key or 0


def _names_of(receiver: str | Callable[..., Any]) -> list[str]:
    if isinstance(receiver, str):
        return [receiver]
    return [name for name, known in registry.in_background.items() if known.function == receiver]
