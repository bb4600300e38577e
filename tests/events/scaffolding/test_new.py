"""`new` writes what works: it is formatted, checked, imported, and its tests pass."""

import os
import subprocess
import sys
from io import StringIO
from pathlib import Path

import pytest
from django.conf import settings
from django.core.management import CommandError, call_command
from django.test import override_settings

from tests.project.processes import environment
from workflow_events.events import Event, declare_event
from workflow_events.events.registration.registry import registry

pytestmark = pytest.mark.any_database


LONG = "tell_everybody_in_the_office_that_it_happened_2"  # 47 characters


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """An empty deployment, which is the working directory."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("DJANGO_SETTINGS_MODULE", "workflow_events.settings")
    return tmp_path


def new(*arguments):
    output = StringIO()
    call_command("new", *arguments, stdout=output)
    return output.getvalue()


def files(folder):
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())


def run(folder, *command):
    return subprocess.run(
        [Path(sys.executable).with_name(command[0]), *command[1:]],
        env=environment(ENV="dev", PYTHONDONTWRITEBYTECODE="1"),
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def test_what_is_written_works(folder):
    new("receiver", "notify", "--event", "post_complete_work_item")
    new("receiver", "archive", "--event", "completed_case", "--background")
    new("receiver", "watch", "--event", "post_update_record", "--dir", "office/hooks")
    new("receiver", LONG, "--event", "post_complete_work_item", "--background")
    new("event", LONG.replace("tell", "told"), "--attribute", "name:str")
    new(
        *("event", "payment_received", "--attribute", "amount:Decimal"),
        *("--attribute", "case:workflow_events.workflow.models.Case", "--attribute", "at:datetime"),
        *("--attribute", "note:str|None", "--attribute", "parts:dict[str,list[int]]"),
    )
    new("event", "OfficeClosed")
    new("event", "phase_2_done", "--attribute", "on:date")
    assert len(files(folder)) == 2 * 8 + 3 + 1

    checked = run(folder, "ruff", "check", "--isolated", "--select", "E,F,I,B,UP,N,PT,RUF", ".")
    assert checked.returncode == 0, checked.stdout
    formatted = run(folder, "ruff", "format", "--isolated", "--diff", ".")
    assert formatted.returncode == 0, formatted.stdout
    ended = run(folder, "pytest", "-p", "no:cacheprovider", "-p", "no:xdist")
    assert ended.returncode == 0, ended.stdout + ended.stderr
    assert "11 passed" in ended.stdout


def test_a_receiver_is_written_beside_its_test(folder):
    said = new("receiver", "notify", "--event", "post_complete_work_item", "--background")
    written = ["extensions/__init__.py", "extensions/notify.py", "pytest.ini"]
    assert files(folder) == [*written, "tests/test_notify.py"]
    assert said.splitlines()[:4] == [
        "wrote extensions/__init__.py",
        "wrote extensions/notify.py",
        "wrote tests/test_notify.py",
        "wrote pytest.ini",
    ]
    assert "  pytest tests/test_notify.py\n" in said
    assert "let EVENT_RECEIVER_MODULES list extensions.*" in said
    assert Path("extensions/notify.py").read_text() == (
        '"""What is done after post_complete_work_item, in the background."""\n\n'
        "import logging\n\n"
        "from workflow_events.events import on\n"
        "from workflow_events.workflow.events import PostCompleteWorkItem\n\n"
        "logger = logging.getLogger(__name__)\n\n\n"
        "@on(PostCompleteWorkItem, background=True)\n"
        "def notify(event: PostCompleteWorkItem) -> None:\n"
        '    """Note that it happened; write here what is to be done."""\n'
        '    logger.info("%s %s", event.event_name, event.envelope.id)\n'
    )


def test_an_event_without_a_class_is_heard_by_its_name(folder):
    declare_event("payment::received", amount=int)
    new("receiver", "book", "--event", "payment::received")
    text = Path("extensions/book.py").read_text()
    assert '@on("payment::received")\ndef book(event: Event) -> None:' in text


def test_nothing_is_said_of_a_setting_that_has_the_module_loaded(folder):
    with override_settings(EVENT_RECEIVER_MODULES=["extensions.*"]):
        assert "EVENT_RECEIVER_MODULES" not in new("receiver", "notify")


def test_where_the_setting_is_left_out_an_app_imports_the_module(folder):
    with override_settings():
        del settings.EVENT_RECEIVER_MODULES
        said = new("receiver", "notify").splitlines()
    assert said[-1].startswith("  To load it at the start, import extensions.notify in the module ")
    assert said[-1].endswith(" events or receivers of an app.")


def test_a_configuration_of_pytest_is_left_alone(folder):
    Path("pyproject.toml").write_text("[tool.pytest.ini_options]\npythonpath = ['.']\n")
    new("receiver", "notify")
    assert "pytest.ini" not in files(folder)


@pytest.mark.parametrize("there", ["extensions/notify.py", "tests/test_notify.py"])
def test_what_is_there_is_never_written_over(there, folder):
    Path(there).parent.mkdir()
    Path(there).write_text("mine")
    with pytest.raises(CommandError, match=rf"^{there} is there already"):
        new("receiver", "notify")
    assert files(folder) == [there]
    assert Path(there).read_text() == "mine"


@pytest.fixture(autouse=True)
def _declared():
    with registry.scoped():

        class PostTaken(Event):
            pass

        yield


REFUSED = {
    "receiver notify --event post_complete_work_itm": "did you mean post_complete_work_item or",
    "receiver notify --event post_*_case": r"means 6 events, among them post_",
    "receiver not-ify": "'not-ify' cannot be the name of a module",
    "receiver class": "'class' cannot be the name of a module",
    "receiver logger": "'logger' cannot be the name of a receiver: its module or its test has",
    "receiver caplog": "'caplog' cannot be the name of a receiver: its module or its test has",
    "receiver test_notify": "'test_notify' begins with 'test', which has a meaning",
    "receiver __init__": "'__init__' begins with '__', which has a meaning",
    "event tested": "'tested' begins with 'test', which has a meaning",
    "receiver Notify": "write it like_this",
    "receiver notify --event pre_create_case --background": "what it announces would be over",
    "receiver notify --dir /tmp/x": "give a directory below this one",
    "receiver notify --dir ../x": r"'..' cannot be the name of a package \(--dir ../x\)",
    "receiver notify --dir a-b": r"'a-b' cannot be the name of a package \(--dir a-b\)",
    "event post_taken": r"There is an event post_taken already, .*PostTaken \(.*test_new.py:\d+\)",
    f"event {LONG}_too": "has more than 50 characters",
    "event 2nd": "'2nd' cannot be the name of an event",
    "event paid --attribute amount": "write name:type, as in amount:Decimal",
    "event paid --attribute sender:str": "sender is taken",
    "event paid --attribute a:int --attribute a:str": "a is taken",
    "event paid --attribute date:date": "date is taken",
    "event paid --attribute a:Money": "'Money' is no type; there are Any, Decimal",
    "event paid --attribute a:list[Money]": r"'list\[Money\]': 'Money' is no type",
    "event paid --attribute a:decimal.Money": "'decimal.Money' is no type",
    "event paid --attribute a:int+1": r"'int\+1' is no type",
    "event paid --attribute a:(": r"'\(' is no type",
    "event paid --attribute a:f(int)": r"'f\(int\)' is no type",
    "event paid --attribute a:5": "'5' is no type",
    "event paid --attribute a:datetime.time --attribute b:time": None,
    "event paid --attribute a:tests.delivery.things.Level": None,
    "event Event --attribute a:int": "'Event' cannot be the name of an event: its module",
    "event Decimal --attribute a:Decimal": "Decimal is of",
}


@pytest.mark.parametrize(("line", "message"), REFUSED.items())
def test_what_cannot_be_written_is_refused(line, message, folder):
    if message is None:
        new(*line.split())
        assert len(files(folder)) == 4
        return
    with pytest.raises(CommandError, match=message):
        new(*line.split())
    assert files(folder) == []


def test_the_background_needs_somebody_who_stores_events(folder):
    with registry.scoped():
        registry.recorder = None
        with pytest.raises(CommandError, match=r"add workflow_events\.delivery to INSTALLED_APPS"):
            new("receiver", "notify", "--event", "post_create_case", "--background")
    assert files(folder) == []


@pytest.mark.parametrize("there", ["tests", "extensions"])
def test_nothing_is_left_behind_where_the_file_system_refuses(there, folder):
    Path(there).write_text("mine")
    with pytest.raises(CommandError, match=f"^{there}.*; nothing is written"):
        new("receiver", "notify", "--dir", "extensions/hooks")
    assert [path.name for path in folder.iterdir()] == [there]
    assert Path(there).read_text() == "mine"


@pytest.mark.parametrize(
    "event",
    [
        "workflow_events.workflow.events.PostCreateCase",
        "workflow_events.workflow.events.post_create_case",
        "workflow_events.workflow.events.cases.PostCreateCase",
    ],
)
def test_an_event_is_named_by_any_path_it_can_be_imported_by(event, folder):
    new("receiver", "notify", "--event", event)
    assert "@on(PostCreateCase)" in Path("extensions/notify.py").read_text()


def test_a_package_in_the_way_is_an_error(folder):
    os.makedirs("extensions/notify")
    with pytest.raises(CommandError, match="extensions/notify is a package already"):
        new("receiver", "notify")
    assert files(folder) == []
