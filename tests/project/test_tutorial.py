"""The tutorial, followed from its first line to its last, in two terminals and over real HTTP."""

import json
import re
import shutil
import sqlite3
import sys
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from tests.project.pages import Block, blocks_of
from tests.project.processes import ROOT, free_port
from tests.project.terminals import First, Second

pytestmark = pytest.mark.any_database

PAGES = ("first-steps", "first-receiver", "tested-in-the-background")
VENV = Path(sys.prefix)
# The environment of the tests is complete: nothing is to be installed.
MAKE = f"make run VENV={VENV} --old-file={VENV}/bin/.installed"
INSTALL = "pip install '../workflow-events[service]' pytest pytest-django\n"
CHECKOUT = ("Makefile", "pyproject.toml", "extensions")
FILE = re.compile(r"`([\w/]+\.py)` to$")


class Walk:
    """Does what the pages say, and compares what they show."""

    def __init__(self, directory: Path, port: int) -> None:
        self.port = port
        self.office = directory / "office"
        checkout = directory / "workflow-events"
        for name in CHECKOUT:
            copy = shutil.copytree if (ROOT / name).is_dir() else shutil.copy
            checkout.mkdir(exist_ok=True)
            copy(ROOT / name, checkout / name)
        variables = {"PORT": str(port), "WEB_CONCURRENCY": "1"}
        self.first = First(checkout, **variables)
        self.second = Second(checkout)
        self.printed = ""
        self.item = ""
        self.done: list[str] = []

    def follow(self, block: Block) -> None:
        """Do or compare what stands in one block."""
        text = block.text.replace(":8000/", f":{self.port}/")
        if block.language == "sh":
            self.type(text)
        elif block.language == "python":
            (self.office / FILE.search(block.before)[1]).write_text(text)
        elif block.language == "json":
            assert json.loads(alike(self.printed)) == json.loads(alike(text))
        elif "first terminal shows" in block.before or block.before.endswith("says so:"):
            for line in text.splitlines():
                self.first.output.wait_for(pattern(line))
        else:
            assert re.search(pattern(alike(text)), alike(self.printed)), self.printed
        self.done.append(block.language)

    def type(self, commands: str) -> None:
        """Type commands into one of the terminals."""
        if commands == "make run\n":
            self.first.serve(MAKE)
            self.try_what_is_printed()
        elif "workflow-events serve" in commands:
            self.first.serve(commands)
            self.first.output.wait_for("^Serving ")
        else:
            if "deliveries" in commands:
                self.wait_for_the_worker()
            commands = commands.replace("python3 -m venv .venv", f"ln -s {VENV} .venv")
            commands = commands.replace(INSTALL, "").replace("…", self.item)
            self.printed = self.second.run(commands)
            ready = re.search(r'"id": "([^"]+)", "name": "[^"]+", "status": "READY"', self.printed)
            self.item = ready[1] if ready else self.item

    def try_what_is_printed(self) -> None:
        """The service says itself what to try first."""
        self.first.output.wait_for("docs/tutorial/first-steps.md")
        printed = "\n".join(self.first.output.lines)
        command = re.search(r"^  curl (.|\n)*?(?=\n\n)", printed, re.MULTILINE)[0]
        answer = json.loads(self.second.run(command))
        assert answer["data"]["saveCase"]["case"]["status"] == "RUNNING"

    def wait_for_the_worker(self) -> None:
        """A reader has needed longer than the worker needs to COMMIT what it has done."""
        end = time.monotonic() + 30
        with closing(sqlite3.connect(self.office / "db.sqlite3")) as database:
            while time.monotonic() < end:
                states = database.execute("SELECT state FROM delivery_delivery").fetchall()
                if states == [("done",)]:
                    return
        raise AssertionError(states)


def alike(text: str) -> str:
    """Replace what differs each time."""
    text = re.sub(r"\b(V29ya0l0ZW06|Q2FzZTo)[^\"]*", "ID", text)
    text = re.sub(r"\b[0-9a-f]{8}-([0-9a-f-]{27}|…)", "ID", text)
    text = re.sub(r"\d+\.\d ms", "1.0 ms", re.sub(r"\d{4}-\d\d-\d\d", "2026-11-21", text))
    return re.sub(r"\ds ago", "3s ago", re.sub(r" +", " ", text))


def pattern(text: str) -> str:
    """Let … stand for anything."""
    return ".*".join(re.escape(part.rstrip(" ")) for part in text.rstrip().split("…"))


@pytest.fixture
def walk(tmp_path: Path) -> Iterator[Walk]:
    walk = Walk(tmp_path, free_port())
    try:
        yield walk
    finally:
        walk.second.close()
        walk.first.close()


def test_the_tutorial_works_as_it_says(walk: Walk):
    for page in PAGES:
        for block in blocks_of(ROOT / f"docs/tutorial/{page}.md"):
            walk.follow(block)
    assert walk.done.count("python") == 4
