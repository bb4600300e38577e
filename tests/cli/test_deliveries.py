"""The commands for deliveries: what they take, say, change and end with."""

import json
from datetime import UTC, datetime, timedelta

import pytest
from django.utils import timezone

from tests.delivery.deliveries import ago, deliveries, states
from workflow_events.cli.operating import operate
from workflow_events.delivery.models import FINISHED, Delivery, LoggedEvent, State
from workflow_events.events import Event, on
from workflow_events.events.identifiers import uuid7

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _receivers(nudges):
    class PostMatter(Event):
        pass

    class PostOther(Event):
        pass

    @on(PostMatter, delivery="background", name="mail.send")
    def send(): ...

    @on("post_*", delivery="background", name="search.index")
    def index(): ...


def one_of_each(**values):
    """Store a delivery in every state, and return their keys by state."""
    keys = {}
    for state in State.values:
        finished = ago(5) if state in FINISHED else None
        values = {"receiver": "mail.send", "name": "post_matter", **values}
        [delivery] = deliveries(None, state=state, finished_at=finished, **values)
        keys[state] = delivery.pk
    return keys


@pytest.fixture
def typed(capsys):
    """Run a command; returns its status, and what it wrote to both outputs."""

    def typed(line, *more):
        command, *options = [*line.split(), *map(str, more)]
        try:
            status = operate(command, options)
        except SystemExit as end:
            status = end.code
        written = capsys.readouterr()
        return status, written.out, written.err

    return typed


class TestList:
    def test_what_needs_attention_newest_first_with_tabs(self, typed):
        case = uuid7()
        keys = one_of_each(error="Boom:\tloud\nand more")
        LoggedEvent.objects.update(case=case)
        status, out, err = typed("deliveries")
        header, *lines = [line.split("\t") for line in out.splitlines()]
        assert status == 0
        assert header == ["id", "state", "attempts", "due", "receiver", "event", "case", "error"]
        assert [line[:2] for line in lines] == [
            [str(keys[state]), state] for state in ("dead", "running", "pending")
        ]
        for line in lines:
            assert datetime.fromisoformat(line[3]).tzinfo is not None
            assert line[4:] == ["mail.send", "post_matter", str(case), "Boom: loud"]
        assert err == "In all: 1 pending, 1 running, 1 done, 1 dead, 1 canceled.\n"

    def test_nothing_is_coloured_where_nobody_reads_along(self, typed):
        one_of_each()
        assert "\x1b" not in "".join(typed("deliveries")[1:])

    def test_receivers_that_are_not_registered_are_named(self, typed):
        deliveries(None, None, receiver="renamed")
        assert typed("deliveries")[2].splitlines() == [
            "In all: 2 pending.",
            "Not registered here, so that nobody gets them: renamed (2 unfinished).",
        ]

    def test_an_empty_ledger(self, typed):
        status, out, err = typed("deliveries")
        assert (status, len(out.splitlines()), err) == (0, 1, "In all: no deliveries.\n")

    def test_a_limit_is_said(self, typed):
        deliveries(*[None] * 3, receiver="mail.send")
        _, out, err = typed("deliveries --limit 2")
        assert len(out.splitlines()) == 3
        assert err.startswith("Shown are 2 of 3; --limit 0 shows all.\n")
        _, out, err = typed("deliveries --limit 0")
        assert len(out.splitlines()) == 4
        assert err == "In all: 3 pending.\n"

    def test_filters(self, typed):
        keys = one_of_each()
        [other] = deliveries(None, receiver="search.index", name="post_other")
        [old] = deliveries(None, receiver="search.index", created_at=ago(7_200))
        case = uuid7()
        LoggedEvent.objects.filter(pk=old.event_id).update(case=case)
        attention = {keys["pending"], keys["running"], keys["dead"]}
        for options, found in (
            ("--state dead", {keys["dead"]}),
            ("--state done,canceled", {keys["done"], keys["canceled"]}),
            ("--state done --state dead", {keys["done"], keys["dead"]}),
            ("--state all", {*keys.values(), other.pk, old.pk}),
            ("--receiver search.index", {other.pk, old.pk}),
            ("--receiver index", {other.pk, old.pk}),
            ("--receiver send --receiver index", {*attention, other.pk, old.pk}),
            ("--event post_other", {other.pk}),
            (f"--event {old.event_id}", {old.pk}),
            (f"--event {old.event_id} --event post_other", {old.pk, other.pk}),
            (f"--case {case}", {old.pk}),
            ("--older-than 1h", {old.pk}),
            ("--newer-than 90m --receiver index", {other.pk}),
            ("--receiver index --event post_matter", set()),
        ):
            status, out, _ = typed(f"deliveries --json {options}")
            assert status == 0
            assert {json.loads(line)["id"] for line in out.splitlines()} == found, options

    def test_by_due_time(self, typed):
        [late] = deliveries(None, due=ago(1))
        [early] = deliveries(None, due=ago(9))
        _, out, _ = typed("deliveries --json --order due")
        assert [json.loads(line)["id"] for line in out.splitlines()] == [early.pk, late.pk]

    @pytest.mark.parametrize(
        ("options", "message"),
        [
            ("--state ded", "--state: 'ded' is not one of pending, running, done, dead, "),
            ("--receiver sned", "--receiver: 'sned' is no receiver; there are: mail.send, search"),
            ("--older-than 2x", "--older-than: '2x' is no span of time; write 90s, 15m, 2h, 30d"),
            ("--older-than 99999999d", "--older-than: '99999999d' is longer ago than time"),
            ("--case 12", "--case: '12' is no id of a case"),
            ("--limit -1", "--limit: '-1' is no whole number from 0"),
            ("--limit many", "--limit: 'many' is no whole number from 0"),
            ("--order random", "--order: invalid choice: 'random'"),
            ("--colour", "unrecognized arguments: --colour"),
            ("x", "ID: 'x' is no id of a delivery"),
            ("0", "ID: '0' is no id of a delivery"),
            (f"{2**63}", f"ID: '{2**63}' is no id of a delivery"),
            ("show", "show: which delivery? give its id"),
            ("7 --state dead", "give ids, or filters, not both"),
        ],
    )
    def test_a_wrong_value_is_one_line_with_its_option(self, typed, options, message):
        status, out, err = typed(f"deliveries {options}")
        assert (status, out, len(err.splitlines())) == (2, "", 1)
        assert err.startswith(f"workflow-events deliveries: {message}")


