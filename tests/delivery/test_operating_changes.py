"""Redelivering and canceling: what changes, what is left, and beside whom."""

import threading
from collections import Counter
from datetime import timedelta

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from tests.delivery.deliveries import (
    OTHER,
    WORKER,
    ago,
    deliveries,
    one_of_each,
    postgresql_only,
    states,
)
from workflow_events.delivery import ledger, operating
from workflow_events.delivery.ledger import LeaseLost
from workflow_events.delivery.models import FINISHED, UNFINISHED, Delivery, State
from workflow_events.delivery.operating import batches

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("receiver")]

LATER = timedelta(hours=1)


def claim(**more) -> list[Delivery]:
    return ledger.claim(WORKER, ["receiver"], 10, **more)


def put_off(*keys: int) -> None:
    Delivery.objects.filter(pk__in=keys).update(due=timezone.now() + LATER)


class TestRedeliver:
    def test_what_has_ended_is_pending_and_due_with_all_its_attempts(self) -> None:
        stored = one_of_each(attempts=8, error="Boom", traceback="Line 1", due=ago(9))
        before = timezone.now()
        assert operating.redeliver(Delivery.objects.all()) == 3
        for state, delivery in stored.items():
            delivery.refresh_from_db()
            assert (delivery.error, delivery.traceback) == ("Boom", "Line 1")
            if state in FINISHED:
                assert (delivery.state, delivery.attempts) == (State.PENDING, 0)
                assert (delivery.lease, delivery.finished_at) == (None, None)
                assert before <= delivery.due <= timezone.now()
            else:
                assert (delivery.state, delivery.attempts) == (state, 8)
                assert delivery.due < before

    def test_what_was_changed_and_what_was_left(self) -> None:
        one_of_each()
        [step] = operating.redeliver_in_steps(Delivery.objects.all())
        assert step == operating.Changed(
            changed=3,
            former=Counter(done=1, dead=1, canceled=1),
            left=Counter(pending=1, running=1),
        )

    def test_only_what_was_selected(self) -> None:
        deliveries(None, None, state=State.DEAD)
        last = Delivery.objects.last()
        assert operating.redeliver(Delivery.objects.filter(pk=last.pk)) == 1
        assert states() == [State.DEAD, State.PENDING]

    def test_it_comes_before_what_waits_in_its_stream(self) -> None:
        [dead] = deliveries("a", state=State.DEAD)
        deliveries("a")
        operating.redeliver(Delivery.objects.filter(pk=dead.pk))
        assert [delivery.pk for delivery in claim()] == [dead.pk]

    def test_it_waits_for_a_later_one_of_its_stream_that_runs(self) -> None:
        [dead] = deliveries("a", state=State.DEAD, started_at=ago(6))
        deliveries("a", "a")
        [later] = claim()
        operating.redeliver(Delivery.objects.filter(pk=dead.pk))
        assert claim() == []
        ledger.mark_done(later)
        assert [delivery.pk for delivery in claim(after=[("receiver", "a")])] == [dead.pk]

    def test_one_that_was_never_begun_waits_for_it_too(self) -> None:
        [first, _] = deliveries("a", "a")
        operating.cancel(Delivery.objects.filter(pk=first.pk))
        [later] = claim()
        operating.redeliver(Delivery.objects.filter(pk=first.pk))
        assert claim() == []
        ledger.mark_done(later)
        assert [delivery.pk for delivery in claim(after=[("receiver", "a")])] == [first.pk]

    def test_it_comes_first_while_somebody_looks(self) -> None:
        """Redelivered after a worker has seen what is due, and before that locks it."""
        [dead] = deliveries("a", state=State.DEAD)
        deliveries("a")
        redelivered = []

        def redeliver_first(execute, sql, params, many, context):
            if "delivery_loggedevent" in sql and not redelivered:
                redelivered.append(dead.pk)
                operating.redeliver(Delivery.objects.filter(pk=dead.pk))
            return execute(sql, params, many, context)

        with connection.execute_wrapper(redeliver_first):
            assert claim() == []
        assert redelivered == [dead.pk]
        assert [delivery.pk for delivery in claim()] == [dead.pk]

    def test_nothing_is_written_where_there_is_nothing(self) -> None:
        deliveries(None)
        with CaptureQueriesContext(connection) as captured:
            assert operating.redeliver(Delivery.objects.all()) == 0
        assert not [q for q in captured.captured_queries if "UPDATE " in q["sql"].split("FOR")[0]]

    def test_many_are_changed_in_bounded_transactions(self, monkeypatch) -> None:
        monkeypatch.setattr(batches, "BATCH", 2)
        deliveries(*[None] * 5, state=State.DEAD)
        steps = operating.redeliver_in_steps(Delivery.objects.filter(state=State.DEAD))
        assert next(steps).changed == 2
        assert states() == [State.PENDING] * 2 + [State.DEAD] * 3
        assert [step.changed for step in steps] == [2, 1]
        assert states() == [State.PENDING] * 5

    def test_it_joins_the_transaction_around_it(self) -> None:
        deliveries(None, state=State.DEAD)
        with transaction.atomic():
            assert operating.redeliver(Delivery.objects.all()) == 1
            transaction.set_rollback(True)
        assert states() == [State.DEAD]


