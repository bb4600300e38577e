"""The docs say what the code says, and every page can be reached."""

import re

import pytest
import yaml

from docs import generate
from tests.project.processes import ROOT
from workflow_events.workflow.errors import ErrorCode


@pytest.mark.parametrize("page", generate.PAGES)
def test_a_generated_page_is_up_to_date(page):
    written = (ROOT / "docs/reference" / page).read_text(encoding="utf-8")
    assert written == generate.PAGES[page](), "run `make docs`"


def test_every_error_code_is_documented():
    page = (ROOT / "docs/reference/error-codes.md").read_text(encoding="utf-8")
    assert re.findall(r"^\| `([A-Z_]+)` \| .+\. \|$", page, re.MULTILINE) == [
        code.value for code in ErrorCode
    ]


def test_every_target_of_make_is_documented():
    targets = re.findall(r"^([a-z-]+):[^#\n]*## ", (ROOT / "Makefile").read_text(), re.MULTILINE)
    page = (ROOT / "docs/reference/commands.md").read_text(encoding="utf-8")
    assert set(targets) - set(re.findall(r"`make ([a-z-]+)`", page)) == {"help"}


def test_every_page_is_in_the_navigation():
    def pages(entry):
        if isinstance(entry, str):
            return {entry}
        values = entry.values() if isinstance(entry, dict) else entry
        return set().union(*(pages(value) for value in values))

    config = yaml.safe_load((ROOT / "mkdocs.yml").read_text())
    written = {str(path.relative_to(ROOT / "docs")) for path in (ROOT / "docs").rglob("*.md")}
    assert pages(config["nav"]) == written


def test_decisions_are_numbered_one_after_another():
    pages = sorted(path.name for path in (ROOT / "docs/decisions").glob("*.md"))
    assert [int(name[:4]) for name in pages] == list(range(1, len(pages) + 1))
    for number, name in enumerate(pages, 1):
        assert (
            (ROOT / "docs/decisions" / name).read_text(encoding="utf-8").startswith(f"# {number}. ")
        )
