"""``workflow-events explain``: what a mutation would bring about."""

import io
import json
from math import inf
from pathlib import Path

import pytest
from django.core.mail import EmailMessage
from django.core.management import call_command
from django.core.management.base import CommandError
from django.db import transaction
from django.test import override_settings

from tests.graphql.policies import in_force
from workflow_events.access.permissions import CreatedByGroup
from workflow_events.delivery.models import Delivery, LoggedEvent
from workflow_events.events import filter_events, on
from workflow_events.events.tracing.mail import EmailBackend
from workflow_events.workflow import api, design
from workflow_events.workflow.events import post_complete_work_item, post_create_work_item
from workflow_events.workflow.models import Case, WorkItem
from workflow_events.workflow.users import BaseUser

CLERK = BaseUser("clerk", ["clerks"])
START = 'mutation { startCase(input: {workflow: "one"}) { case { status createdByUser } } }'

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _receivers():
    """In place of those that other commands are tested with."""


@pytest.fixture
def item():
    design.save_task("only", CLERK, name="Only")
    design.save_workflow("one", CLERK, name="One", start_tasks=["only"])
    return api.start_case("one", CLERK).work_items.get()


@pytest.fixture
def explain(capsys):
    """Run the command; returns its status, and what it wrote."""

    def explain(*arguments):
        status = 0
        try:
            call_command("explain", *map(str, arguments))
        except SystemExit as end:
            status = end.code
        return status, capsys.readouterr().out

    return explain


def rows():
    models = (Case, WorkItem, LoggedEvent, Delivery)
    return [list(model.objects.order_by("pk").values()) for model in models]


def never():
    raise AssertionError


def test_a_verb_and_all_that_becomes_of_receivers(explain, item):
    @on(post_complete_work_item)
    def runs(work_item):
        transaction.on_commit(never)
        message = EmailMessage("Done\x1b[2J", to=["you@example.com"])
        EmailBackend(backend="never").send_messages([message])
        api.start_case("one", CLERK)

    on(post_complete_work_item)(filter_events(lambda work_item: False)(never))
    on(post_complete_work_item)(never)
    on(post_complete_work_item, atomic=False)(never)
    on(post_complete_work_item, delivery="commit")(never)
    on(post_create_work_item, background=True, name="delivers")(never)
    before = rows()

    arguments = ("--work-item", item.pk, "--verb", "complete", "--user", "me", "--group", "g")
    status, written = explain(*arguments)
    assert (status, rows()) == (0, before)
    lines = written.splitlines()
    assert lines[0].startswith("The mutation was done, and undone: ")
    here = str(Path(__file__).relative_to(Path.cwd()))
    assert [line for line in lines if __file__ in line] == []
    place = lines.index("post_complete_work_item from CompleteWorkItem")
    assert lines[place - 1] == "pre_complete_work_item from CompleteWorkItem, nobody listens"
    shown = [line.partition(" (")[0] for line in lines[place + 1 :] if here not in line]
    name = f"{__name__}.never"
    assert shown == [
        f"├─ ran: {__name__}.test_a_verb_and_all_that_becomes_of_receivers.<locals>.runs",
        "│  ├─ pre_create_case from StartCase, nobody listens",
        "│  ├─ pre_create_work_item from StartCase, nobody listens",
        "│  ├─ post_create_case from StartCase, nobody listens",
        "│  └─ post_create_work_item from StartCase, stored in the event log",
        f"│     └─ in the background: {name}",
        "│           delivers",
        f"├─ filtered out: {name}",
        f"├─ failed: {name}",
        "│     AssertionError",
        f"├─ not run: {name}",
        "│     atomic=False",
        f"└─ after commit: {name}",
        "pre_complete_case from CompleteWorkItem, nobody listens",
        "post_complete_case from CompleteWorkItem, nobody listens",
        "Mail that was not sent:",
        "  to you@example.com: Done [2J",
        "Not called, as nothing was committed:",
        f"  {name}",
    ]

    status, written = explain(*arguments, "--json")
    assert (status, rows()) == (0, before)
    found = json.loads(written)
    assert found["data"] == {"completeWorkItem": {"clientMutationId": None}}
    assert found["errors"] == []
    assert found["mails"] == [{"to": ["you@example.com"], "subject": "Done\x1b[2J"}]
    [completed] = [e for e in found["events"] if e["event"] == "post_complete_work_item"]
    assert len(completed["receivers"]) == 5


