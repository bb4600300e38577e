"""Listing, redelivering and canceling: what the commands take, say, change and end with."""

import json
from datetime import datetime

import pytest

from tests.cli.ledger import one_of_each
from tests.delivery.deliveries import ago, deliveries, states
from workflow_events.delivery.models import LoggedEvent, State
from workflow_events.events.declaration.identifiers import uuid7
from workflow_events.graphql.ids import to_global_id

pytestmark = pytest.mark.django_db


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

    def test_ids_are_taken_as_clients_see_them(self, typed):
        case = uuid7()
        [delivery] = deliveries(None)
        key = delivery.pk
        LoggedEvent.objects.update(case=case)
        for arguments in (
            ["--case", str(case)],
            ["--case", to_global_id("Case", case)],
            [to_global_id("Delivery", key)],
        ):
            status, out, _ = typed(f"deliveries {' '.join(arguments)}")
            assert (status, str(key) in out) == (0, True)
        assert typed(f"deliveries --case {to_global_id('Case', uuid7())}")[1].count("\n") == 1
        assert typed(f"deliveries {to_global_id('Case', case)}")[0] == 2

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
        LoggedEvent.objects.filter(pk=old.event_id).update(case=case, name="gone_since")
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
            ("--event gone_since", {old.pk}),
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
            (
                "--receiver sned",
                "--receiver: 'sned' is no receiver in the background; there are: mail.send, search",
            ),
            ("--older-than 2x", "--older-than: '2x' is no span of time; write 90s, 15m, 2h, 30d"),
            ("--older-than 99999999d", "--older-than: '99999999d' is longer ago than time"),
            ("--case 12", "--case: '12' is no id of a case"),
            ("--limit -1", "--limit: '-1' is no whole number from 0"),
            ("--limit many", "--limit: 'many' is no whole number from 0"),
            ("--order random", "--order: invalid choice: 'random'"),
            ("--event post_mater", "--event: 'post_mater' is no event, neither declared nor in"),
            ("--colour", "unrecognized arguments: --colour"),
            ("--stat dead", "unrecognized arguments: --stat"),
            ("--stat=dead", "unrecognized arguments: --stat"),
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

    @pytest.mark.parametrize("command", ["redeliver", "cancel"])
    def test_an_id_that_is_not_there_means_nothing_else(self, typed, nudges, command):
        keys = one_of_each()
        before = states()
        missing = keys["canceled"] + 1
        status, out, _ = typed(command, missing)
        assert status == 1
        assert out.splitlines()[1:] == [f"There is no delivery {missing}."]
        assert " 0 deliveries." in out
        assert (states(), nudges) == (before, [])

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
