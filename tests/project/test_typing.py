"""What type checkers find in receivers of users: tests/typing, and how-to/type-check-receivers.md.

pyright is run by basedpyright, which brings its engine and the node that it needs.
"""

import json
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterable
from pathlib import Path

import pytest

from tests.project.processes import ROOT, environment

pytestmark = pytest.mark.any_database

FILES = ROOT / "tests/typing"
EXPECTED = {
    number
    for number, line in enumerate((FILES / "wrong.py").read_text().splitlines(), 1)
    if line.endswith("# error")
}
PAGE = (ROOT / "docs/how-to/type-check-receivers.md").read_text(encoding="utf-8")
MYPY_ERROR = re.compile(r"^([\w/.-]+\.py):(\d+): error: .*$", re.MULTILINE)
Found = dict[str, set[int]]


def blocks(language: str) -> list[str]:
    """Return the blocks of the page in a language."""
    return re.findall(rf"^```{language}\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)


@pytest.fixture
def files(tmp_path: Path) -> list[str]:
    """Return the files to check: our own, and those of the page."""
    right, wrong = blocks("python")
    (tmp_path / "page_right.py").write_text(right)
    (tmp_path / "page_wrong.py").write_text(wrong)
    return [str(path) for path in (*FILES.glob("*.py"), *tmp_path.glob("*.py"))]


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


def on_the_page() -> tuple[str, set[int]]:
    """Return what the page says that mypy finds, and in which lines of its second block."""
    [text] = blocks("text")
    return text, {int(line) for _, line in MYPY_ERROR.findall(text)}


def by_file(found: Iterable[tuple[str, int]]) -> Found:
    lines: Found = {}
    for file, line in found:
        lines.setdefault(Path(file).name, set()).add(line)
    return lines


def test_most_mistakes_are_marked():
    assert len(EXPECTED) >= 30


def test_mypy_finds_exactly_the_mistakes(files, tmp_path):
    [settings] = blocks("toml")
    (tmp_path / "pyproject.toml").write_text(settings)
    options = ("--config-file", str(tmp_path / "pyproject.toml"), "--cache-dir", str(tmp_path))
    output = run("-m", "mypy", *options, *files)
    text, lines = on_the_page()
    found = by_file((match[1], int(match[2])) for match in MYPY_ERROR.finditer(output))
    ours = {name: found.get(name, set()) for name in ("right.py", "page_right.py")}
    assert ours == {"right.py": set(), "page_right.py": set()}
    assert (found["wrong.py"], found["page_wrong.py"]) == (EXPECTED, lines)
    of_the_page = [line for line in output.splitlines() if "page_wrong.py" in line]
    shown = [line.partition("page_wrong.py")[2] for line in of_the_page]
    assert [f"extensions/reviews.py{line}" for line in shown] == text.splitlines()


def test_pyright_finds_exactly_the_mistakes(files, tmp_path):
    [settings] = [tomllib.loads(text)["tool"]["pyright"] for text in blocks("toml")]
    settings |= {"include": files, "extraPaths": [str(ROOT)]}
    (tmp_path / "pyrightconfig.json").write_text(json.dumps(settings))
    options = ("--pythonpath", sys.executable, "--outputjson")
    output = json.loads(run("-m", "basedpyright", "--project", str(tmp_path), *options))
    found = by_file(
        (error["file"], error["range"]["start"]["line"] + 1)
        for error in output["generalDiagnostics"]
    )
    assert output["summary"]["filesAnalyzed"] == len(files)
    assert found == {"wrong.py": EXPECTED, "page_wrong.py": on_the_page()[1]}
