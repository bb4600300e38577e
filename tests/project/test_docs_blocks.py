"""Every block of every page is run, or compared, or at least read by what reads it in earnest."""

import configparser
import json
import re
import tomllib
from pathlib import Path

import pytest
import yaml
from graphql import parse, validate

from tests.project.commands import check_shell
from tests.project.pages import Block, blocks_of
from tests.project.processes import ROOT
from tests.project.test_docs_examples import ELSEWHERE, PAGES
from workflow_events.graphql.schema import schema
from workflow_events.workflow.errors import ErrorCode

pytestmark = pytest.mark.any_database

DOCS = ROOT / "docs"
README = ROOT / "README.md"
FOLLOWED = "tests/project/test_tutorial.py"
SHOWS = "tests/project/test_docs_outputs.py"
GENERATED = "tests/project/test_docs.py"

# Tests that run all blocks of a page in these languages, and compare what they show.
RUN = {
    **{(page, "python"): "tests/project/test_docs_examples.py" for page in PAGES},
    **{(page, "python"): test for page, test in ELSEWHERE.items()},
    **{
        (f"tutorial/{page.name}", block.language): FOLLOWED
        for page in (DOCS / "tutorial").glob("*.md")
        for block in blocks_of(page)
    },
    **{
        ("README.md", language): "tests/project/test_readme.py"
        for language in ("sh", "python", "json", "text")
    },
    ("how-to/test-a-receiver.md", "ini"): "tests/project/test_docs_pytest.py",
    ("how-to/test-a-receiver.md", "sh"): "tests/project/test_docs_pytest.py",
    ("how-to/test-a-receiver.md", "text"): "tests/project/test_docs_pytest.py",
    ("how-to/use-the-core-alone.md", "sh"): "tests/project/test_bare_project.py",
    ("how-to/use-the-core-alone.md", "text"): "tests/project/test_bare_project.py",
    ("how-to/use-the-core-alone.md", "ini"): "tests/project/test_bare_project.py",
    ("how-to/type-check-receivers.md", "text"): "tests/project/test_typing.py",
    ("how-to/type-check-receivers.md", "toml"): "tests/project/test_typing.py",
    ("how-to/translate-names.md", "graphql"): "tests/project/test_docs_languages.py",
    ("how-to/translate-names.md", "json"): "tests/project/test_docs_languages.py",
    ("how-to/refuse-an-operation.md", "json"): "tests/project/test_docs_examples.py",
    ("reference/graphql.md", "graphql"): "tests/project/test_docs_examples.py",
    ("reference/graphql.md", "json"): "tests/project/test_docs_examples.py",
    ("reference/python-api.md", "text"): GENERATED,
    ("explanation/transactions-and-order.md", "text"): SHOWS,
    ("reference/payload.md", "text"): SHOWS,
    ("how-to/look-at-events-and-receivers.md", "sh"): SHOWS,
    ("reference/payload.md", "json"): SHOWS,
    ("how-to/check-your-receivers.md", "console"): SHOWS,
    ("how-to/operate-deliveries.md", "console"): "tests/project/test_docs_operating.py",
    ("how-to/look-at-events-and-receivers.md", "text"): SHOWS,
    ("how-to/limit-requests.md", "json"): SHOWS,
    ("reference/expressions.md", "text"): "tests/workflow/expressions/test_reference_page.py",
}

