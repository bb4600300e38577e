"""The README's first screen, run as it is written."""

import json
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.project.curl import CURL
from tests.project.processes import ROOT, environment, free_port, started

pytestmark = pytest.mark.any_database

README = (ROOT / "README.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"^```(\w+)\n(.*?)^```$", README, re.MULTILINE | re.DOTALL)
# In the order in which they stand there.
(COMMANDS, RECEIVER, REQUEST, ANSWER, PRINTED) = (text for _, text in BLOCKS)

VENV = Path(sys.prefix)
# The environment of the tests is complete: nothing is to be installed into it.
OPTIONS = [f"VENV={VENV}", f"--old-file={VENV}/bin/.installed"]
OPTIONS += [f"--old-file={VENV}/bin/.installed-dev"]


def without_ids(text):
    """Replace global ids and UUIDs, which differ each time."""
    text = re.sub(r'"Q2FzZTo[A-Za-z0-9+/]+=*"', '"ID"', text)
    return re.sub(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", "ID", text)


def request(command, port):
    """Do what a curl command says, at another port."""
    command = CURL + command.replace(":8000/", f":{port}/")
    asked = subprocess.run(
        ["sh", "-c", command], capture_output=True, text=True, timeout=60, check=True
    )
    return asked.stdout


@pytest.fixture
def extensions(tmp_path):
    """Copy the project's receivers to where PYTHONPATH finds them first."""
    shutil.copytree(
        ROOT / "extensions", tmp_path / "extensions", ignore=shutil.ignore_patterns("__pycache__")
    )
    return tmp_path / "extensions"


def test_the_blocks_are_those_that_are_run_here():
    assert [language for language, _ in BLOCKS] == ["sh", "python", "sh", "json", "text"]
    assert COMMANDS.splitlines() == ["make run", "make test"]
    assert "`extensions/hello.py`" in README
    assert len([line for line in RECEIVER.splitlines() if line]) == 6


def test_the_receiver_prints_what_the_readme_says(extensions, tmp_path):
    (extensions / "hello.py").write_text(RECEIVER)
    port = free_port()
    command = [*shlex.split(COMMANDS.splitlines()[0]), *OPTIONS]
    variables = {
        "PORT": str(port),
        "PYTHONPATH": str(tmp_path),
        "DATABASE_URL": f"sqlite:///{tmp_path}/db.sqlite3",
    }
    with started(command, cwd=ROOT, **variables) as (_, output):
        output.wait_for(f"^Serving http://127.0.0.1:{port}/graphql ")
        answer = request(REQUEST, port)
        output.wait_for("^To do ")
    assert json.loads(without_ids(answer)) == json.loads(without_ids(ANSWER))
    printed = [without_ids(line) for line in output.lines if line.startswith("To do ")]
    assert printed == without_ids(PRINTED).splitlines()


def make_test(**variables):
    """Run ``make test`` for one quick test."""
    command = [*shlex.split(COMMANDS.splitlines()[1]), *OPTIONS]
    command += ["TESTS=tests/project/test_configuration.py -k time_zone"]
    return subprocess.run(
        command,
        env=environment(**variables),
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def test_make_test_says_that_postgresql_was_not_reached():
    url = f"postgres://user:secret@127.0.0.1:{free_port()}/name"
    ended = make_test(TEST_DATABASE_URL=url)
    assert ended.returncode == 0, ended.stdout
    last = ended.stdout.splitlines()[-1]
    assert "SQLite: passed" in last
    assert f"PostgreSQL: not reached at {url.replace(':secret', '')}" in last
    assert make_test(TEST_DATABASE_URL=url, REQUIRE_POSTGRESQL="1").returncode != 0


def test_make_help_lists_every_target():
    ended = subprocess.run(
        ["make", "help"], cwd=ROOT, capture_output=True, text=True, timeout=60, check=True
    )
    for target in ("run", "test", "lint", "docs", "bench", "chaos"):
        assert re.search(rf"^  make {target} ", ended.stdout, re.MULTILINE)