def test_a_mutation_with_variables_by_text_file_and_standard_input(
    explain, item, tmp_path, monkeypatch
):
    text = START.replace("mutation", "mutation ($name: String!)").replace('"one"', "$name")
    text = text.replace("String!", "ID!")
    file, variables = tmp_path / "start.graphql", tmp_path / "variables.json"
    file.write_text(text)
    variables.write_text('{"name": "one"}')
    for given in (text, file, "-"):
        monkeypatch.setattr("sys.stdin", io.StringIO(text))
        status, written = explain(
            "--mutation", given, "--variables", variables, "--user", "me", "--json"
        )
        assert status == 0
        assert json.loads(written)["data"]["startCase"]["case"] == {
            "status": "RUNNING",
            "createdByUser": "me",
        }
    assert Case.objects.count() == 1


def test_a_mutation_that_fails_is_explained_all_the_same(explain, item):
    on(post_complete_work_item, raise_exception=True)(never)
    status, written = explain("--work-item", item.pk, "--verb", "complete")
    assert status == 1
    first, second, *_ = written.splitlines()
    assert first.startswith("The mutation failed: ")
    assert second == "  completeWorkItem: A receiver failed; the log says why. (RECEIVER_ERROR)"
    assert "AssertionError; the operation was refused" in written
    item.refresh_from_db()
    assert item.status == "ready"


def test_permissions_hold_for_who_acts(explain, item):
    arguments = ("--case", item.case_id, "--verb", "cancel", "--json")
    with in_force(CreatedByGroup()):
        status, written = explain(*arguments)
        assert (status, json.loads(written)["events"]) == (1, [])
        assert json.loads(written)["errors"][0]["extensions"] == {"code": "PERMISSION_DENIED"}
        status, _ = explain(*arguments, "--user", "me", "--group", "clerks")
        assert status == 0
    assert Case.objects.get().status == "running"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--case", "x"], "--verb is missing"),
        (
            ["--case", "x", "--verb", "complete"],
            "'complete' is no verb of a case; there are cancel",
        ),
        (["--case", "x", "--verb", "cancel", "--variables", "{}1"], "neither JSON"),
        (["--case", "x", "--verb", "cancel", "--operation", "A"], "belong to --mutation"),
        (["--mutation", START, "--verb", "cancel"], "belong to --case"),
        (["--mutation", START, "--group", "g"], "--group needs --user"),
        (["--mutation", START, "--token", "t", "--user", "u"], "leave out --user"),
        (["--mutation", START, "--user", ""], "--user has no name"),
        (["--mutation", "no/such.graphql"], "neither a GraphQL document nor a file"),
        (["--mutation", ""], "'' is neither a GraphQL document nor a file"),
        (["--case", "x", "--verb", "cancel", "--input", '{"id": "y"}'], "leave 'id' out; --case"),
    ],
)
def test_wrong_options_are_refused(explain, arguments, message):
    with pytest.raises(CommandError, match=message) as refusal:
        explain(*arguments)
    # Django's own parser raises where a test calls it, and ends a process with 2.
    assert refusal.value.returncode == (1 if "neither JSON" in message else 2)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--mutation", "{ allCases { totalCount } }"], "only mutations are explained"),
        (["--mutation", "mutation { nothing }"], "nothing"),
        (["--mutation", START, "--variables", "[{}]"], "must be a JSON object"),
        (["--mutation", START, "--variables", '{"a":' * 9_999], "neither JSON"),
        (["--mutation", START, "--variables", '{"a":' * 60 + "1" + "}" * 60], "QUERY_DEPTH_LIMIT"),
        (["--mutation", START, "--operation", "A"], "--operation"),
    ],
)
def test_what_cannot_be_explained_is_refused(explain, arguments, message):
    with pytest.raises(CommandError, match=message):
        explain(*arguments)


@override_settings(REQUEST_DEADLINE=1)
def test_the_deadline_of_requests_holds(explain, item, monkeypatch):
    @on(post_complete_work_item)
    def dawdles():
        monkeypatch.setattr("workflow_events.graphql.limits.deadline.monotonic", lambda: inf)

    status, written = explain("--work-item", item.pk, "--verb", "complete")
    monkeypatch.undo()
    assert status == 1
    assert "(LIMIT_EXCEEDED)" in written.splitlines()[1]
    assert "├─ ran: " in written or "└─ ran: " in written
    item.refresh_from_db()
    assert item.status == "ready"


def test_colours_are_for_terminals(item):
    class Terminal(io.StringIO):
        def isatty(self):
            return True

    on(post_complete_work_item)(lambda: None)
    done = ("explain", "--work-item", str(item.pk), "--verb", "complete")
    terminal, plain, forced = Terminal(), Terminal(), io.StringIO()
    call_command(*done, "--no-color", stdout=plain)
    call_command(*done, "--force-color", stdout=forced)
    assert "\x1b" not in plain.getvalue()
    assert "\x1b[32mran\x1b[0m: " in forced.getvalue()
    call_command(*done, stdout=terminal)
    assert "\x1b[32mran\x1b[0m: " in terminal.getvalue()