class TestShow:
    @pytest.fixture
    def dead(self):
        [dead] = deliveries(
            "stream",
            state=State.DEAD,
            receiver="mail.send",
            name="post_matter",
            attempts=8,
            worker="host:1:abcd",
            error="Boom\x1b[2J\nagain",
            traceback='Traceback:\n  File "x"',
            finished_at=ago(5),
        )
        return dead

    @pytest.mark.parametrize("command", ["deliveries {}", "deliveries show {}"])
    def test_everything(self, typed, dead, command):
        status, out, err = typed(command.format(dead.pk))
        assert (status, err) == (0, "")
        assert out.splitlines()[0] == f"Delivery {dead.pk}: dead, 8 attempts"
        for said in ("mail.send", "stream", "host:1:abcd", str(dead.event_id), "post_matter"):
            assert f" {said}\n" in out
        assert 'Content\n  {\n    "version": 1\n  }\n' in out
        # What might move the cursor of whoever reads along is taken out.
        assert 'Error\n  Boom [2J\n  again\nTraceback\n  Traceback:\n    File "x"\n' in out

    def test_as_json(self, typed, dead):
        status, out, _ = typed(f"deliveries {dead.pk} --json")
        shown = json.loads(out)
        assert status == 0
        assert (shown["state"], shown["attempts"], shown["registered"]) == ("dead", 8, True)
        assert (shown["error"], shown["traceback"]) == (dead.error, dead.traceback)
        assert shown["event"]["content"] == {"version": 1}
        assert shown["event"]["id"] == str(dead.event_id)

    def test_one_that_is_not_there(self, typed, dead):
        status, out, err = typed(f"deliveries {dead.pk + 1} {dead.pk}")
        assert status == 1
        assert out.startswith(f"Delivery {dead.pk}: dead")
        assert err == f"workflow-events deliveries: there is no delivery {dead.pk + 1}\n"


