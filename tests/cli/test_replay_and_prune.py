"""Replaying and pruning: what the commands take, say, change and end with."""

from datetime import UTC, datetime, timedelta

import pytest
from django.utils import timezone

from tests.cli.ledger import one_of_each
from tests.delivery.deliveries import ago, deliveries, states
from workflow_events.delivery.models import Delivery, LoggedEvent, State

pytestmark = pytest.mark.django_db


class TestPrune:
    @pytest.fixture(autouse=True)
    def _old(self, settings):
        settings.EVENT_LOG_RETENTION = 90
        one_of_each()
        long_ago = timezone.now() - timedelta(days=91)
        LoggedEvent.objects.update(time=long_ago)

    def test_what_is_kept_and_why(self, typed):
        status, out, err = typed("prune")
        first, second = out.splitlines()
        day = datetime.now(UTC) - timedelta(days=90)
        assert (status, err) == (0, "")
        assert first.startswith(f"Deleted 2 events from before {day:%Y-%m-%d}")
        assert first.endswith(" UTC with 2 deliveries.")
        assert second == "Kept 3 as old: a delivery of each is pending, running or dead."
        assert states() == ["pending", "running", "dead"]

    def test_a_dry_run_deletes_nothing(self, typed):
        status, out, _ = typed("prune --dry-run")
        assert status == 0
        assert out.startswith("Would delete 2 events from before ")
        assert len(states()) == 5

    @pytest.mark.parametrize(
        "before", ["92d", "2001-02-03", "2001-02-03T04:05", "2001-02-03T04:05Z"]
    )
    def test_another_time(self, typed, before):
        status, out, _ = typed(f"prune --before {before}")
        assert status == 0
        assert out.startswith("Deleted 0 events from before ")
        assert len(states()) == 5

    @pytest.mark.parametrize("before", ["yesterday", "2001-02-30", "2001-13-01T00:00", "30"])
    def test_a_wrong_time(self, typed, before):
        status, _, err = typed(f"prune --before {before}")
        assert status == 2
        assert err.startswith(f"workflow-events prune: --before: '{before}' is no time; write 20")
        assert len(states()) == 5

    def test_without_a_retention_nothing_is_old(self, typed, settings):
        settings.EVENT_LOG_RETENTION = 0
        status, out, _ = typed("prune")
        assert status == 0
        assert out == "Nothing is pruned: EVENT_LOG_RETENTION is 0. --before says otherwise.\n"
        assert len(states()) == 5


class TestReplay:
    @pytest.fixture
    def events(self):
        keys = {"name": "post_matter", "receiver": "mail.send", "state": State.DONE}
        done = deliveries(None, None, finished_at=ago(5), **keys)
        [other] = deliveries(None, **{**keys, "name": "post_other"}, finished_at=ago(5))
        return [delivery.event for delivery in (*done, other)]

    def test_again_and_for_the_first_time(self, typed, events):
        status, out, err = typed("replay --receiver index --yes")
        assert (status, err) == (0, "")
        assert out == "Delivers 3 events to search.index: 3 for the first time, 0 again.\n"
        status, out, err = typed("replay --receiver send --event post_matter --yes")
        assert (status, err) == (0, "")
        assert out == "Delivers 2 events to mail.send: 0 for the first time, 2 again.\n"
        pending = Delivery.objects.filter(state=State.PENDING)
        assert pending.filter(receiver="search.index").count() == 3
        assert pending.filter(receiver="mail.send").count() == 2

    def test_a_second_time_they_are_on_their_way(self, typed, events):
        typed("replay --receiver index --yes")
        status, out, _ = typed("replay --receiver index --yes")
        assert status == 0
        assert out.splitlines() == [
            "Delivers 0 events to search.index: 0 for the first time, 0 again.",
            "Left out 3: on its way already.",
        ]

    def test_one_event(self, typed, events):
        status, out, _ = typed(f"replay --receiver index --yes --event {events[1].pk}")
        assert status == 0
        assert out.startswith("Delivers 1 event to search.index")
        assert Delivery.objects.get(receiver="search.index").event_id == events[1].pk

    def test_a_time(self, typed, events):
        LoggedEvent.objects.filter(pk=events[0].pk).update(time=ago(7_200))
        assert "Delivers 1 event " in typed("replay --receiver index --yes --until 1h")[1]
        assert "Delivers 2 events " in typed("replay --receiver index --yes --since 1h")[1]

    def test_a_dry_run_asks_nobody_and_stores_nothing(self, typed, events, nudges):
        status, out, _ = typed("replay --receiver index --dry-run")
        assert status == 0
        assert out == "Would deliver 3 events to search.index: 3 for the first time, 0 again.\n"
        assert len(states()) == 3
        assert nudges == []

    @pytest.mark.parametrize(
        ("options", "status", "message"),
        [
            ("--receiver index", 2, "--yes: is needed where nobody can be asked: Replay 3 events"),
            ("--yes", 2, "the following arguments are required: --receiver"),
            ("--receiver sned --yes", 2, "--receiver: 'sned' is no receiver in the background; "),
            (
                "--receiver send --event post_other --yes",
                1,
                "mail.send does not listen to post_other; it listens to post_matter",
            ),
            (
                "--receiver send --event 0192a000-0000-7000-8000-000000000001 --yes",
                1,
                "0192a000-0000-7000-8000-000000000001: there is no such event in the log",
            ),
            ("--receiver send --until 2001-01-01 --yes", 1, "no logged event that mail.send "),
        ],
    )
    def test_what_is_refused_does_nothing(self, typed, events, options, status, message):
        ended, out, err = typed(f"replay {options}")
        assert (ended, out, len(err.splitlines())) == (status, "", 1)
        assert err.startswith(f"workflow-events replay: {message}")
        assert len(states()) == 3

    def test_a_receiver_that_only_the_ledger_knows(self, typed):
        deliveries(None, receiver="renamed", name="post_matter")
        status, _, err = typed("replay --receiver renamed --yes")
        assert status == 1
        assert err == (
            "workflow-events replay: renamed: no receiver of this name is registered in the "
            "background; there are: mail.send, search.index\n"
        )

    def test_a_name_that_means_two(self, typed):
        deliveries(None, receiver="letters.send")
        status, _, err = typed("replay --receiver send --yes")
        assert status == 2
        assert err == (
            "workflow-events replay: --receiver: 'send' may be any of letters.send, mail.send\n"
        )
