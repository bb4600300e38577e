"""Accept-Language: negotiation, what clients read and write, and threads that are used again."""

import http.client
import json
import threading
from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import Any

import pytest
from asgiref.sync import async_to_sync
from django.conf import settings
from django.test import AsyncClient, Client, override_settings
from django.utils import translation

from tests.graphql.rows import make_case, make_item
from tests.project.processes import COMMAND, free_port, started
from workflow_events.graphql.languages import negotiated
from workflow_events.workflow.models import Task, WorkItem

MIDDLEWARE = "workflow_events.graphql.languages.LanguageMiddleware"
LANGUAGES = [("en", "English"), ("de", "German"), ("pt-br", "Brazilian Portuguese")]
SAVE = """
mutation ($input: SaveSimpleTaskInput!) {
  saveSimpleTask(input: $input) { task { name description } }
}
"""


@pytest.fixture
def several() -> Iterator[None]:
    """What the settings are with LANGUAGES=en,de,pt-br."""
    middleware = [*settings.MIDDLEWARE, MIDDLEWARE]
    with (
        override_settings(LANGUAGE_CODE="en", LANGUAGES=LANGUAGES, MIDDLEWARE=middleware),
        translation.override("en"),
    ):
        yield


class Speaker:
    """A client that asks for a language; without one it sends no header."""

    def __init__(
        self, language: str | None = None, headers: Mapping[str, str] = MappingProxyType({})
    ) -> None:
        accept = {} if language is None else {"accept-language": language}
        self.http = Client(headers={**accept, **headers})

    def response(self, query: str, **variables: Any) -> Any:
        body = json.dumps({"query": query, "variables": variables})
        return self.http.post("/graphql/", body, content_type="application/json")

    def __call__(self, query: str, **variables: Any) -> Any:
        body = self.response(query, **variables).json()
        assert "errors" not in body, body["errors"]
        return body["data"]

    def save_task(self, **members: Any) -> dict[str, Any]:
        return self(SAVE, input={"slug": "check", **members})["saveSimpleTask"]["task"]

    def task(self) -> dict[str, Any]:
        found = self("{ allTasks { edges { node { name description } } } }")
        [edge] = found["allTasks"]["edges"]
        return edge["node"]


def slugs(answer: dict[str, Any], root: str) -> str:
    """The slugs of a list, in order."""
    return "".join(edge["node"]["slug"] for edge in answer[root]["edges"])


# Which language


@pytest.mark.usefixtures("several")
@pytest.mark.parametrize(
    ("header", "language"),
    [
        ("", "en"),
        ("de", "de"),
        ("DE", "de"),
        ("de-CH", "de"),
        ("de-CH-1996", "de"),
        ("pt", "pt-br"),
        ("pt-PT", "pt-br"),
        ("pt-BR", "pt-br"),
        ("fr", "en"),
        ("fr, de;q=0.5", "de"),
        ("en;q=0.3, de;q=0.7", "de"),
        ("de;q=0.3,en;q=0.7", "en"),
        ("fr;q=0.9, *;q=0.5, de;q=0.1", "en"),
        ("*", "en"),
        ("de;q=0", "en"),
        ("*, de;q=0", "en"),
        ("de;q=high", "en"),
        ("de;;q=1", "en"),
        ("de_CH", "en"),
        ("💥", "en"),
        (", ".join(["fr"] * 100 + ["de"]), "de"),
        (", ".join(["fr"] * 1000 + ["de"]), "en"),
        ("de" * 10_000, "en"),
    ],
)
def test_the_language_is_negotiated(header: str, language: str) -> None:
    assert negotiated(header) == language


@pytest.mark.usefixtures("several", "db")
@pytest.mark.parametrize(
    ("speaker", "language"),
    [
        (Speaker(), "en"),
        (Speaker("de-CH"), "de"),
        (Speaker("de;q=high"), "en"),
        (Speaker("de", headers={"cookie": "django_language=pt-br"}), "de"),
        (Speaker(headers={"language": "de"}), "en"),
    ],
    ids=["no header", "variant", "malformed", "a cookie", "the header language"],
)
def test_an_answer_says_its_language(speaker: Speaker, language: str) -> None:
    response = speaker.response("{ __typename }")
    assert response.headers["Content-Language"] == language
    assert "Accept-Language" in response.headers["Vary"]
    refused = speaker.response("{ nothing }")
    assert refused.status_code == 400
    assert refused.headers["Content-Language"] == language


@pytest.mark.django_db
def test_one_language_has_no_middleware() -> None:
    assert [code for code, _ in settings.LANGUAGES] == [settings.LANGUAGE_CODE]
    assert MIDDLEWARE not in settings.MIDDLEWARE
    response = Speaker("de").response("{ __typename }")
    assert "Content-Language" not in response.headers


@pytest.mark.usefixtures("several", "db")
@pytest.mark.parametrize("query", ["{ __typename }", "{ nothing }"])
def test_a_request_leaves_no_language_behind(query: str) -> None:
    Speaker("de").response(query)
    assert translation.get_language() == "en"