class TestChange:
    def test_by_id_nobody_is_asked(self, typed, nudges):
        keys = one_of_each()
        status, out, err = typed("redeliver", keys["dead"], keys["done"])
        assert (status, err) == (0, "")
        assert out == "Redelivered 2 deliveries: 1 done, 1 dead.\n"
        assert states() == ["pending", "running", "pending", "pending", "canceled"]
        assert nudges == [True]

    def test_what_could_not_be_done_is_said_and_is_a_failure(self, typed):
        keys = one_of_each()
        missing = keys["canceled"] + 1
        status, out, err = typed("redeliver", keys["dead"], keys["running"], missing)
        assert (status, err) == (1, "")
        assert out.splitlines() == [
            "Redelivered 1 delivery: 1 dead.",
            "Left 1 as it is: running, on its way already.",
            f"There is no delivery {missing}.",
        ]
        assert states() == ["pending", "running", "done", "pending", "canceled"]

    def test_filters_mean_the_dead_ones_unless_they_say_more(self, typed):
        one_of_each()
        status, out, _ = typed("redeliver --receiver send --yes")
        assert (status, out) == (0, "Redelivered 1 delivery: 1 dead.\n")
        assert states() == ["pending", "running", "done", "pending", "canceled"]
        status, out, _ = typed("redeliver --receiver send --state done,canceled --yes")
        assert (status, out) == (0, "Redelivered 2 deliveries: 1 done, 1 canceled.\n")

    def test_canceling_by_filters_spares_what_is_over(self, typed):
        one_of_each()
        status, out, _ = typed("cancel --receiver send --yes")
        assert status == 0
        assert out.splitlines() == [
            "Canceled 3 deliveries: 1 pending, 1 running, 1 dead.",
            "Of these, 1 ran: what it writes to the database is not stored.",
        ]
        assert states() == ["canceled", "canceled", "done", "canceled", "canceled"]

    def test_what_is_done_cannot_be_canceled(self, typed):
        keys = one_of_each()
        status, out, _ = typed("cancel", keys["done"])
        assert status == 1
        assert out.splitlines() == [
            "Canceled 0 deliveries.",
            "Left 1 as it is: done, done already.",
        ]

    @pytest.mark.parametrize(("command", "number"), [("redeliver", 1), ("cancel", 3)])
    def test_filters_need_a_yes_where_nobody_can_be_asked(self, typed, command, number):
        one_of_each()
        before = states()
        status, out, err = typed(f"{command} --receiver send")
        assert (status, out, len(err.splitlines())) == (2, "", 1)
        assert err.startswith(
            f"workflow-events {command}: --yes: is needed where nobody can be asked: "
            f"{command.capitalize()} {number} deliver"
        )
        assert states() == before

    @pytest.mark.parametrize("command", ["redeliver", "cancel"])
    def test_nothing_that_matches_is_an_error(self, typed, command):
        status, out, err = typed(f"{command} --state dead --yes")
        assert (status, out) == (1, "")
        assert err == f"workflow-events {command}: no delivery matches\n"

    @pytest.mark.parametrize("command", ["redeliver", "cancel"])
    def test_neither_everything_nor_two_ways_at_once(self, typed, command):
        keys = one_of_each()
        before = states()
        assert typed(f"{command} --yes")[::2] == (
            2,
            f"workflow-events {command}: which? give ids, or filters\n",
        )
        assert typed(f"{command} --state dead --yes", keys["dead"])[::2] == (
            2,
            f"workflow-events {command}: give ids, or filters, not both\n",
        )
        assert states() == before


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

    @pytest.mark.parametrize("option", ["--event", "--event-name"])
    def test_one_event(self, typed, events, option):
        status, out, _ = typed(f"replay --receiver index --yes {option} {events[1].pk}")
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
            ("--receiver sned --yes", 2, "--receiver: 'sned' is no receiver; there are: "),
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