class TestCancel:
    def test_what_is_pending_running_or_dead(self) -> None:
        stored = one_of_each()
        before = timezone.now()
        [step] = operating.cancel_in_steps(Delivery.objects.all())
        assert step == operating.Changed(
            changed=3,
            former=Counter(pending=1, running=1, dead=1),
            left=Counter(done=1, canceled=1),
        )
        for state, delivery in stored.items():
            finished_at = delivery.finished_at
            delivery.refresh_from_db()
            assert delivery.state == (State.DONE if state == State.DONE else State.CANCELED)
            if state in (*UNFINISHED, State.DEAD):
                assert delivery.lease is None
                assert before <= delivery.finished_at <= timezone.now()
            else:
                assert delivery.finished_at == finished_at

    def test_a_running_one_cannot_be_done_any_more(self) -> None:
        deliveries("a")
        [running] = claim()
        assert operating.cancel(Delivery.objects.all()) == 1
        with pytest.raises(LeaseLost), transaction.atomic():
            ledger.mark_done(running)
        with pytest.raises(LeaseLost), transaction.atomic():
            ledger.mark_failed(running, ValueError("x"), None)
        assert states() == [State.CANCELED]
        assert Delivery.objects.get().error == ""

    def test_what_waited_behind_a_head_that_was_put_off_is_due(self) -> None:
        head, follower, last = deliveries("a", "a", "a")
        [other] = deliveries("b")
        put_off(head.pk, follower.pk, last.pk, other.pk)
        assert claim() == []
        assert operating.cancel(Delivery.objects.filter(pk=head.pk)) == 1
        assert [delivery.pk for delivery in claim()] == [follower.pk]
        other.refresh_from_db()
        assert other.due > timezone.now()

    def test_what_waits_behind_a_head_that_stays_goes_on_waiting(self) -> None:
        head, middle, last = deliveries("a", "a", "a")
        put_off(head.pk, middle.pk, last.pk)
        assert operating.cancel(Delivery.objects.filter(pk=middle.pk)) == 1
        assert claim() == []
        last.refresh_from_db()
        assert last.due > timezone.now()

    def test_what_was_begun_before_keeps_its_due_time(self) -> None:
        head, begun = deliveries("a", "a")
        Delivery.objects.filter(pk=begun.pk).update(attempts=1)
        put_off(head.pk, begun.pk)
        operating.cancel(Delivery.objects.filter(pk=head.pk))
        assert claim() == []

    def test_a_dead_one_releases_nobody(self) -> None:
        [dead] = deliveries("a", state=State.DEAD)
        [head] = deliveries("a")
        put_off(head.pk)
        operating.cancel(Delivery.objects.filter(pk=dead.pk))
        assert claim() == []

    def test_streams_of_several_receivers(self) -> None:
        heads = [*deliveries("a", "b"), *deliveries("a", receiver="other")]
        followers = [*deliveries("a", "b"), *deliveries("a", receiver="other")]
        put_off(*(delivery.pk for delivery in (*heads, *followers)))
        operating.cancel(Delivery.objects.filter(pk__in=[delivery.pk for delivery in heads]))
        due = Delivery.objects.filter(due__lte=timezone.now(), state=State.PENDING)
        assert [d.pk for d in due.order_by("pk")] == [delivery.pk for delivery in followers]


