"""The commands for deliveries as an operator types them: pipes, terminals, exit statuses."""

import json
import os
import pty
import shutil
import subprocess

import pytest

from tests.project.processes import COMMAND, environment, run

pytestmark = pytest.mark.any_database

RECEIVERS = """
from workflow_events.events import on
from workflow_events.workflow.events import post_create_case

@on(post_create_case, background=True, name="mail.send")
def send(case): ...
"""
FILL = """
from datetime import timedelta
from django.utils import timezone
from workflow_events.delivery.models import Delivery, LoggedEvent
from workflow_events.events.declaration.identifiers import uuid7

then = timezone.now() - timedelta(hours=2)
for state, error in (("dead", "ConnectionError: no answer" + "!" * 99), ("dead", ""), ("done", "")):
    event = LoggedEvent.objects.create(
        id=uuid7(), name="post_create_case", time=then, content={"version": 1, "payload": {}}
    )
    Delivery.objects.create(
        event=event, receiver="mail.send", state=state, due=then, created_at=then,
        finished_at=then, error=error, attempts=8,
    )
"""
SETTINGS = {"ENV": "dev", "EVENT_RECEIVER_MODULES": "receivers"}


@pytest.fixture(scope="module")
def filled(tmp_path_factory):
    """A directory with a receiver, and a database with two dead deliveries and one done."""
    directory = tmp_path_factory.mktemp("deliveries")
    (directory / "receivers.py").write_text(RECEIVERS)
    for command in (["migrate", "-v0"], ["shell", "-v0", "-c", FILL]):
        ended = run(*command, cwd=directory, **SETTINGS)
        assert (ended.returncode, ended.stderr) == (0, "")
    return directory


@pytest.fixture
def directory(filled, tmp_path):
    return shutil.copytree(filled, tmp_path / "copy")


def typed(directory, *arguments):
    return run(*arguments, cwd=directory, **SETTINGS)


def listed(directory):
    """Return the state of each delivery."""
    ended = typed(directory, "deliveries", "--state", "all", "--order", "due", "--json")
    return [json.loads(line)["state"] for line in ended.stdout.splitlines()]


class Terminal:
    """Runs a command on a terminal of its own, types an answer, reads what is written."""

    def __init__(self, directory, *arguments, answer=""):
        ours, theirs = pty.openpty()
        variables = environment(**SETTINGS, COLUMNS="100", TERM="xterm")
        process = subprocess.Popen(
            [COMMAND, *arguments],
            cwd=directory,
            env=variables,
            stdin=theirs,
            stdout=theirs,
            stderr=theirs,
        )
        os.close(theirs)
        os.write(ours, answer.encode())
        self.text = "".join(self._read(ours)).replace("\r\n", "\n")
        try:
            self.status = process.wait(60)
        finally:
            process.kill()
            process.wait()
            os.close(ours)

    def _read(self, terminal):
        while True:
            try:
                read = os.read(terminal, 10_000)
            except OSError:  # Linux says so that nobody has it open any more
                return
            if not read:
                return
            yield read.decode()


def test_a_list_that_is_piped_is_whole_and_without_colours(directory):
    ended = typed(directory, "deliveries")
    assert ended.returncode == 0
    lines = [line.split("\t") for line in ended.stdout.splitlines()]
    assert [line[1] for line in lines] == ["state", "dead", "dead"]
    assert lines[2][-1] == "ConnectionError: no answer" + "!" * 99
    assert "\x1b" not in ended.stdout + ended.stderr
    assert ended.stderr == "In all: 1 done, 2 dead.\n"


def test_a_list_on_a_terminal_is_coloured_and_fits(directory):
    shown = Terminal(directory, "deliveries")
    assert shown.status == 0
    header, *lines, summary = shown.text.splitlines()
    names = ("ID", "STATE", "ATTEMPTS", "WHEN", "RECEIVER", "EVENT", "CASE", "ERROR")
    assert tuple(header.split()) == names
    assert [line.split()[1] for line in lines] == ["\x1b[31mdead\x1b[0m"] * 2
    assert lines[1].endswith("!…")
    assert all(len(line.replace("\x1b[31m", "").replace("\x1b[0m", "")) <= 100 for line in lines)
    assert summary == "In all: 1 done, 2 dead."


def test_who_reads_only_the_first_line_gets_no_error(directory):
    ended = subprocess.run(
        f"{COMMAND} deliveries | head -n 0; echo ${{PIPESTATUS[0]}}",
        shell=True,
        executable="/bin/bash",
        env=environment(**SETTINGS),
        cwd=directory,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert "Traceback" not in ended.stderr
    assert "BrokenPipe" not in ended.stderr
    assert ended.stdout == "0\n"


@pytest.mark.parametrize(
    ("answer", "status", "said", "states"),
    [
        ("y\n", 0, "Redelivered 2 deliveries: 2 dead.", ["pending", "pending", "done"]),
        ("\n", 1, "Nothing was done.", ["dead", "dead", "done"]),
    ],
)
def test_who_is_there_is_asked(directory, answer, status, said, states):
    asked = Terminal(directory, "redeliver", "--state", "dead", answer=answer)
    assert "Redeliver 2 deliveries: 2 dead? [y/N] " in asked.text
    assert asked.text.endswith(f"{said}\n")
    assert asked.status == status
    assert sorted(listed(directory)) == sorted(states)


def test_where_nobody_is_there_nothing_is_done_without_yes(directory):
    ended = typed(directory, "cancel", "--state", "dead")
    assert (ended.returncode, ended.stdout) == (2, "")
    assert len(ended.stderr.splitlines()) == 1
    assert sorted(listed(directory)) == ["dead", "dead", "done"]
    ended = typed(directory, "cancel", "--state", "dead", "--yes")
    assert (ended.returncode, ended.stdout) == (0, "Canceled 2 deliveries: 2 dead.\n")
    assert sorted(listed(directory)) == ["canceled", "canceled", "done"]


def test_replay_and_prune(directory):
    ended = typed(directory, "replay", "--receiver", "send", "--since", "3h", "--yes")
    assert (ended.returncode, ended.stderr) == (0, "")
    assert ended.stdout == "Delivers 3 events to mail.send: 0 for the first time, 3 again.\n"
    ended = typed(directory, "prune", "--before", "1h")
    assert (ended.returncode, ended.stderr) == (0, "")
    assert ended.stdout.splitlines()[0].startswith("Deleted 0 events from before ")
    assert ended.stdout.splitlines()[1].startswith("Kept 3 ")
    assert listed(directory) == ["pending"] * 3


def test_help_needs_no_database(tmp_path):
    ended = run("replay", "--help", cwd=tmp_path, ENV="dev", EVENT_RECEIVER_MODULES="")
    assert ended.returncode == 0
    assert ended.stdout.startswith("usage: workflow-events replay ")
    assert list(tmp_path.iterdir()) == []


def test_tables_that_are_missing_are_named(tmp_path):
    ended = run("deliveries", cwd=tmp_path, ENV="dev", EVENT_RECEIVER_MODULES="")
    assert ended.returncode == 1
    assert ended.stderr.startswith("workflow-events: DATABASE_URL: the tables are missing or not")
    assert len(ended.stderr.splitlines()) == 1
