"""The reference page names everything that the language has, and its example works."""

import re
import sys
from pathlib import Path
from types import ModuleType

import pytest

from workflow_events.workflow import dynamic
from workflow_events.workflow.expressions import flow, groups, limits
from workflow_events.workflow.expressions.operators import BINARY
from workflow_events.workflow.expressions.variables import (
    case_attributes,
    user_attributes,
    work_item_attributes,
)

PAGE = Path(__file__).parents[3].joinpath("docs/reference/expressions.md").read_text()
EXAMPLE = re.search(r"```python\n(.*?)```", PAGE, re.DOTALL).group(1)
LINES = re.search(r"```text\n(.*?)```", PAGE, re.DOTALL).group(1).splitlines()
EXPRESSIONS = [line.split("  ")[0] for line in LINES if line]


def test_every_operator_and_transform_is_named():
    page = PAGE.replace("&#124;", "|")
    missing = [symbol for symbol in BINARY if not re.search(_spaced(symbol), page)]
    names = {*flow._LANGUAGE.transforms, *groups._LANGUAGE.transforms}
    missing += [name for name in names if f"`{name}" not in page]
    assert missing == []
    assert "`!a`" in page


def _spaced(symbol: str) -> str:
    return rf"a {re.escape(symbol)} b|`{re.escape(symbol)}`"


@pytest.mark.parametrize(
    ("row", "attributes"),
    [
        ("a case", case_attributes),
        ("a work item", work_item_attributes),
        ("a user", user_attributes),
    ],
)
def test_the_attributes_are_exactly_those(row, attributes):
    listed = re.search(rf"^\| {row} \| (.*) \|$", PAGE, re.MULTILINE).group(1)
    assert re.findall(r"`(\w+)`", listed) == list(attributes(None))


@pytest.mark.parametrize(
    "limit",
    [
        limits.MAX_LENGTH,
        limits.MAX_OPERATORS,
        limits.MAX_NESTING,
        limits.MAX_TREE_DEPTH,
        limits.MAX_STEPS,
        limits.MAX_INTEGER_BITS,
        limits.MAX_ROUND_DIGITS,
    ],
)
def test_the_limits_are_those(limit):
    table = PAGE.split("## Limits")[1].split("## Dynamic")[0]
    assert re.search(rf"\b{limit}\b", table)


def test_the_expressions_of_the_page_may_be_saved():
    assert len(EXPRESSIONS) == 8
    for expression in EXPRESSIONS:
        if "groups" in expression:
            groups.check(expression)
        else:
            flow.check(expression, lambda slugs: slugs)


def test_the_example_of_the_page_resolves_its_names(settings, monkeypatch, case):
    module = ModuleType("example_of_the_page")
    exec(EXAMPLE, module.__dict__)
    monkeypatch.setitem(sys.modules, module.__name__, module)
    settings.DYNAMIC_TASKS_CLASSES = [f"{module.__name__}.Choices"]
    settings.DYNAMIC_GROUPS_CLASSES = [f"{module.__name__}.Departments"]
    dynamic.load_dynamic_classes()
    assert dynamic.resolve_task("after-review", case, None, None, None) == ["revise", "inform"]
    assert dynamic.resolve_group("departments", None, case, None, None, None) == ["fire", "water"]
