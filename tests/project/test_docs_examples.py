"""Every Python block of the pages below is run, from top to bottom, on a real database."""

import json
import re
import sys
from types import ModuleType

import pytest
from django.test import override_settings

from tests.project.processes import ROOT
from workflow_events.cli.example import load_example
from workflow_events.events.registration.registry import registry
from workflow_events.workflow import api
from workflow_events.workflow.users import BaseUser

DOCS = ROOT / "docs"
PAGES = [
    "reference/events.md",
    "reference/receivers.md",
    "reference/payload.md",
    "reference/python-api.md",
    "reference/access.md",
    "explanation/isolation.md",
    "explanation/transactions-and-order.md",
    "how-to/write-a-receiver.md",
    "how-to/deliver-in-the-background.md",
    "how-to/explain-what-happened.md",
    "how-to/filter-events.md",
    "how-to/refuse-an-operation.md",
    "how-to/change-what-is-created.md",
    "how-to/chain-operations.md",
    "how-to/listen-to-django-signals.md",
    "how-to/listen-to-records.md",
    "how-to/write-a-listener-class.md",
    "how-to/write-an-async-receiver.md",
    "how-to/emit-your-own-events.md",
    "how-to/come-from-caluma.md",
    "how-to/come-from-django-signals.md",
    "how-to/come-from-django-event-system.md",
    "how-to/come-from-litestar.md",
    "how-to/control-access.md",
    "how-to/identify-users.md",
    "how-to/keep-a-history.md",
    "how-to/translate-names.md",
    "how-to/type-check-receivers.md",
]
EVERY_PAGE = {
    str(path.relative_to(DOCS))
    for part in ("reference", "explanation", "how-to")
    for path in (DOCS / part).glob("*.md")
}
# Their blocks are run by tests of their own.
ELSEWHERE = {
    "reference/expressions.md": "tests/workflow/expressions/test_reference_page.py",
    "how-to/test-a-receiver.md": "tests/project/test_docs_pytest.py",
    "reference/checks.md": "tests/events/checking/test_checks_page.py",
    "how-to/use-the-core-alone.md": "tests/project/test_bare_project.py",
}

# What a page says to set.
SETTINGS = {
    "how-to/keep-a-history.md": {"EVENT_LOG": "all"},
    "how-to/translate-names.md": {"LANGUAGES": [("en", "en"), ("de", "de"), ("fr", "fr")]},
}
# Receivers that are meant to fail; any other one that fails is a mistake of the page.
FAILING = {
    "how-to/listen-to-records.md": ["keep_tasks"],
    "reference/receivers.md": ["leave_a_mess"],
    "explanation/isolation.md": ["fail"],
    "how-to/refuse-an-operation.md": ["require_a_name"],
    "reference/python-api.md": ["never"],
    "how-to/listen-to-django-signals.md": ["break_something"],
}


def blocks(page: str, language: str) -> list[tuple[int, str]]:
    """Return line number and text of each block in this language."""
    text = (DOCS / page).read_text(encoding="utf-8")
    found = re.finditer(rf"^```{language}\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)
    return [(text[: match.start(1)].count("\n"), match[1]) for match in found]


def test_no_page_with_python_is_forgotten():
    with_python = {page for page in EVERY_PAGE if blocks(page, "python")}
    assert with_python == set(PAGES) | set(ELSEWHERE)


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("page", PAGES)
def test_the_blocks_of_a_page_run(page, monkeypatch, caplog):
    with registry.scoped(), override_settings(**SETTINGS.get(page, {})):
        run(page, monkeypatch)
    failed = [r.receiver for r in caplog.records if r.name == "workflow_events.events"]
    assert failed == [f"extensions.example.{name}" for name in FAILING.get(page, [])]


def run(page, monkeypatch):
    """Run the blocks in one module, which has ``user``, ``case`` and its only ``work_item``."""
    load_example()
    user = BaseUser("ann", ["clerks"])
    case = api.start_case("application", user)
    module = ModuleType("extensions.example")
    vars(module).update(user=user, case=case, work_item=case.work_items.get())
    monkeypatch.setitem(sys.modules, module.__name__, module)
    for line, block in blocks(page, "python"):
        code = compile("\n" * line + block, str(DOCS / page), "exec")
        exec(code, vars(module))


def test_a_refusal_looks_as_the_page_says(monkeypatch, client, db):
    page = "how-to/refuse-an-operation.md"
    [(_, answer)] = blocks(page, "json")
    with registry.scoped():
        run(page, monkeypatch)
        item = api.start_case("application", BaseUser("ann")).work_items.get()
        document = (
            f'mutation {{ completeWorkItem(input: {{id: "{item.pk}"}}) {{ workItem {{ id }} }} }}'
        )
        response = client.post("/graphql", document, content_type="application/graphql")
    [error] = response.json()["errors"]
    del error["locations"]
    assert error == json.loads(answer)


def requests():
    """Return each GraphQL block with the JSON block that follows it."""
    page = (DOCS / "reference/graphql.md").read_text(encoding="utf-8")
    found = re.findall(r"^```(graphql|json)\n(.*?)^```$", page, re.MULTILINE | re.DOTALL)
    assert [language for language, _ in found] == ["graphql", "json"] * (len(found) // 2)
    texts = [text for _, text in found]
    return list(zip(texts[::2], texts[1::2], strict=True))


@pytest.mark.parametrize(("document", "answer"), requests())
def test_the_api_answers_as_the_page_says(document, answer, client, db):
    load_example()
    response = client.post("/graphql", document, content_type="application/graphql")
    assert response.json() == json.loads(answer)
    executed = "data" in json.loads(answer)
    assert response.status_code == (200 if executed else 400)
