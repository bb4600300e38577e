"""The ledger: who may run which delivery, and what became of it."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from tests.delivery.deliveries import OTHER, WORKER, abandon, ago, deliveries, states
from workflow_events.delivery import ledger
from workflow_events.delivery.failures import MESSAGE_LENGTH, TRACEBACK_LENGTH
from workflow_events.delivery.ledger import LeaseLost
from workflow_events.delivery.models import FINISHED, Delivery, State
from workflow_events.events import Event, Retry, on

pytestmark = pytest.mark.django_db

NO = ValueError("no")


def raised(message: str) -> ValueError:
    with pytest.raises(ValueError) as caught:  # noqa: PT011 (raised here)
        raise ValueError(message)
    return caught.value


@pytest.fixture(autouse=True)
def _receivers() -> None:
    class Matter(Event):
        pass

    @on(Matter, delivery="background", name="receiver", retry=Retry(attempts=3))
    def receiver() -> None: ...

    @on(Matter, delivery="background", name="other")
    def other() -> None: ...


def claim(limit: int = 10, worker: str = WORKER, receivers=("receiver",), **more):
    return ledger.claim(worker, receivers, limit, **more)


class TestClaim:
    def test_what_it_notes(self, settings) -> None:
        settings.WORKER_LEASE = 30
        [stored] = deliveries("a")
        before = timezone.now()
        [claimed] = claim()
        for delivery in (claimed, Delivery.objects.get()):
            assert delivery.pk == stored.pk
            assert (delivery.state, delivery.attempts) == (State.RUNNING, 1)
            assert (delivery.worker, delivery.finished_at) == (WORKER, None)
            assert delivery.started_at is not None
            assert before <= delivery.started_at <= timezone.now()
            assert delivery.lease == delivery.due == delivery.started_at + timedelta(seconds=30)

    def test_the_events_come_with_it(self) -> None:
        deliveries(None, None)
        claimed = claim()
        with CaptureQueriesContext(connection) as captured:
            assert [delivery.event.name for delivery in claimed] == ["post_x", "post_x"]
        assert len(captured) == 0

    def test_three_statements_however_many(self) -> None:
        deliveries("a", "b", None, None)
        with CaptureQueriesContext(connection) as captured:
            assert len(claim()) == 4
        sql = [q["sql"].split()[0] for q in captured]
        assert [verb for verb in sql if verb in ("SELECT", "UPDATE")] == [
            "SELECT",
            "SELECT",
            "UPDATE",
        ]

    def test_one_statement_for_nothing(self) -> None:
        with CaptureQueriesContext(connection) as captured:
            assert claim() == []
        assert [q["sql"].split()[0] for q in captured] == ["SELECT"]

    def test_the_oldest_first(self) -> None:
        a, b, c = deliveries("a", None, "c")
        Delivery.objects.filter(pk=b.pk).update(due=ago(5))
        assert [d.pk for d in claim(limit=2)] == [b.pk, a.pk]
        assert [d.pk for d in claim(limit=2)] == [c.pk]
        assert claim() == []

    def test_not_before_it_is_due(self) -> None:
        deliveries("a", None, due=ago(-5))
        assert claim() == []
        assert states() == ["pending", "pending"]

    def test_only_of_the_receivers_asked_for(self) -> None:
        deliveries("a")
        [other] = deliveries("a", receiver="other")
        assert [d.pk for d in claim(receivers=["other"])] == [other.pk]
        assert claim(receivers=[]) == []
        assert states() == ["pending", "running"]

    def test_only_the_first_of_each_stream(self) -> None:
        a, _, b, _ = deliveries("a", "a", "b", "b")
        assert [d.pk for d in claim()] == [a.pk, b.pk]
        assert claim() == []

    def test_streams_are_each_receivers_own(self) -> None:
        deliveries("a")
        deliveries("a", receiver="other")
        assert len(claim(receivers=["receiver", "other"])) == 2

    def test_without_a_stream_nothing_waits(self) -> None:
        deliveries(None, None, None)
        assert len(claim()) == 3

    @pytest.mark.parametrize("state", FINISHED)
    def test_what_is_finished_holds_up_nothing(self, state: State) -> None:
        first, second = deliveries("a", "a")
        Delivery.objects.filter(pk=first.pk).update(state=state, finished_at=timezone.now())
        assert [d.pk for d in claim()] == [second.pk]

    def test_one_that_is_put_off_holds_up_its_stream(self) -> None:
        first, _ = deliveries("a", "a")
        Delivery.objects.filter(pk=first.pk).update(due=ago(-5))
        assert claim() == []

    def test_the_first_of_a_stream_behind_many_others(self) -> None:
        """More wait for one that runs than one look takes in; another stream goes on."""
        deliveries(*["a"] * (2 * ledger.WINDOW))
        [b] = deliveries("b")
        [a] = claim(limit=1)
        assert ledger.something_is_due(["receiver"])
        assert [d.pk for d in claim()] == [b.pk]
        assert ledger.next_due(["receiver"]) == a.due


class TestWorkersThatDied:
    def test_taken_over_when_the_lease_has_run_out(self) -> None:
        deliveries("a", "a")
        [first] = claim()
        assert claim(worker=OTHER) == []
        abandon(first)
        [again] = claim(worker=OTHER)
        assert (again.pk, again.attempts, again.worker) == (first.pk, 2, OTHER)
        assert states() == ["running", "pending"]

    @pytest.mark.parametrize(
        "mark", [ledger.mark_done, lambda delivery: ledger.mark_failed(delivery, NO, None)]
    )
    def test_what_was_taken_over_is_no_longer_theirs(self, mark: Callable[..., None]) -> None:
        deliveries("a")
        [first] = claim()
        abandon(first)
        [again] = claim(worker=OTHER)
        before = Delivery.objects.values().get()
        with pytest.raises(LeaseLost):
            mark(first)
        assert Delivery.objects.values().get() == before
        ledger.mark_done(again)
        assert states() == ["done"]

    def test_not_even_by_the_same_worker(self) -> None:
        deliveries("a")
        [first] = claim()
        abandon(first)
        [again] = claim()
        with pytest.raises(LeaseLost):
            ledger.mark_done(first)
        assert (ledger.renew([first]), ledger.hand_back([first])) == (0, 0)
        assert (ledger.renew([again]), ledger.hand_back([again])) == (1, 1)

    def test_a_lease_that_has_run_out_and_was_not_taken_over_still_counts(self) -> None:
        deliveries("a")
        [first] = claim()
        abandon(first)
        ledger.mark_done(first)
        assert states() == ["done"]

    def test_dead_when_the_attempts_are_used_up(self) -> None:
        deliveries("a", "a")
        for _ in range(3):
            [first] = claim()
            abandon(first)
        assert claim() == []
        first.refresh_from_db()
        assert (first.state, first.error) == (State.DEAD, "Its worker died 3 times.")
        assert (first.attempts, first.lease) == (3, None)
        [second] = claim()
        assert second.pk > first.pk


class TestEndings:
    def test_done(self) -> None:
        deliveries("a", "a")
        [first] = claim()
        ledger.mark_done(first)
        first.refresh_from_db()
        assert (first.state, first.lease, first.error) == (State.DONE, None, "")
        assert first.finished_at is not None
        [second] = claim()
        assert second.pk > first.pk

    def test_one_statement_to_be_done(self) -> None:
        deliveries("a")
        [first] = claim()
        with CaptureQueriesContext(connection) as captured:
            ledger.mark_done(first)
        assert [q["sql"].split()[0] for q in captured] == ["UPDATE"]

    def test_only_once(self) -> None:
        deliveries("a")
        [first] = claim()
        ledger.mark_done(first)
        with pytest.raises(LeaseLost):
            ledger.mark_done(first)

    def test_failed_and_put_off(self) -> None:
        deliveries("a", "a")
        [first] = claim()
        due = ago(-60)
        ledger.mark_failed(first, NO, due)
        first.refresh_from_db()
        assert (first.state, first.due, first.lease) == (State.PENDING, due, None)
        assert (first.attempts, first.error, first.traceback) == (1, "ValueError: no", "")
        assert first.finished_at is None
        assert claim() == []

    def test_failed_for_good(self) -> None:
        deliveries("a", "a")
        [first] = claim()
        ledger.mark_failed(first, raised("no"), None)
        first.refresh_from_db()
        assert (first.state, first.lease, first.error) == (State.DEAD, None, "ValueError: no")
        assert first.traceback.startswith("Traceback (most recent call last)")
        assert first.finished_at is not None
        [second] = claim()
        assert second.pk > first.pk

    def test_what_an_exception_says_is_bounded_and_can_be_stored(self) -> None:
        deliveries("a")
        [first] = claim()
        ledger.mark_failed(first, raised("a\0b\ud800" + "x" * 100_000), None)
        first.refresh_from_db()
        assert first.error.startswith("ValueError: a\\x00b\\ud800xxx")
        assert (len(first.error), len(first.traceback)) == (MESSAGE_LENGTH, TRACEBACK_LENGTH)
        assert first.traceback.endswith("xxx\n")

    def test_a_canceled_one_cannot_be_done(self) -> None:
        deliveries("a")
        [first] = claim()
        Delivery.objects.update(state=State.CANCELED, finished_at=timezone.now())
        with pytest.raises(LeaseLost):
            ledger.mark_done(first)
        assert states() == ["canceled"]

    def test_handed_back(self) -> None:
        deliveries("a", "b", None)
        claimed = claim()
        with CaptureQueriesContext(connection) as captured:
            assert ledger.hand_back(claimed) == 3
        assert len(captured) == 1
        for delivery in Delivery.objects.all():
            assert (delivery.state, delivery.attempts) == (State.PENDING, 0)
            assert delivery.lease is None
        assert len(claim()) == 3
        assert ledger.hand_back([]) == 0

    def test_renewed(self) -> None:
        deliveries("a", "b", None)
        claimed = claim()
        ledger.mark_done(claimed[0])
        abandon(*claimed)
        with CaptureQueriesContext(connection) as captured:
            assert ledger.renew(claimed) == 2
        assert len(captured) == 1
        assert claim(worker=OTHER) == []
        assert ledger.renew([]) == 0


class TestWaiting:
    """A stream waits with its first one, and goes on with it."""

    def test_when_the_next_is_due(self) -> None:
        assert ledger.next_due(["receiver"]) is None
        due = ago(-60)
        deliveries("a", due=due)
        assert ledger.next_due(["receiver"]) == due
        assert not ledger.something_is_due(["receiver"])
        deliveries("b", due=ago(3))
        assert ledger.something_is_due(["receiver"])
        assert not ledger.something_is_due(["other"])

    def test_one_statement_where_nothing_waits(self) -> None:
        deliveries("a", None, due=ago(-60))
        with CaptureQueriesContext(connection) as captured:
            ledger.next_due(["receiver"])
        assert len(captured) == 1

    def test_what_waits_is_put_off_with_the_first(self) -> None:
        deliveries("a", "a", "a")
        [first] = claim()
        assert ledger.next_due(["receiver"]) == first.due
        assert set(Delivery.objects.values_list("due")) == {(first.due,)}
        ledger.mark_failed(first, NO, due := ago(-3_000))
        deliveries("a")
        Delivery.objects.exclude(pk=first.pk).update(due=ago(1))
        assert ledger.next_due(["receiver"]) == due
        assert set(Delivery.objects.values_list("due")) == {(due,)}

    def test_and_goes_on_at_once(self) -> None:
        deliveries("a", "a", "a", "b", "b")
        a, b = claim()
        ledger.next_due(["receiver"])
        ledger.mark_done(a)
        ledger.mark_failed(b, NO, None)
        streams = [("receiver", "a"), ("receiver", "b")]
        assert [d.pk for d in claim(after=streams)] == [a.pk + 1, b.pk + 1]

    def test_but_not_before_its_own_time(self) -> None:
        _, second = deliveries("a", "a")
        Delivery.objects.filter(pk=second.pk).update(due=ago(-60), attempts=1)
        [claimed] = claim()
        ledger.mark_done(claimed)
        assert claim(after=[("receiver", "a")]) == []

    def test_nor_before_the_first_one(self) -> None:
        deliveries("a", "a")
        [first] = claim()
        ledger.mark_failed(first, NO, ago(-60))
        ledger.next_due(["receiver"])
        assert claim(after=[("receiver", "a")]) == []

    def test_nobody_goes_on_later_than_the_lease(self) -> None:
        """The worker dies between the COMMIT of one and the claim of the next."""
        deliveries("a", "a")
        [first] = claim()
        ledger.next_due(["receiver"])
        ledger.mark_done(first)
        assert ledger.next_due(["receiver"]) == first.lease


def test_unknown_receivers_are_reported_and_kept() -> None:
    deliveries("a", None)
    deliveries("a", "b", receiver="renamed")
    deliveries("a", receiver="gone")
    deliveries("a", receiver="old", state=State.DEAD, finished_at=timezone.now())
    assert ledger.unknown_receivers() == {"gone": 1, "renamed": 2}
    assert states() == ["pending"] * 5 + ["dead"]


@pytest.mark.parametrize("state", State)
def test_finished_is_what_has_an_end(state: State) -> None:
    from django.db import IntegrityError, transaction

    with pytest.raises(IntegrityError), transaction.atomic():
        deliveries("a", state=state, finished_at=None if state in FINISHED else timezone.now())