@pytest.mark.django_db(transaction=True)
class TestBesideOthers:
    @postgresql_only
    def test_two_operators_change_each_delivery_once(self, monkeypatch) -> None:
        monkeypatch.setattr(batches, "BATCH", 10)
        deliveries(*[None] * 200, state=State.DEAD)
        changed = in_threads(*[lambda: operating.redeliver(Delivery.objects.all())] * 3)
        assert sum(changed) == 200
        assert states() == [State.PENDING] * 200

    @postgresql_only
    def test_what_leaves_the_selection_before_it_is_locked_is_left(self) -> None:
        deliveries(None, state=State.DEAD)
        dead = Delivery.objects.filter(state=State.DEAD)
        with transaction.atomic():
            Delivery.objects.update(state=State.CANCELED)
            thread, outcomes = in_thread(lambda: list(operating.redeliver_in_steps(dead)))
            wait_for_a_lock()
        thread.join(30)
        assert outcomes == [[operating.Changed(changed=0, left=Counter(canceled=1))]]
        assert states() == [State.CANCELED]

    @postgresql_only
    def test_a_batch_that_lost_a_deadlock_is_begun_again(self, monkeypatch) -> None:
        one, two = deliveries(None, None, state=State.DEAD)
        met = threading.Barrier(2, timeout=30)

        def lock_backwards() -> None:
            with transaction.atomic():
                # The other one has waited longer when this one asks: it is the victim.
                Delivery.objects.filter(pk=two.pk).update(error="held")
                met.wait()
                wait_for_a_lock()
                Delivery.objects.filter(pk=one.pk).update(error="held")

        def redeliver() -> int:
            with connection.cursor() as cursor:
                cursor.execute("SET deadlock_timeout = '100ms'")
            met.wait()
            return operating.redeliver(Delivery.objects.all())

        outcomes = in_threads(redeliver, lock_backwards)
        assert sorted(outcomes, key=str) == [2, None]
        assert states() == [State.PENDING] * 2
        assert {d.error for d in Delivery.objects.all()} == {"held"}

    def test_a_worker_that_claims_meanwhile_and_an_operator_never_have_the_same(self) -> None:
        deliveries(*[None] * 60)
        claimed: list[Delivery] = []

        def work() -> int:
            while taken := ledger.claim(OTHER, ["receiver"], 5):
                claimed.extend(taken)
            return len(claimed)

        pending = Delivery.objects.filter(state=State.PENDING)
        _, canceled = in_threads(work, lambda: operating.cancel(pending))
        assert len(claimed) + canceled == 60
        assert Counter(states()) == +Counter(running=len(claimed), canceled=canceled)


def in_thread(operation):
    outcomes: list = []

    def run() -> None:
        try:
            outcomes.append(operation())
        finally:
            connection.close()

    thread = threading.Thread(target=run)
    thread.start()
    return thread, outcomes


def in_threads(*operations) -> list:
    started = [in_thread(operation) for operation in operations]
    for thread, _ in started:
        thread.join(60)
    return [outcome for _, outcomes in started for outcome in outcomes]


def wait_for_a_lock() -> None:
    """Return when somebody waits for a lock of this connection's transaction."""
    waiting = (
        "SELECT count(*) FROM pg_locks "
        "WHERE NOT granted AND pg_backend_pid() = ANY(pg_blocking_pids(pid))"
    )
    with connection.cursor() as cursor:
        for _ in range(10_000):
            cursor.execute(waiting)
            if cursor.fetchone()[0]:
                return
    raise AssertionError("nobody waits")