OF_THE_SYSTEM = "settings and commands of a whole system; tests/project runs each command elsewhere"
# What is not run, but read by what reads it in earnest (`READERS`), and why it is not run.
READ = {
    ("explanation/accidents.md", "sh"): "takes minutes; .ci/run does it",
    ("how-to/control-access.md", "sh"): OF_THE_SYSTEM,
    ("how-to/deploy.md", "sh"): OF_THE_SYSTEM,
    ("how-to/explain-what-happened.md", "console"): "its code is not on the page; see test_explain",
    ("how-to/explain-what-happened.md", "graphql"): "its id is cut; tests/graphql runs dry runs",
    ("how-to/identify-users.md", "sh"): "needs a provider; tests/auth runs this one",
    ("how-to/identify-users.md", "json"): "needs a token that has expired; tests/auth has one",
    ("how-to/keep-a-history.md", "sh"): "a setting that the blocks of the page are run with",
    ("how-to/keep-a-history.md", "graphql"): "its id is cut",
    ("how-to/limit-requests.md", "graphql"): "an example of what costs much",
    ("how-to/observe.md", "json"): "figures of a moment; its members are compared",
    ("how-to/observe.md", "yaml"): "for Kubernetes and Prometheus",
    ("how-to/run-workers.md", "sh"): "runs for ever; tests/project/test_worker.py",
    ("how-to/run-workers.md", "ini"): "for systemd",
    ("how-to/translate-names.md", "sh"): "settings that the blocks of the page are run with",
    ("how-to/use-the-admin-page.md", "sh"): OF_THE_SYSTEM,
    ("reference/error-codes.md", "json"): "the form that all errors have",
    ("reference/expressions.md", "sh"): "settings, with classes that the reader writes",
}
# What is only shown, because nothing here can read it.
SHOWN = {
    ("how-to/use-the-admin-page.md", "nginx"): "a proxy is nothing that this project has",
    ("how-to/identify-users.md", "http"): "a header of a request",
    ("how-to/observe.md", "text"): "lines of a log; tests/observability has their format",
}
EVERY_PAGE = [
    README,
    *(page for page in sorted(DOCS.rglob("*.md")) if page.parent.name != "decisions"),
]


def read_console(text: str) -> None:
    """Read what is typed; what is answered is an example."""
    typed = re.findall(r"^\$ (.*)$", text, re.MULTILINE)
    assert typed
    for line in typed:
        check_shell(line)


def read_graphql(text: str) -> None:
    """Validate a request."""
    errors = validate(schema.graphql_schema, parse(text))
    assert errors == []


def read_json(text: str) -> None:
    """Read JSON; codes of errors are those that there are."""
    json.loads(text)
    codes = set(re.findall(r'"code": "(\w+)"', text))
    assert codes <= {code.value for code in ErrorCode}


def read_ini(text: str) -> None:
    """Read a unit of systemd."""
    configparser.ConfigParser(interpolation=None).read_string(text)


READERS = {
    "sh": check_shell,
    "console": read_console,
    "graphql": read_graphql,
    "json": read_json,
    "ini": read_ini,
    "yaml": yaml.safe_load,
    "toml": tomllib.loads,
}


def name_of(page: Path) -> str:
    return page.name if page == README else str(page.relative_to(DOCS))


def left(page: Path) -> list[Block]:
    """Return the blocks of a page that no test runs."""
    name = name_of(page)
    return [block for block in blocks_of(page) if (name, block.language) not in RUN]


@pytest.mark.parametrize("page", EVERY_PAGE, ids=name_of)
def test_what_is_not_run_is_read(page):
    for block in left(page):
        listed = (name_of(page), block.language)
        if listed in SHOWN:
            continue
        assert listed in READ, f"{name_of(page)}:{block.line} is run by no test"
        try:
            READERS[block.language](block.text)
        except (Exception, SystemExit) as error:
            raise AssertionError(f"{name_of(page)}:{block.line}") from error


def test_every_fence_is_a_block_in_a_language():
    for page in EVERY_PAGE:
        fences = re.findall(r"^ *(?:```|~~~).*$", page.read_text(encoding="utf-8"), re.MULTILINE)
        found = blocks_of(page)
        assert len(fences) == 2 * len(found), page
        assert [block.line for block in found if not block.language] == [], page


@pytest.mark.parametrize(("page", "language"), [*RUN, *READ, *SHOWN])
def test_what_is_listed_is_there(page, language):
    path = README if page == "README.md" else DOCS / page
    assert language in {block.language for block in blocks_of(path)}


@pytest.mark.parametrize("test", sorted(set(RUN.values())))
def test_who_runs_it_is_there(test):
    assert (ROOT / test).is_file()


@pytest.mark.parametrize(
    "line",
    [
        "workflow-events serve --migration",
        "workflow-events deliveries --colour",
        "workflow-events receiver",
        "workflow-events load-example --now",
        "export OIDC_ISUER=https://id.example.org",
        "make sun",
        "DEBUG=1 gunicorn workflow",
        "echo 'open",
    ],
)
def test_a_wrong_command_is_found(line):
    with pytest.raises((Exception, SystemExit)):
        check_shell(line)
