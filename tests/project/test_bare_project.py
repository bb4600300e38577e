"""A Django project without the service: docs/how-to/use-the-core-alone.md, done to the letter."""

import re

import pytest

from tests.project.bare import Bare, build
from tests.project.processes import ROOT

pytestmark = pytest.mark.any_database

TEXT = (ROOT / "docs/how-to/use-the-core-alone.md").read_text(encoding="utf-8")
PAGE, BACKGROUND = TEXT.split("## Deliver in the background")
FILE = re.compile(
    r"^[^\n`]*`([\w./]+\.(?:py|ini))`:\n\n```\w+\n(.*?)^```$", re.MULTILINE | re.DOTALL
)
OUTPUT = re.compile(r"^```text\n(.*?)^```$", re.MULTILINE | re.DOTALL)
COMMANDS = re.compile(r"^```sh\n(.*?)^```$", re.MULTILINE | re.DOTALL)
DJANGO = re.compile(r"^(?:django-admin|python manage\.py) (.+)$", re.MULTILINE)

DELIVER = """
import os
import django
os.environ["DJANGO_SETTINGS_MODULE"] = "bookshop.settings"
django.setup()
from django.core.management import call_command
call_command("migrate", verbosity=0)
from orders.events import Order, OrderShipped
from workflow_events.delivery.running.runner import run_due
from workflow_events.events import emit
order = Order.objects.create(customer="ada@example.org")
emit(OrderShipped, sender=None, order=order, parcels=2)
before = list(order.notes.all())
print(before, run_due(), [note.text for note in order.notes.all()])
"""


# One test: what it builds is used to the end, and xdist would build it for each worker.
def test_the_page_works_as_it_says(tmp_path):
    bare = Bare(tmp_path, build(tmp_path))
    first, then, look, last = COMMANDS.findall(PAGE)
    assert first.startswith("pip install workflow-events\n")
    started = bare.manage(*DJANGO.findall(first))
    assert started.returncode == 0, started.stderr
    for name, text in FILE.findall(PAGE):
        write(bare.project / name, text)
    commands = DJANGO.findall(then)
    assert commands[-2:] == ["check", "test"]
    done = bare.manage(*commands, settings="bookshop.settings")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "System check identified no issues (0 silenced)." in done.stdout
    assert "Ran 3 tests" in done.stderr
    shown = bare.manage(*DJANGO.findall(look), settings="bookshop.settings")
    assert [shown.stdout] == OUTPUT.findall(PAGE), shown.stderr
    with_pytest(bare, last)
    only_django_is_imported(bare)
    the_service_says_what_it_lacks(bare)
    what_the_background_needs_can_be_added(bare)


def write(file, text):
    """Write a file of the page; what is to be added to one that Django has made, is added."""
    if file.name == "settings.py":
        text = file.read_text() + text
    file.write_text(text)


def with_pytest(bare, command):
    """What a project has without the service is enough for our plugin of pytest."""
    assert command == "pip install pytest-django\npytest\n"
    bare.add("pytest", "pytest-django", "pluggy", "iniconfig", "packaging", "pygments")
    done = bare.run("-m", "pytest", "-p", "no:cacheprovider")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "4 passed" in done.stdout


def only_django_is_imported(bare):
    script = (
        "import sys, workflow_events.events.apps, workflow_events.records.apps\n"
        "found = {n: getattr(m, '__file__', None) or '' for n, m in sys.modules.items()}\n"
        "names = [n for n, file in found.items() if 'site-packages' in file]\n"
        "print(*sorted({n.partition('.')[0] for n in names}))\n"
        "print(*sorted({n.split('.')[1] for n in names if n.startswith('workflow_events.')}))\n"
        "seldom = ('catalogue', 'scaffolding', 'findings', 'management')\n"
        "print(*sorted(n for n in names if n.startswith('workflow_events.')"
        " and not set(seldom).isdisjoint(n.split('.'))))"
    )
    done = bare.run("-c", script)
    assert done.returncode == 0, done.stderr
    packages, ours, what_commands_need = done.stdout.splitlines()
    assert set(packages.split()) <= {"asgiref", "django", "sqlparse", "workflow_events"}
    assert ours == "events records"
    assert what_commands_need == ""


def the_service_says_what_it_lacks(bare):
    done = bare.run("-m", "workflow_events.cli", "serve")
    assert done.returncode == 1
    assert done.stdout == ""
    assert done.stderr == (
        "workflow-events: No module named 'environ': the event core is installed, but not what the "
        "service needs; pip install 'workflow-events[service]'\n"
    )


def what_the_background_needs_can_be_added(bare):
    bare.add("django-environ", "django-tasks", "django-tasks-db")
    bare.add("django-stubs-ext", "typing-extensions")
    for name, text in FILE.findall(BACKGROUND):
        write(bare.project / name, text)
    install, run = COMMANDS.findall(BACKGROUND)
    assert install == "pip install 'workflow-events[service]'\n"
    assert "workflow-events worker\n" in run
    assert DJANGO.findall(run) == ["migrate"]
    done = bare.run("-W", "error", "-c", DELIVER)
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[-1] == "[] 1 ['shipped in 2']"