@pytest.mark.usefixtures("several")
@pytest.mark.django_db(transaction=True)
def test_an_asynchronous_server_answers_in_the_language_too() -> None:
    body = json.dumps({"query": "{ __typename }"})
    headers = {"accept-language": "de"}
    post = async_to_sync(AsyncClient().post)
    response = post("/graphql/", body, content_type="application/json", headers=headers)
    assert response.headers["Content-Language"] == "de"
    assert translation.get_language() == "en"


# Reading and writing


@pytest.mark.usefixtures("several", "db")
def test_each_client_reads_and_writes_its_own_language() -> None:
    german, english, other = Speaker("de"), Speaker("en"), Speaker("fr")
    first = {"name": "Prüfen", "description": "Schau."}
    assert german.save_task(**first) == first
    assert english.task() == first
    assert english.save_task(name="Check", description="Look.")["name"] == "Check"
    assert german.task() == first
    assert other.task() == english.task() == {"name": "Check", "description": "Look."}
    assert german.save_task(name="Testen", description=None) == {
        "name": "Testen",
        "description": "Look.",
    }
    assert english.task() == {"name": "Check", "description": "Look."}


@pytest.mark.usefixtures("several", "db")
def test_every_type_with_a_name_is_localized() -> None:
    german, english = Speaker("de"), Speaker("en")
    german.save_task(name="Prüfen", description="Schau.", isMultipleInstance=True)
    german(
        'mutation { saveWorkflow(input: {slug: "w", name: "Antrag", startTasks: ["check"]}) '
        "{ clientMutationId } }"
    )
    english.save_task(name="Check")
    english(
        'mutation { saveWorkflow(input: {slug: "w", name: "Application", description: "Apply.", '
        'startTasks: ["check"]}) { clientMutationId } }'
    )
    [case] = [german('mutation { saveCase(input: {workflow: "w"}) { case { id } } }')]
    german(
        "mutation ($case: ID!) { createWorkItem(input: {case: $case, "
        'multipleInstanceTask: "check", name: "Noch einmal", description: ""}) '
        "{ clientMutationId } }",
        case=case["saveCase"]["case"]["id"],
    )
    query = """{ allCases { edges { node {
      workflow { name description tasks { name } startTasks { description } }
      workItems { edges { node { name description task { name } } } }
    } } } }"""

    def read(speaker: Speaker) -> Any:
        [edge] = speaker(query)["allCases"]["edges"]
        items = [
            (item["node"]["name"], item["node"]["description"], item["node"]["task"]["name"])
            for item in edge["node"]["workItems"]["edges"]
        ]
        return edge["node"]["workflow"], items

    assert read(german) == (
        {
            "name": "Antrag",
            "description": "Apply.",
            "tasks": [{"name": "Prüfen"}],
            "startTasks": [{"description": "Schau."}],
        },
        [("Prüfen", "Schau.", "Prüfen"), ("Noch einmal", "Schau.", "Prüfen")],
    )
    assert read(english) == (
        {
            "name": "Application",
            "description": "Apply.",
            "tasks": [{"name": "Check"}],
            "startTasks": [{"description": "Schau."}],
        },
        [("Check", "Schau.", "Check"), ("Check", "Schau.", "Check")],
    )


@pytest.mark.usefixtures("several", "db")
def test_a_work_item_is_changed_in_one_language() -> None:
    item = make_item(make_case(), name="Check", translations={"name": {"de": "Prüfen"}})
    save = """mutation ($input: SaveWorkItemInput!) {
      saveWorkItem(input: $input) { workItem { name description } } }"""
    german, english = Speaker("de"), Speaker("en")
    changed = german(save, input={"workItem": str(item.pk), "name": "Testen", "description": "So."})
    assert changed["saveWorkItem"]["workItem"] == {"name": "Testen", "description": "So."}
    changed = english(save, input={"workItem": str(item.pk), "assignedUsers": ["ann"]})
    assert changed["saveWorkItem"]["workItem"] == {"name": "Check", "description": None}
    changed = german(save, input={"workItem": str(item.pk), "name": None})
    assert changed["saveWorkItem"]["workItem"] == {"name": "t", "description": "So."}


# Filters and orders


@pytest.fixture
def tasks(several: None, db: None) -> None:
    Task.objects.create(slug="a", name="Zebra", description="black")
    Task.objects.create(slug="b", name="Ant", translations={"name": {"de": "Wespe"}})
    Task.objects.create(
        slug="c",
        name="Mole",
        description="blind",
        translations={"name": {"de": "Ameise"}, "description": {"de": "black"}},
    )


