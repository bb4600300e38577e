"""What type checkers find in receivers of users: tests/typing, and how-to/type-check-receivers.md.

pyright is run by basedpyright, which brings its engine and the node that it needs.
"""

import json
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.project.processes import ROOT, environment

pytestmark = pytest.mark.any_database

FILES = ROOT / "tests/typing"
EXPECTED = {
    name: {
        number
        for number, line in enumerate((FILES / name).read_text().splitlines(), 1)
        if line.endswith("# error")
    }
    for name in ("right.py", "wrong.py")
}
MYPY_ERROR = re.compile(r"^tests/typing/(\w+\.py):(\d+): error: (.*)$", re.MULTILINE)


def found_by_mypy(cache: Path) -> Iterator[tuple[str, int]]:
    output = run("-m", "mypy", "--cache-dir", str(cache), *(f"tests/typing/{f}" for f in EXPECTED))
    return ((file, int(line)) for file, line, _ in MYPY_ERROR.findall(output))


def found_by_pyright() -> Iterator[tuple[str, int]]:
    options = ("--pythonpath", sys.executable, "--outputjson")
    output = run("-m", "basedpyright", "--project", str(FILES), *options)
    for error in json.loads(output)["generalDiagnostics"]:
        assert error["severity"] == "error", error
        yield Path(error["file"]).name, error["range"]["start"]["line"] + 1


def run(*arguments: str) -> str:
    ended = subprocess.run(
        [sys.executable, *arguments],
        env=environment(ENV="dev", EVENT_RECEIVER_MODULES=""),
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert ended.returncode == 1, ended.stdout + ended.stderr
    return ended.stdout


def by_file(found: Iterator[tuple[str, int]]) -> dict[str, set[int]]:
    lines: dict[str, set[int]] = {name: set() for name in EXPECTED}
    for file, line in found:
        lines[file].add(line)
    return lines


def test_most_mistakes_are_marked():
    assert len(EXPECTED["wrong.py"]) >= 30
    assert not EXPECTED["right.py"]


def test_mypy_finds_exactly_the_mistakes(tmp_path):
    assert by_file(found_by_mypy(tmp_path)) == EXPECTED


def test_pyright_finds_exactly_the_mistakes():
    assert by_file(found_by_pyright()) == EXPECTED
