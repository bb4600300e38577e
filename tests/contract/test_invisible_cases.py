"""A user who may not see a case learns nothing of it, whatever is asked (issue 3).

Every question of the schema is asked in a world with secret cases, and again, with the same ids, in
the world where those cases have never existed. The answers are equal, but for the exceptions here.
"""

import base64
import binascii
import json
import re
from collections.abc import Iterable, Iterator
from typing import Any

import pytest
from django.db import transaction
from django.test import Client
from graphql import GraphQLObjectType

from tests.contract import questions, secret_history
from tests.contract.questions import SCHEMA, Question
from tests.contract.secret_world import (
    CASES,
    ITEMS,
    LONG_AGO,
    SECRET_CASES,
    VISIBILITIES,
    build,
    without_secrets,
)
from tests.graphql.policies import in_force
from workflow_events.workflow.models import WorkItem

pytestmark = pytest.mark.django_db

ORPHAN = str(CASES["orphan"])
ORPHANS = [f"Case:{CASES[name]}" for name in ("orphan", "twin")]
VISIBLE_ITEMS = [
    str(ITEMS[name])
    for name in ("first", "waits", "many", "paused", "of_closed", "of_below", "of_orphan")
]
FAMILY_OF_AN_ORPHAN = (
    "A case below an invisible root is in a family that the user may not see. Which family it "
    "would be in without that root cannot be said: none is shown."
)
RULES_HOLD = (
    "The rules of the workflow hold whoever asks: what must not happen while a child case runs, or "
    "after its parent item is done, does not happen. The error names no other object."
)
EXCEPTIONS = {
    rf"\(filter: (rootCase|caseFamily): {ORPHAN}": FAMILY_OF_AN_ORPHAN,
    r"\(filter: rootCaseMetaValue: .*'orphan'": FAMILY_OF_AN_ORPHAN,
    rf"^completeWorkItem\(.*{ITEMS['waits']}": RULES_HOLD,
    rf"^reopenCase\(.*{ORPHAN}.*({'|'.join(VISIBLE_ITEMS)})": RULES_HOLD,
    rf"^(save|start)Case\({{'workflow': 'w', .*{ITEMS['of_orphan']}": FAMILY_OF_AN_ORPHAN,
}
"""Why questions that match the pattern are answered differently."""
REFUSED = ("completeWorkItem", "reopenCase")
BATCH = 40
CLIENT = Client()


@pytest.fixture(autouse=True)
def world(settings: Any) -> Iterator[None]:
    settings.QUERY_COMPLEXITY_LIMIT = settings.QUERY_ALIAS_LIMIT = settings.QUERY_DEPTH_LIMIT = 0
    settings.QUERY_LENGTH_LIMIT = settings.QUERY_TOKEN_LIMIT = 0
    settings.MAX_BODY_SIZE = settings.DATA_UPLOAD_MAX_MEMORY_SIZE = 2**30
    settings.EVENT_LOG = "all"
    build()
    secret_history.build()
    with in_force(*VISIBILITIES):
        yield


def ask(operation: str, asked: list[Question]) -> list[Any]:
    """Ask several questions by one document; return the answer to each, errors included."""
    variables, parts = {}, []
    # Selections that questions share are read once: some are long.
    shared = dict.fromkeys((question.on, question.selection) for question in asked)
    fragments = {selection: f"f{number}" for number, selection in enumerate(shared)}
    for number, question in enumerate(asked):
        field = question.field.replace("$v", f"$v{number}")
        text = f"q{number}: {field} {{ ...{fragments[question.on, question.selection]} }}"
        if question.below:
            text = f"r{number}: {question.below} {{ edges {{ node {{ id {text} }} }} }}"
        parts.append(text)
        if question.type:
            variables[f"v{number}"] = (question.type, question.value)
    declared = ", ".join(f"${name}: {type_}" for name, (type_, _) in variables.items())
    head = f"{operation} ({declared})" if declared else operation
    parts = [f"{head} {{", *parts, "}"]
    parts += [f"fragment {name} on {type_} {text}" for (type_, text), name in fragments.items()]
    body = {
        "query": " ".join(parts),
        "variables": {name: value for name, (_, value) in variables.items()},
    }
    response = CLIENT.post("/graphql", json.dumps(body), content_type="application/json")
    answer = response.json()
    assert response.status_code == 200, answer
    found = []
    for number, question in enumerate(asked):
        alias = f"{'r' if question.below else 'q'}{number}"
        errors = [
            {key: value for key, value in error.items() if key != "locations"}
            for error in answer.get("errors", ())
            if error["path"][0] == alias
        ]
        found.append(comparable({"data": answer["data"][alias], "errors": errors}))
    return found


