"""Any interleaving of workers keeps the order of each stream, and applies each effect once."""

from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import pytest
from django.db import transaction
from django.utils import timezone
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    RuleBasedStateMachine,
    consumes,
    initialize,
    invariant,
    multiple,
    rule,
    run_state_machine_as_test,
)

from tests.delivery.deliveries import abandon, ago, deliveries
from tests.properties.profile import PROFILE
from workflow_events.delivery import ledger
from workflow_events.delivery.ledger import LeaseLost
from workflow_events.delivery.models import FINISHED, UNFINISHED, Delivery, LoggedEvent, State
from workflow_events.events import Event, Retry, on

pytestmark = pytest.mark.django_db

ATTEMPTS = 3
WORKERS = ("one:1:aaaa", "two:2:bbbb", "three:3:cccc")


class Streamed(Event):
    pass


@dataclass
class Attempt:
    """What a worker holds, and believes to be its own."""

    delivery: Delivery
    number: int = field(init=False)

    def __post_init__(self) -> None:
        self.number = self.delivery.attempts


class Streams(RuleBasedStateMachine):
    """Workers that claim, succeed, fail, die, return late, and somebody who cancels."""

    attempts = Bundle("attempts")

    def __init__(self) -> None:
        super().__init__()
        self.sandbox = transaction.atomic()
        self.sandbox.__enter__()
        self.applied: list[tuple[str | None, int]] = []
        self.ended: set[int] = set()
        self.after: list[ledger.Stream] = []

    def teardown(self) -> None:
        try:
            self._drain()
        finally:
            transaction.set_rollback(True)
            self.sandbox.__exit__(None, None, None)

    @initialize()
    def began(self) -> None:
        deliveries("a", "a", "b", None, "b", "a")

    @rule(streams=st.lists(st.sampled_from(["a", "b", None]), min_size=1, max_size=3))
    def emitted(self, streams: list[str | None]) -> None:
        deliveries(*streams)

    @rule(target=attempts, worker=st.sampled_from(WORKERS), limit=st.integers(1, 3))
    def claimed(self, worker: str, limit: int) -> Any:
        return _held(self._claim(worker, limit))

    @rule(held=consumes(attempts))
    def succeeded(self, held: list[Attempt]) -> None:
        for attempt in held:
            self._succeed(attempt)

    @rule(held=consumes(attempts), again=st.booleans())
    def failed(self, held: list[Attempt], again: bool) -> None:
        for attempt in held:
            due = ago(-60) if again and attempt.number < ATTEMPTS else None
            try:
                ledger.mark_failed(attempt.delivery, ValueError("no"), due)
            except LeaseLost:
                assert not self._holds(attempt)
            else:
                self._note_end(attempt.delivery)

    @rule(held=attempts)
    def died(self, held: list[Attempt]) -> None:
        """Or only seems so: it may come back and try to finish what it had."""
        abandon(*(attempt.delivery for attempt in held))

    @rule(target=attempts, held=consumes(attempts), worker=st.sampled_from(WORKERS))
    def returned_late(self, held: list[Attempt], worker: str) -> Any:
        self.died(held)
        others = self._claim(worker, 3)
        for attempt in held:
            self._succeed(attempt)
        return _held(others)

    @rule(held=attempts)
    def renewed(self, held: list[Attempt]) -> None:
        expected = sum(map(self._holds, held))
        assert ledger.renew([attempt.delivery for attempt in held]) == expected

    @rule(held=consumes(attempts))
    def stopped(self, held: list[Attempt]) -> None:
        expected = sum(map(self._holds, held))
        assert ledger.hand_back([attempt.delivery for attempt in held]) == expected

    @rule(which=st.integers(0, 20))
    def canceled(self, which: int) -> None:
        open_ones = Delivery.objects.filter(state__in=UNFINISHED).order_by("pk")[which : which + 1]
        for delivery in open_ones:
            now = timezone.now()
            Delivery.objects.filter(pk=delivery.pk).update(
                state=State.CANCELED, finished_at=now, lease=None
            )
            self._note_end(delivery)

    @rule()
    def time_passed(self) -> None:
        """What is put off is due."""
        Delivery.objects.filter(state=State.PENDING).update(due=ago(1))

    @rule()
    def looked(self) -> None:
        ledger.next_due(["receiver"])

    @invariant()
    def one_at_a_time(self) -> None:
        running = Delivery.objects.filter(state=State.RUNNING, stream__isnull=False)
        streams = list(running.values_list("stream", flat=True))
        assert len(streams) == len(set(streams))

    def _claim(self, worker: str, limit: int) -> list[Attempt]:
        claimed = ledger.claim(worker, ["receiver"], limit, self.after)
        self.after = []
        assert len(claimed) <= limit
        for delivery in claimed:
            assert 1 <= delivery.attempts <= ATTEMPTS
        return [Attempt(delivery) for delivery in claimed]

    def _succeed(self, attempt: Attempt) -> None:
        """Apply the effect and the mark as a receiver does: together or not at all."""
        before = len(self.applied)
        self.applied.append((attempt.delivery.stream, attempt.delivery.pk))
        held = self._holds(attempt)
        try:
            ledger.mark_done(attempt.delivery)
        except LeaseLost:
            del self.applied[before:]
            assert not held
        else:
            assert held
            self._note_end(attempt.delivery)

    def _holds(self, attempt: Attempt) -> bool:
        now = Delivery.objects.get(pk=attempt.delivery.pk)
        mine = (attempt.delivery.worker, attempt.number)
        return now.state == State.RUNNING and (now.worker, now.attempts) == mine

    def _note_end(self, delivery: Delivery) -> None:
        if delivery.stream is not None:
            self.after.append((delivery.receiver, delivery.stream))

    def _drain(self) -> None:
        """Everything comes to its end, and each effect was applied once, in order."""
        while Delivery.objects.filter(state__in=UNFINISHED).exists():
            self.time_passed()
            Delivery.objects.filter(state=State.RUNNING).update(lease=ago(1), due=ago(1))
            for attempt in self._claim(WORKERS[0], 3):
                self._succeed(attempt)
        assert not Delivery.objects.exclude(state__in=FINISHED).exists()
        done = set(Delivery.objects.filter(state=State.DONE).values_list("pk", flat=True))
        assert len(self.applied) == len(done)
        assert {key for _, key in self.applied} == done
        for stream in ("a", "b"):
            keys = [key for name, key in self.applied if name == stream]
            assert keys == sorted(keys)
        LoggedEvent.objects.all().delete()


def _held(claimed: list[Attempt]) -> Any:
    return claimed if claimed else multiple()


def test_streams(settings: Any) -> None:
    settings.WORKER_LEASE = timedelta(hours=1).total_seconds()

    @on(Streamed, delivery="background", name="receiver", retry=Retry(attempts=ATTEMPTS))
    def receiver() -> None: ...

    run_state_machine_as_test(Streams, settings=PROFILE)
