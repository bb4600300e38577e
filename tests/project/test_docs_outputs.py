"""What pages show as answers and messages is what comes."""

import importlib
import json
import re
import sys
from types import ModuleType

import pytest
from django.core.files.base import ContentFile
from django.core.management import call_command

from tests.events.checked_modules import Modules
from tests.project.commands import commands_in
from tests.project.pages import blocks_of
from tests.project.processes import ROOT
from tests.project.test_docs_examples import run
from workflow_events.cli.example import load_example
from workflow_events.delivery.models import LoggedEvent
from workflow_events.delivery.payload import NotEncodable
from workflow_events.delivery.running.runner import run_due
from workflow_events.events import Event, emit, on
from workflow_events.workflow.api import complete_work_item, start_case
from workflow_events.workflow.users import BaseUser

DOCS = ROOT / "docs"
ARCHIVE = """\
from workflow_events.events import on
from workflow_events.workflow.events import post_complete_case


@on(post_complete_case, order=-1, raise_exception=True)
def store(case): ...
"""


def print_lines(lines):
    """A receiver in the background is found by its name."""


def texts(page: str, language: str = "text") -> list[str]:
    return [block.text for block in blocks_of(DOCS / page) if block.language == language]


def test_the_catalogue_shows_an_event_so(capsys):
    event, _ = texts("how-to/look-at-events-and-receivers.md")
    call_command("events", "post_complete_work_item")
    shown = capsys.readouterr().out
    # The line where it is declared moves with every change of that module.
    assert re.sub(r":\d+\n", ":71\n", shown) == event


def test_the_commands_of_the_catalogue_are_typed_so(capsys, monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    blocks = texts("how-to/look-at-events-and-receivers.md", "sh")
    typed = [words for block in blocks for words in commands_in(block) if words[0] != "jq"]
    for words in typed:
        call_command(*words[1:])
        assert capsys.readouterr().out
    assert len(typed) == 11
    assert len(list(tmp_path.glob("extensions/*.py"))) == 3


def test_receivers_are_shown_so(capsys, monkeypatch):
    _, receivers = texts("how-to/look-at-events-and-receivers.md")
    monkeypatch.delitem(sys.modules, "extensions.application", raising=False)
    importlib.import_module("extensions.application")
    archive = ModuleType("extensions.archive")
    monkeypatch.setitem(sys.modules, archive.__name__, archive)
    # `store` stands in line 12 there.
    file = str(ROOT / "extensions/archive.py")
    exec(compile("\n" * 7 + ARCHIVE, file, "exec"), vars(archive))
    monkeypatch.chdir(ROOT)
    call_command("receivers", "post_complete_case")
    assert capsys.readouterr().out == receivers
    del sys.modules["extensions.application"]


def test_too_many_aliases_are_refused_so(client):
    [answer] = texts("how-to/limit-requests.md", "json")
    document = " ".join(f"a{n}: __typename" for n in range(501))
    response = client.post("/graphql", f"{{ {document} }}", content_type="application/graphql")
    assert response.json() == json.loads(answer)


@pytest.mark.django_db
def test_what_cannot_be_stored_is_refused_so():
    [message] = texts("reference/payload.md")

    class InvoiceSent(Event):
        lines: list[dict[str, object]]

    on(InvoiceSent, background=True)(print_lines)
    lines = [{}, {}, {"file": ContentFile(b"")}]
    with pytest.raises(NotEncodable) as refused:
        emit(InvoiceSent, sender=None, lines=lines)
    assert str(refused.value) == " ".join(message.split())


@pytest.mark.django_db(transaction=True)
def test_the_picture_shows_the_order(monkeypatch):
    page = "explanation/transactions-and-order.md"
    [picture] = texts(page)
    run(page, monkeypatch)
    order = vars(sys.modules["extensions.example"])["order"]
    shown = re.findall(r"^[│ ]*[├└]─ (\w+) *(?: {3}.*)?$", picture, re.MULTILINE)
    assert order == [name for name in shown if name != "UPDATE"]
    assert run_due() == 1
    assert order[-1] == "send_letter"


AUDIT = """\
from workflow_events.events import on
from workflow_events.workflow.events import post_complete_work_item


# The lines are those of the page.

@on("post_complete_workitem")
def note(work_item): ...


@on(post_complete_work_item)
def tell(workitem): ...
"""
MAIL = """\
import requests

from workflow_events.events import on
from workflow_events.workflow.events import post_complete_work_item

URL = "https://mail.example.org"


# The line is that of the page.


@on(post_complete_work_item)
def tell(work_item):
    requests.post(URL)
"""


def test_checks_are_shown_so(tmp_path, monkeypatch):
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setitem(sys.modules, "requests", ModuleType("requests"))
    refused, warned = texts("how-to/check-your-receivers.md", "console")
    modules = Modules(tmp_path)
    found = modules.load(modules.write(AUDIT, "audit")).refused
    assert re.search(as_shown(refused.removeprefix("$ workflow-events check\n")), of_srv(found))
    [line] = modules.load(modules.write(MAIL, "mail")).lines
    assert of_srv(line) == warned.partition("WARNINGS:\n")[2].rstrip("\n")


def of_srv(text):
    """Name modules and files as if they stood in /srv/extensions."""
    text = re.sub(r"/\S+/(?=(?:audit|mail)\.py)", "/srv/extensions/", text)
    return re.sub(r"(?<![\w/])(audit|mail)(?=\.[nt])", r"extensions.\1", text)


def as_shown(text):
    """What is cut on a page may be anything."""
    return ".*".join(map(re.escape, text.removeprefix("workflow-events: ").rstrip().split("…")))


@pytest.mark.django_db
def test_a_payload_is_stored_so():
    [stored] = texts("reference/payload.md", "json")
    load_example()
    on("post_complete_work_item", background=True)(print_item)
    ann = BaseUser("ann", ["clerks"])
    ann.claims = {"sub": "ann"}
    case = start_case("application", ann)
    item = complete_work_item(case.work_items.get(), ann, {"reason": "It is complete."})
    expected = re.sub(r"[0-9a-f]{8}-[0-9a-f-]{27}", str(item.pk), stored)
    assert LoggedEvent.objects.get().content == json.loads(expected)


def print_item(work_item):
    """A receiver in the background is found by its name."""


@pytest.mark.django_db
def test_readiness_is_answered_so(client):
    shown, _ = map(json.loads, texts("how-to/observe.md", "json"))
    answer = client.get("/readyz").json()
    assert answer["status"] == shown["status"]
    assert answer["checks"] == shown["checks"]
    assert answer["deliveries"].keys() == shown["deliveries"].keys()
