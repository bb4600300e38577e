"""Ten lists as clients ask for them: nested, filtered, ordered and paged.

Each takes an exact number of statements, the same on SQLite and PostgreSQL, that does not grow with
the rows. Where not everything may be seen, a nullable relation takes one statement of its own per
level, as what it leads to has to be looked up among the visible; everything else stays joined.
"""

import json
from dataclasses import dataclass
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from tests.contract.access import EVERYTHING_CHECKED
from tests.graphql.policies import in_force
from tests.graphql.rows import make_case, make_item
from tests.workflow.builders import ANN, statements
from workflow_events.workflow import design
from workflow_events.workflow.models import Case

pytestmark = pytest.mark.django_db


@dataclass(frozen=True)
class Listing:
    """A query, and how many statements it takes with everything visible and with restrictions."""

    name: str
    query: str
    open: int
    restricted: int


LISTINGS = [
    Listing(
        "inbox",
        """{ allWorkItems(first: 50, filter: [{status: READY}, {tasks: ["b", "c"]}],
            order: [{attribute: DEADLINE}, {attribute: CREATED_AT, direction: DESC}]) {
            edges { node { id name task { slug } case { id meta workflow { slug name } } } } } }""",
        1,
        1,
    ),
    Listing(
        "dashboard",
        """{ allCases(filter: [{status: [RUNNING]}, {excludeChildCases: true}],
            order: [{attribute: CREATED_AT, direction: DESC}]) {
            totalCount pageInfo { hasNextPage endCursor }
            edges { node { id workflow { slug } workItems(filter: [{status: READY}],
                order: [{attribute: DEADLINE}]) { edges { node { id task { slug } } } } } } } }""",
        3,
        3,
    ),
    Listing(
        "history",
        """{ allCases(first: 50) { edges { node { workItems(filter: [{task: "a"}], first: 2) {
            totalCount edges { node { status succeedingWorkItems(first: 1) {
                pageInfo { hasNextPage } edges { node { status task { slug } } } } } } } } } } }""",
        4,
        4,
    ),
    Listing(
        "designs",
        """{ allWorkflows(filter: [{isArchived: false}], order: [{attribute: SLUG}]) {
            edges { node { slug startTasks { slug } flows(order: [{attribute: CREATED_AT}]) {
                totalCount edges { node { next tasks { slug name } } } } } } } }""",
        5,
        5,
    ),
    Listing(
        "family",
        """{ allCases(filter: [{excludeChildCases: true, invert: true}]) { edges { node {
            family { id workflow { slug } } parentWorkItem { id task { slug } }
            familyWorkItems(order: [{attribute: NAME}]) { edges { node {
                name childCase { id } } } } } } } }""",
        2,
        6,
    ),
    Listing(
        "children",
        """{ allWorkItems(filter: [{task: "c"}], first: 50) { edges { node {
            childCase { meta workItems(last: 1, order: [{attribute: NAME}]) {
                edges { node { name previousWorkItem { name task { slug } } } } } } } } } }""",
        3,
        5,
    ),
    Listing(
        "tree",
        """{ allCases(filter: [{excludeChildCases: true}]) { edges { node { meta
            familyWorkItems(filter: [{hasDeadline: true}]) { totalCount edges { node { name
                case { meta parentWorkItem { name previousWorkItem { name } } } } } } } } } }""",
        3,
        6,
    ),
    Listing(
        "tasks",
        """{ allTasks(filter: [{type: SIMPLE}], order: [{attribute: SLUG}], first: 2, offset: 1) {
            totalCount pageInfo { hasPreviousPage hasNextPage }
            edges { node { slug addressGroups ... on SimpleTask { leadTime } } } } }""",
        2,
        2,
    ),
    Listing(
        "redo",
        """{ allCases(filter: [{workflow: "w"}]) { edges { node { workflow { tasks { slug } }
            workItems(last: 1, filter: [{status: COMPLETED}]) {
                edges { node { isRedoable task { slug } } } } } } } }""",
        9,
        9,
    ),
    Listing(
        "search",
        """{ allWorkItems(filter: [{task: "a", invert: true}, {createdAfter: "2020-01-01T00:00Z"}],
            order: [{attribute: STATUS}, {attribute: SLUG}], last: 40) { totalCount
            edges { cursor node { previousWorkItem { name case { family { meta } } } } } } }""",
        2,
        4,
    ),
]


def families(number: int) -> None:
    """Make so many root cases, each with items and a child case with items; and secret ones."""
    for _ in range(number):
        for meta in ({}, "secret"):
            root = make_case("w", meta=meta)
            first = make_item(root, "a", status="completed", deadline=timezone.now())
            make_item(root, "b", previous_work_item=first)
            child = make_case("v", meta={}, family_id=root.pk)
            make_item(root, "c", previous_work_item=first, child_case=child)
            inner = make_item(child, "a", status="completed", deadline=timezone.now())
            make_item(child, "b", previous_work_item=inner)


@pytest.fixture
def designs() -> None:
    for slug in "abc":
        design.save_task(slug, ANN, name=slug)
    for slug in "wv":
        design.save_workflow(slug, ANN, name=slug, start_tasks=["a"])
        design.add_workflow_flow(slug, ["a"], "['b', 'c']|tasks", None, ANN)
        design.add_workflow_flow(slug, ["b", "c"], "[]|tasks", "'a'|task", ANN)


def measured(query: str) -> tuple[Any, int]:
    body = json.dumps({"query": query})
    with statements() as sql:
        answer = Client().post("/graphql", body, content_type="application/json").json()
    assert "errors" not in answer, answer
    return answer["data"], len(sql)


@pytest.mark.parametrize("checked", [False, True], ids=["open", "restricted"])
@pytest.mark.parametrize("listing", LISTINGS, ids=lambda listing: listing.name)
def test_budget(designs: None, listing: Listing, checked: bool) -> None:
    """The number is exact, and the same for three times as many rows."""
    families(2)
    counts, sizes = [], []
    with in_force(*(EVERYTHING_CHECKED if checked else ())):
        for more in (0, 4):
            families(more)
            data, count = measured(listing.query)
            counts.append(count)
            sizes.append(len(json.dumps(data)))

    assert counts == [listing.restricted if checked else listing.open] * 2
    assert sizes[1] > 2 * sizes[0] or listing.name in {"designs", "tasks"}
    assert Case.objects.filter(meta="secret").count() == 6
