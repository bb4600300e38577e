"""Reads the command lines that pages show, with the parsers of the real commands; runs none."""

import argparse
import re
import shlex
import subprocess
from collections.abc import Callable, Iterator, Sequence
from unittest import mock

from django.core.management import get_commands, load_command_class

from tests.chaos.__main__ import main as chaos
from tests.project.processes import ROOT
from workflow_events.cli import _run as run_ours

MAKEFILE = (ROOT / "Makefile").read_text(encoding="utf-8")
SETTINGS = (ROOT / "docs/reference/configuration.md").read_text(encoding="utf-8")
SETTING = re.compile(r"`([A-Z][A-Z0-9_]+)`")
OURS = ("serve", "worker", "deliveries", "redeliver", "cancel", "replay", "prune")
WITHOUT_OPTIONS = ("load-example", "schema")
SEPARATORS = {"|", ">", "&&", ";"}
# Programs of others: their options are theirs.
OF_OTHERS = {"curl", "jq", "docker", "pip", "cd", "echo"}


class Accepted(Exception):
    """Raised instead of running what has been read."""


def check_shell(text: str) -> None:
    """Check a block of commands; raises ``AssertionError`` or ``SystemExit`` for a wrong one."""
    subprocess.run(["sh", "-n"], input=text, text=True, check=True)
    for words in commands_in(text):
        check_command(words)


def commands_in(text: str) -> Iterator[list[str]]:
    """Give the words of each command, without the file that it writes to."""
    for line in re.sub(r"\\\n", " ", text).splitlines():
        lexer = shlex.shlex(line, posix=True, punctuation_chars="|>&;")
        lexer.whitespace_split = True
        words = list(lexer)
        while words:
            end = next((n for n, word in enumerate(words) if word in SEPARATORS), len(words))
            yield words[:end]
            # What stands behind the sign for a file is no command.
            behind = 2 if words[end : end + 1] == [">"] else 1
            words = words[end + behind :]


def check_command(words: Sequence[str]) -> None:
    """Check one command."""
    words = [word for word in words if word != "export"]
    while words and (assigned := re.match(r"(\w+)=", words[0])):
        # A variable of the shell is one that no setting has; the block uses it itself.
        assert assigned[1] in {*SETTING.findall(SETTINGS), "TOKEN"}, f"no setting: {words[0]}"
        words = words[1:]
    if not words:
        return
    program, *options = words
    if program in ("workflow-events", ".venv/bin/workflow-events"):
        check_ours(options)
    elif program == "make":
        targets = [option for option in options if "=" not in option]
        assert targets
        for target in targets:
            assert re.search(rf"^{target}:", MAKEFILE, re.MULTILINE), f"make has no {target}"
    elif options[:2] == ["-m", "tests.chaos"]:
        read(chaos, options[2:])
    elif options[:2] == ["-m", "tests.auth.provider"]:
        assert options[2] == "--port"
    else:
        assert program in OF_OTHERS, f"nobody reads {program}"


def check_ours(words: Sequence[str]) -> None:
    """Check a command of ``workflow-events``, or one of Django's that it passes on."""
    command, *options = words
    if command in WITHOUT_OPTIONS:
        assert not options, f"{command} takes no options"
        return
    if command in OURS:
        read(lambda given: run_ours(command, given), options)
        return
    owner = get_commands()[command]
    loaded = load_command_class(owner, command) if isinstance(owner, str) else owner
    loaded.create_parser("workflow-events", command).parse_args(options)


def read(command: Callable[[list[str]], object], options: Sequence[str]) -> None:
    """Call a command that reads its options first, and stop it there."""
    parse = argparse.ArgumentParser.parse_args

    def parse_and_stop(parser: argparse.ArgumentParser, *given: object) -> None:
        parse(parser, *given)
        raise Accepted

    with mock.patch.object(argparse.ArgumentParser, "parse_args", parse_and_stop):
        try:
            command(list(options))
        except Accepted:
            return
    raise AssertionError(f"{options} are read by nobody")
