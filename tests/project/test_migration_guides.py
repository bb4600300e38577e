"""The tables "You wrote / You write": what you wrote is Python, what you write runs."""

import ast
import asyncio
import inspect
import re
import sys
from typing import NamedTuple

import pytest

from tests.project.test_docs_examples import DOCS, run
from workflow_events.events.registration.registry import registry
from workflow_events.testing import recorded_events

GUIDES = sorted(str(path.relative_to(DOCS)) for path in DOCS.glob("how-to/come-from-*.md"))
HEADER = "| You wrote | You write | |"
SNIPPET = re.compile(r"`[^`]+`(?:<br>`[^`]+`)*")
FLAGS = ast.PyCF_ALLOW_TOP_LEVEL_AWAIT


class Row(NamedTuple):
    """A line of a table, with the snippets of its two columns of code."""

    line: int
    wrote: list[str]
    write: list[str]
    is_nothing: bool
    """Whether nothing is to be written."""


def rows(page: str) -> list[Row]:
    lines = (DOCS / page).read_text(encoding="utf-8").splitlines()
    found, is_inside = [], False
    for number, line in enumerate(lines, 1):
        if "You wrote" in line:
            assert line == HEADER, f"{page}:{number}"
            is_inside = True
        elif not line.startswith("|"):
            is_inside = False
        elif is_inside and not line.startswith("|---"):
            cells = re.split(r"(?<!\\)\|", line)[1:-1]
            assert len(cells) == 3, f"{page}:{number}"
            wrote, write = map(snippets, cells[:2])
            found.append(Row(number, wrote, write, cells[1].strip() == "nothing"))
    return found


def snippets(cell: str) -> list[str]:
    """Return each piece of code; its lines are joined by ``<br>``."""
    pieces = [piece.split("<br>") for piece in SNIPPET.findall(cell)]
    return ["\n".join(line.strip("`") for line in lines).replace("\\|", "|") for lines in pieces]


def test_there_is_a_guide_for_each_of_the_four() -> None:
    assert len(GUIDES) == 4


@pytest.mark.parametrize("page", GUIDES)
def test_both_columns_are_code(page: str) -> None:
    found = rows(page)
    assert len(found) > 10
    for row in found:
        assert row.wrote, f"{page}:{row.line}"
        assert bool(row.write) != row.is_nothing, f"{page}:{row.line}"
        for snippet in row.wrote:
            compile(snippet, f"{page}:{row.line}", "exec", flags=FLAGS)


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("page", GUIDES)
def test_what_you_write_runs(
    page: str, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """Each row by itself, after the blocks of the page; no receiver fails."""
    with registry.scoped():
        run(page, monkeypatch)
        caplog.clear()
        names = vars(sys.modules["extensions.example"])
        for row in rows(page):
            for snippet in row.write:
                with registry.scoped(), recorded_events() as events:
                    execute(snippet, f"{page}:{row.line}", {**names, "events": events})
    assert [r.getMessage() for r in caplog.records if r.name == "workflow_events.events"] == []


def execute(snippet: str, place: str, names: dict[str, object]) -> None:
    code = compile(snippet, place, "exec", flags=FLAGS)
    awaited = eval(code, names)
    if inspect.iscoroutine(awaited):
        asyncio.run(awaited)
