"""docs/reference/checks.md has every id; of each, the first block is wrong, the second right."""

import re
from pathlib import Path

import pytest

from tests.events.checked_modules import modules_in
from workflow_events.events.checking.problems import CheckId

pytestmark = pytest.mark.any_database

PAGE = Path(__file__).parents[3] / "docs/reference/checks.md"
TASKS = """
class Task:
    def delay(self, *arguments): ...
    def apply_async(self, *arguments): ...
    def delay_on_commit(self, *arguments): ...

notify = Task()
"""


def sections() -> dict[str, list[str]]:
    _, *found = re.split(r"^## (?=[EW])", PAGE.read_text(encoding="utf-8"), flags=re.MULTILINE)
    return {
        text[:4]: re.findall(r"^```python\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)
        for text in found
    }


WITH_BLOCKS = {id_: blocks for id_, blocks in sections().items() if blocks}


def test_every_id_has_its_section() -> None:
    assert [f"workflow_events.{id_}" for id_ in sections()] == list(CheckId)
    assert set(sections()) - set(WITH_BLOCKS) == {"E001", "E012", "E015"}


@pytest.mark.parametrize("id_", WITH_BLOCKS)
def test_the_blocks(id_: str, tmp_path: Path) -> None:
    wrong, right = WITH_BLOCKS[id_]
    with modules_in(tmp_path) as modules:
        modules.write(TASKS, "shop_tasks")
        found = modules.check(wrong)
        assert [short[:4] for short in found.short] == [id_], found.lines
        assert bool(found.refused) is id_.startswith("E")
        assert modules.check(right).lines == []
