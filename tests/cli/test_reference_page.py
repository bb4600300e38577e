"""docs/reference/commands.md names every command for deliveries, and every option."""

import re

import pytest

from tests.project.processes import ROOT
from workflow_events.cli import HELP
from workflow_events.cli.commands import COMMANDS, operate

PAGE = (ROOT / "docs/reference/commands.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("command", COMMANDS)
def test_every_option_is_documented(command, capsys):
    with pytest.raises(SystemExit) as end:
        operate(command, ["--help"])
    assert end.value.code == 0
    options = set(re.findall(r"--[a-z-]+", capsys.readouterr().out)) - {"--help"}
    assert options - set(re.findall(r"`[^`]*?(--[a-z-]+)", PAGE)) == set()


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_is_named(command):
    assert f"`workflow-events {command}`" in PAGE
    assert re.search(rf"^  .*\b{command}\b", HELP, re.MULTILINE)