@pytest.mark.usefixtures("tasks")
@pytest.mark.parametrize(
    ("language", "filters", "found"),
    [
        ("en", '{name: "Ant"}', "b"),
        ("de", '{name: "Ant"}', ""),
        ("de", '{name: "Wespe"}', "b"),
        ("de", '{name: "Zebra"}', "a"),
        ("fr", '{name: "Ant"}', "b"),
        ("de", '{name: "Wespe", invert: true}', "ac"),
        ("en", '{description: "black"}', "a"),
        ("de", '{description: "black"}', "ac"),
        ("de", '{description: "blind"}', ""),
        ("en", '{description: "black", invert: true}', "bc"),
        ("de", '{description: "black", invert: true}', "b"),
        ("en", '{search: "mole"}', "c"),
        ("de", '{search: "mole"}', ""),
        ("de", '{search: "ameise black"}', "c"),
        ("de", '{search: "zebra"}', "a"),
    ],
)
def test_filters_look_at_the_active_language(language: str, filters: str, found: str) -> None:
    query = f"{{ allTasks(filter: [{filters}]) {{ edges {{ node {{ slug }} }} }} }}"
    assert slugs(Speaker(language)(query), "allTasks") == found


@pytest.mark.usefixtures("tasks")
@pytest.mark.parametrize(
    ("language", "order", "expected"),
    [
        ("en", "{attribute: NAME}", "bca"),
        ("de", "{attribute: NAME}", "cba"),
        ("de", "{attribute: NAME, direction: DESC}", "abc"),
        ("en", "{attribute: DESCRIPTION}", "acb"),
        ("de", "{attribute: DESCRIPTION}, {attribute: NAME}", "cab"),
        ("de", "{attribute: DESCRIPTION, direction: DESC}", "bca"),
    ],
)
def test_orders_look_at_the_active_language(language: str, order: str, expected: str) -> None:
    query = f"{{ allTasks(order: [{order}]) {{ edges {{ node {{ slug }} }} }} }}"
    assert slugs(Speaker(language)(query), "allTasks") == expected


@pytest.mark.usefixtures("several", "db")
def test_nested_lists_look_at_the_active_language() -> None:
    """Each page is cut by a window over the order, for several parents at once."""
    for case in (make_case(), make_case()):
        make_item(case, name="Bee", translations={"name": {"de": "Zorn"}})
        make_item(case, name="Cow")
        make_item(case, name="Ant", translations={"name": {"de": "Qualle"}})
    query = """{ allCases { edges { node {
      workItems(first: 2, order: [{attribute: NAME}]) { edges { node { name } } }
      others: workItems(filter: [{name: "Zorn", invert: true}]) { totalCount }
    } } } }"""

    def read(language: str) -> list[Any]:
        return [
            (
                [item["node"]["name"] for item in edge["node"]["workItems"]["edges"]],
                edge["node"]["others"]["totalCount"],
            )
            for edge in Speaker(language)(query)["allCases"]["edges"]
        ]

    assert read("en") == [(["Ant", "Bee"], 3)] * 2
    assert read("de") == [(["Cow", "Qualle"], 2)] * 2
    assert WorkItem.objects.count() == 6


# A running service


def test_a_thread_forgets_the_language_of_the_request_before(tmp_path: Any) -> None:
    """Two threads answer many clients at once, each in its own language, and none in another's."""
    port = free_port()
    variables = {
        "ENV": "dev",
        "LANGUAGES": "en,de",
        "PORT": str(port),
        "WEB_CONCURRENCY": "1",
        "THREADS": "2",
    }
    with started([COMMAND, "serve", "--migrate"], cwd=tmp_path, **variables) as (_, output):
        output.wait_for("^Serving ")
        english = {"slug": "check", "name": "Check"}
        assert ask(port, {"Accept-Language": "en"}, SAVE, english) == ("Check", "en")
        german = {"slug": "check", "name": "Prüfen"}
        assert ask(port, {"Accept-Language": "de"}, SAVE, german) == ("Prüfen", "de")
        expected = {"de-CH": ("Prüfen", "de"), "en": ("Check", "en"), None: ("Check", "en")}
        answers: dict[Any, set[Any]] = {language: set() for language in expected}

        def keep_asking(language: str | None) -> None:
            headers = {} if language is None else {"Accept-Language": language}
            read = "{ allTasks { edges { node { name } } } }"
            for _ in range(25):
                answers[language].add(ask(port, headers, read))

        threads = [
            threading.Thread(target=keep_asking, args=(language,)) for language in [*expected] * 2
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(timeout=60)
        assert answers == {language: {answer} for language, answer in expected.items()}


def ask(
    port: int, headers: dict[str, str], query: str, task: dict[str, str] | None = None
) -> tuple[str, str | None]:
    """Return the name of the only task, and the language of the answer."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    try:
        body = json.dumps({"query": query, "variables": {"input": task}})
        headers = {"Content-Type": "application/json", **headers}
        connection.request("POST", "/graphql", body, headers)
        response = connection.getresponse()
        data = json.load(response)["data"]
    finally:
        connection.close()
    node = data["saveSimpleTask"]["task"] if task else data["allTasks"]["edges"][0]["node"]
    return node["name"], response.getheader("Content-Language")