def comparable(value: Any) -> Any:
    """Return an answer without what differs between two runs: new keys, and the time."""
    if isinstance(value, dict):
        shown = {key: comparable(part) for key, part in value.items()}
        if shown.get("__typename") == "Case" and shown.get("id") in ORPHANS:
            shown.pop("familyOfCase", None)  # FAMILY_OF_AN_ORPHAN
        return shown
    if isinstance(value, list):
        return [comparable(part) for part in value]
    if isinstance(value, str):
        return _comparable_text(value)
    return value


KNOWN = {str(key) for key in (*CASES.values(), *ITEMS.values(), *secret_history.EVENTS.values())}
UUID_TEXT = re.compile(r"[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}")
MOMENT = re.compile(r"\d{4}-\d\d-\d\dT[\d:.]+(?:\+00:00|Z)")


def _comparable_text(text: str) -> str:
    try:
        decoded = base64.b64decode(text, validate=True).decode()
    except (binascii.Error, ValueError):
        decoded = text
    text = decoded if ":" in decoded else text
    text = UUID_TEXT.sub(lambda found: found[0] if found[0] in KNOWN else "<new>", text)
    return MOMENT.sub(
        lambda found: found[0] if found[0][:4] == str(LONG_AGO.year) else "<now>", text
    )


def learned(operation: str, asked: Iterable[Question]) -> dict[str, tuple[Any, Any]]:
    """Return the questions whose answers differ between the worlds, with both answers."""
    pending = list(asked)
    assert pending
    with_secrets = _answers(operation, pending)
    secret_history.without_secrets()
    without_secrets()
    without = _answers(operation, pending)
    return {
        question.label: (first, second)
        for question, first, second in zip(pending, with_secrets, without, strict=True)
        if first != second
    }


def _answers(operation: str, asked: list[Question]) -> list[Any]:
    size = 1 if operation == "mutation" else BATCH
    answers: list[Any] = []
    for start in range(0, len(asked), size):
        with transaction.atomic():
            answers += ask(operation, asked[start : start + size])
            transaction.set_rollback(True)
    return answers


def excepted(asked: Iterable[Question]) -> set[str]:
    """Return the labels of the questions that an exception speaks of."""
    pattern = re.compile("|".join(EXCEPTIONS))
    return {question.label for question in asked if pattern.search(question.label)}


def test_what_is_shown_of_every_object() -> None:
    asked = [*questions.root_questions()]
    assert learned("query", asked) == {}


def test_any_object_by_its_id() -> None:
    assert learned("query", questions.nodes()) == {}


@pytest.mark.parametrize("name", questions.list_names("filter"))
def test_filters(name: str) -> None:
    asked = [*questions.questions_of("filter", name)]
    assert set(learned("query", asked)) == excepted(asked)


@pytest.mark.parametrize("name", questions.list_names("order"))
def test_orders(name: str) -> None:
    assert learned("query", questions.questions_of("order", name)) == {}


@pytest.mark.parametrize("name", questions.mutation_names())
def test_mutations(name: str) -> None:
    asked = [*questions.mutation_questions(name)]
    differing = learned("mutation", asked)

    assert set(differing) == excepted(asked)
    for secretly, _ in differing.values():
        codes = [error["extensions"]["code"] for error in secretly["errors"]]
        assert codes == (["INVALID_TRANSITION"] if name in REFUSED else [])
        assert not any(str(key) in json.dumps(secretly) for key in SECRET_CASES)


def test_every_field_is_asked_for() -> None:
    """Every field of every object type is in some selection."""
    asked = [*questions.root_questions(), *questions.nodes()]
    for name in questions.mutation_names():
        asked.append(next(questions.mutation_questions(name)))
    said = " ".join(question.selection for question in asked)
    words = set(re.findall(r"\w+", said))
    roots = {SCHEMA.query_type, SCHEMA.mutation_type}
    for found in SCHEMA.type_map.values():
        if isinstance(found, GraphQLObjectType) and found not in roots:
            assert found.name.startswith("__") or set(found.fields) <= words, found
    assert questions.connections_without_a_way() == []
    modes = {entry.get("lookup") for entry in questions.CANDIDATES["JSONValueFilterType"]}
    assert modes - {None} == set(SCHEMA.type_map["JSONLookupMode"].values)


def test_the_world_has_secrets() -> None:
    """The walk would see them: without visibilities, answers differ."""
    with in_force():
        asked = [*questions.root_questions(depth=0)]
        assert set(learned("query", asked)) == {
            "allCases",
            "allWorkItems",
            "allEvents",
            "allDeliveries",
        }
    assert WorkItem.objects.count() == 8
