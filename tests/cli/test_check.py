"""``workflow-events check``: all that is wrong with the receivers of a deployment, in one list."""

import importlib
import re
import sys

import pytest
from django.core.management import call_command
from django.core.management.base import SystemCheckError

from tests.project.processes import run
from workflow_events.events import on

pytestmark = pytest.mark.any_database

WRONG = """\
import time

from workflow_events.events import on
from workflow_events.graphql.mutations import CancelCase
from workflow_events.workflow.events import post_complete_work_item

on("post_complete_workitem")(lambda work_item: None)
on("post_*_workitem")(lambda work_item: None)
on(post_complete_work_item)(lambda workitem: None)
on(post_complete_work_item, sender=CancelCase)(lambda work_item: None)
on("post_create_work_item", sender="case_post_create")(lambda work_item: None)
on("post_create_work_item", sender="post_complete_work_item")(lambda work_item: None)
on(post_complete_work_item, background=True)(lambda work_item: None)

@on("pre_create_case", background=True)
def too_late(): ...

@on("post_create_case", background=True, name="mail.send")
def send(): ...

@on("post_create_case", background=True, name="mail.send")
def send_again(): ...
"""
GOOD = """\
from workflow_events.events import on
from workflow_events.graphql.mutations import StartCase

@on("post_create_case", sender=StartCase)
def note(case): ...
"""
EXPECTED = [
    ("broken.py:1", "E002", "division by zero"),
    ("wrong.py:7", "E003", "'post_complete_work_item'"),
    ("wrong.py:8", "E004", "listens to 'post_*_workitem'"),
    ("wrong.py:9", "E005", "Did you mean 'work_item'?"),
    ("wrong.py:10", "E006", "senders are CompleteWorkItem."),
    ("wrong.py:11", "E007", "write sender=SaveCase or sender=StartCase."),
    ("wrong.py:12", "E007", "write sender=CompleteWorkItem."),
    ("wrong.py:13", "E009", "needs a name"),
    ("wrong.py:15", "E011", "too_late cannot get pre_create_case in the background"),
    ("wrong.py:21", "E010", "wrong.py:18. ("),
]


def test_ten_mistakes_at_once(tmp_path):
    """Each with an id, a hint and the file and line; nothing of a traceback."""
    package = tmp_path / "extensions"
    package.mkdir()
    for name, text in {"broken": "1 / 0\n", "wrong": WRONG, "good": GOOD}.items():
        (package / f"{name}.py").write_text(text)
    ended = run("check", cwd=tmp_path, ENV="dev")
    assert (ended.returncode, ended.stdout) == (1, "")
    first, *lines = ended.stderr.splitlines()
    assert first == "workflow-events: EVENT_RECEIVER_MODULES: 10 problems"
    assert len(lines) == len(EXPECTED)
    for line, (place, id_, part) in zip(lines, EXPECTED, strict=True):
        assert f" ({package}/{place}) [workflow_events.{id_}] Hint: " in line
        assert part in line
        assert line.startswith("  ")


@pytest.fixture
def example():
    """The receivers of `extensions/`, as a start loads them."""
    sys.modules.pop("extensions.application", None)
    yield importlib.import_module("extensions.application")
    del sys.modules["extensions.application"]


def test_the_example_is_as_it_should_be(example, capsys):
    call_command("check", fail_level="WARNING")
    assert capsys.readouterr().out == "System check identified no issues (0 silenced).\n"


def test_warnings(capsys, settings):
    """They are shown, fail where that is asked for, and are silenced by the setting of Django."""

    @on("post_complete_case")
    @on("post_*_case")
    def note(): ...

    call_command("check", tags=["workflow_events"])
    shown = capsys.readouterr().err
    place = re.escape(f"{__file__}:{note.__code__.co_firstlineno}")
    assert re.search(rf"WARNINGS:\n{place}: \(workflow_events\.W001\) .*\n\tHINT: Take ", shown)
    with pytest.raises(SystemCheckError):
        call_command("check", fail_level="WARNING")
    settings.SILENCED_SYSTEM_CHECKS = ["workflow_events.W001"]
    call_command("check", fail_level="WARNING")
    assert capsys.readouterr().out.endswith("no issues (1 silenced).\n")
