"""The commands of the event core, as an operator runs them, and without the service."""

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest
from django.core.management import call_command, get_commands, load_command_class

from tests.project.processes import COMMAND, ROOT, environment
from workflow_events.cli import HELP
from workflow_events.events import on
from workflow_events.workflow.events import post_create_case

pytestmark = pytest.mark.any_database

PAGE = (ROOT / "docs/reference/commands.md").read_text(encoding="utf-8")
LOOKING = (ROOT / "docs/how-to/look-at-events-and-receivers.md").read_text(encoding="utf-8")
COMMANDS = ["events", "receivers", "new"]
OF_DJANGO = {"--help", "--version", "--settings", "--pythonpath", "--traceback", "--no-color"}
OF_DJANGO |= {"--verbosity", "--force-color", "--skip-checks"}


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_and_option_is_documented(command):
    assert get_commands()[command] == "workflow_events.events"
    assert f"`workflow-events {command}`" in PAGE
    assert re.search(rf"^  {command} ", HELP, re.MULTILINE)
    parser = load_command_class("workflow_events.events", command).create_parser("", command)
    options = options_of(parser) - OF_DJANGO
    assert options - set(re.findall(r"`[^`]*?(--[a-z-]+)", PAGE)) == set()


def options_of(parser):
    """Return the long options of a command, and of what it has below it."""
    found = {o for action in parser._actions for o in action.option_strings if o[:2] == "--"}
    for action in parser._actions:
        for below in (action.choices or {}).values() if action.nargs == "A..." else ():
            found |= options_of(below)
    return found


def test_the_keys_of_json_are_those_of_the_page(listened_json):
    events, receivers = listened_json
    for entry in (*events, *receivers):
        assert [key for key in entry if f"`{key}`" not in LOOKING] == []
    for receiver in receivers[0]["receivers"]:
        assert [key for key in receiver if f"`{key}`" not in LOOKING] == []


@pytest.fixture
def listened_json(capsys):
    on(post_create_case)(lambda case: None)
    found = []
    for command in ("events", "receivers"):
        call_command(command, "--json")
        found.append(json.loads(capsys.readouterr().out)["events"])
    return found


SETTINGS = """
SECRET_KEY = "x"
INSTALLED_APPS = ["office", "workflow_events.events"]
"""
RECEIVERS = """
from workflow_events.events import Event, on

class OfficeClosed(Event):
    pass

@on(OfficeClosed)
def lock(): ...
"""


# One test: processes are dear.
def test_the_commands_run_in_processes_of_their_own(tmp_path):
    # Longer than what a pipe holds: whoever reads has seen enough before the end.
    first = f"{COMMAND} events --asyncapi | head -c 300; exit ${{PIPESTATUS[0]}}"
    ended = shell(first, tmp_path, ENV="dev")
    assert (ended.returncode, ended.stderr) == (0, "")
    assert ended.stdout.startswith('{\n  "asyncapi": "3.0.0",\n  "info": {')

    (tmp_path / "office").mkdir()
    for name, text in {"__init__": "", "settings": SETTINGS, "receivers": RECEIVERS}.items():
        (tmp_path / f"office/{name}.py").write_text(text)
    manage = f"{Path(sys.executable)} -m django"
    bare = {"DJANGO_SETTINGS_MODULE": "office.settings", "PYTHONPATH": str(tmp_path)}
    ended = shell(f"{manage} receivers office_closed", tmp_path, **bare)
    assert (ended.returncode, ended.stderr) == (0, "")
    assert ended.stdout == (
        "office_closed\n  in the transaction:\n   1. office.receivers.lock\n"
        "      office/receivers.py:7\n"
    )


def shell(line, folder, **variables):
    return subprocess.run(
        ["bash", "-c", line],
        env=environment(**variables),
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
