"""The event log over GraphQL: an event, lists of events, and the history of a case."""

import json
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from django.test import Client

from tests.contract.access import EVERYTHING_CHECKED
from tests.graphql.policies import in_force
from tests.graphql.rows import make_case, make_event, make_item
from tests.workflow.builders import statements
from workflow_events.delivery.models import LoggedEvent
from workflow_events.graphql.ids import to_global_id
from workflow_events.graphql.schema import schema
from workflow_events.workflow.users import BaseUser

NOON = datetime(2026, 1, 2, 12, tzinfo=UTC)


def names(api, arguments="", root="allEvents"):
    """The names of the events of a list, in its order."""
    answer = api(f"{{ {root}{arguments} {{ edges {{ node {{ name }} }} }} }}")
    return [edge["node"]["name"] for edge in answer.data[root]["edges"]]


@pytest.fixture
def history(db):
    """Three events of one case, an hour apart, and one of another."""
    case, other = make_case(), make_case()
    item = make_item(case)
    first = make_event(case, name="first", time=NOON, username="ann")
    make_event(
        case, item, name="second", time=NOON + timedelta(hours=1), username="eve", cause=first.pk
    )
    make_event(case, item, name="third", time=NOON + timedelta(hours=2), username="ann")
    make_event(other, name="fourth", time=NOON + timedelta(hours=3), username="ann")
    return case, first


def test_what_is_shown_of_an_event(api, db):
    case = make_case()
    item = make_item(case)
    cause = make_event(case)
    event = make_event(
        case,
        item,
        user=BaseUser("ann", ["clerks", "people"]),
        context={"b": [1, {"$price": "5"}], "a": None},
        cause=cause.pk,
    )
    query = """query ($id: ID!) { node(id: $id) { __typename id ... on Event {
        name time sender username group context
        case { id } workItem { id } cause causedBy { id name cause } } } }"""

    assert api(query, id=to_global_id("Event", event.pk)).data["node"] == {
        "__typename": "Event",
        "id": to_global_id("Event", event.pk),
        "name": "post_complete_work_item",
        "time": event.time.isoformat(),
        "sender": "CompleteWorkItem",
        "username": "ann",
        "group": "clerks",
        "context": {"b": [1, {"$price": "5"}], "a": None},
        "case": {"id": to_global_id("Case", case.pk)},
        "workItem": {"id": to_global_id("WorkItem", item.pk)},
        "cause": to_global_id("Event", cause.pk),
        "causedBy": {
            "id": to_global_id("Event", cause.pk),
            "name": "post_create_case",
            "cause": None,
        },
    }


def test_what_an_event_lacks_is_null(api, db):
    make_event(cause=UUID(int=5))
    query = """{ allEvents { edges { node { sender username group context
        case { id } workItem { id } cause causedBy { id } } } } }"""

    [edge] = api(query).data["allEvents"]["edges"]
    assert edge["node"] == {
        "sender": None,
        "username": None,
        "group": None,
        "context": None,
        "case": None,
        "workItem": None,
        "cause": to_global_id("Event", UUID(int=5)),
        "causedBy": None,
    }


def test_neither_payload_nor_claims_are_shown():
    assert set(schema.graphql_schema.type_map["Event"].fields) == {
        "id",
        "name",
        "time",
        "sender",
        "username",
        "group",
        "context",
        "case",
        "workItem",
        "cause",
        "causedBy",
    }


def test_the_history_outlives_the_case(api, db):
    case = make_case()
    item = make_item(case)
    event = make_event(case, item)
    key = str(case.pk)
    item.delete()
    case.delete()
    query = """query ($filter: [EventFilterSetType]) { allEvents(filter: $filter) {
        edges { node { id case { id } workItem { id } } } } }"""

    found = api(query, filter=[{"case": key}]).data["allEvents"]["edges"]
    expected = {"id": to_global_id("Event", event.pk), "case": None, "workItem": None}
    assert found == [{"node": expected}]


@pytest.mark.parametrize(
    ("entry", "expected"),
    [
        ('{name: "second"}', ["second"]),
        ('{names: ["second", null, "fourth"]}', ["second", "fourth"]),
        ('{username: "eve"}', ["second"]),
        ('{username: "eve", invert: true}', ["first", "third", "fourth"]),
        ('{timeAfter: "2026-01-02T14:00:00Z"}', ["third", "fourth"]),
        ('{timeBefore: "2026-01-02T14:00:00Z"}', ["first", "second"]),
        ('{name: "second", username: "ann"}', []),
        ('{name: ""}', ["first", "second", "third", "fourth"]),
    ],
)
def test_filters(api, history, entry, expected):
    assert names(api, f"(filter: [{entry}])") == expected


@pytest.mark.parametrize("spelt", [str, lambda key: to_global_id("Case", key)])
def test_filter_by_case(api, history, spelt):
    case, _ = history

    assert names(api, f'(filter: [{{case: "{spelt(case.pk)}"}}])') == ["first", "second", "third"]


@pytest.mark.parametrize("spelt", [str, lambda key: to_global_id("Event", key)])
def test_filters_by_events(api, history, spelt):
    _, first = history
    key = spelt(first.pk)

    assert names(api, f'(filter: [{{cause: "{key}"}}])') == ["second"]
    assert names(api, f'(filter: [{{id: "{key}"}}])') == ["first"]
    assert names(api, f'(filter: [{{ids: ["{key}"], invert: true}}])') == [
        "second",
        "third",
        "fourth",
    ]


def test_an_id_of_something_else_is_refused(api, history):
    wrong = to_global_id("Case", history[0].pk)

    answer = api(f'{{ allEvents(filter: [{{cause: "{wrong}"}}]) {{ totalCount }} }}')
    assert answer.error["message"] == '"cause": expected the id of a Event, got a Case\'s.'
    assert answer.code == "INVALID_INPUT"


@pytest.mark.parametrize(
    ("order", "expected"),
    [
        ("", ["first", "second", "third", "fourth"]),
        ("(order: [{attribute: ID, direction: DESC}])", ["fourth", "third", "second", "first"]),
        ("(order: [{attribute: TIME}])", ["first", "second", "third", "fourth"]),
        ("(order: [{attribute: TIME, direction: DESC}])", ["fourth", "third", "second", "first"]),
    ],
)
def test_orders(api, history, order, expected):
    assert names(api, order) == expected


def test_the_history_of_a_case(api, history):
    query = """{ allCases { edges { node { events(%s) {
        totalCount edges { node { name } } } } } } }"""

    def found(arguments):
        edges = api(query % arguments).data["allCases"]["edges"]
        return [
            (
                edge["node"]["events"]["totalCount"],
                [event["node"]["name"] for event in edge["node"]["events"]["edges"]],
            )
            for edge in edges
        ]

    assert found("first: 9") == [(3, ["first", "second", "third"]), (1, ["fourth"])]
    assert found("first: 1, offset: 1") == [(3, ["second"]), (1, [])]
    assert found("last: 1") == [(3, ["third"]), (1, ["fourth"])]
    assert found('filter: [{username: "eve"}]') == [(1, ["second"]), (0, [])]
    assert found("first: 2, order: [{attribute: ID, direction: DESC}]") == [
        (3, ["third", "second"]),
        (1, ["fourth"]),
    ]


def test_a_list_is_cut_to_the_largest_page(api, history, settings):
    settings.MAX_PAGE_SIZE = 2

    assert names(api) == ["first", "second"]
    assert names(api, "(first: 3)") == ["first", "second"]


def test_filters_that_look_elsewhere_are_limited(api, db):
    """PostgreSQL takes long to plan many of them."""
    entries = ", ".join(f'{{cause: "{UUID(int=number)}"}}' for number in range(21))

    answer = api(f"{{ allEvents(filter: [{entries}]) {{ totalCount }} }}")
    assert answer.code == "LIMIT_EXCEEDED"


def fifty(hidden):
    """Log fifty events of as many cases and items, each caused by the one before."""
    cause = None
    for _ in range(50):
        case = make_case(meta="secret" if hidden else {})
        cause = make_event(case, make_item(case), cause=cause and cause.pk)


ALL_FIELDS = """edges { node { name time sender username group context cause
    case { id workflow { slug } } workItem { id task { slug } } causedBy { name } } }"""
BUDGETS = [
    # The page; then cases, items and causes.
    (f"{{ allEvents(first: 50) {{ {ALL_FIELDS} }} }}", 4, 5),
    # As above, and the case's: those that may be seen.
    (f"{{ allCases(first: 50) {{ edges {{ node {{ events {{ {ALL_FIELDS} }} }} }} }} }}", 5, 6),
    ("{ allEvents(first: 50) { totalCount edges { node { cause } } } }", 2, 3),
]


@pytest.mark.django_db
@pytest.mark.parametrize("checked", [False, True], ids=["open", "restricted"])
@pytest.mark.parametrize(("query", "open_", "restricted"), BUDGETS)
def test_budgets(query, open_, restricted, checked):
    """Exact, whatever the number of rows."""
    counts, sizes = [], []
    with in_force(*(EVERYTHING_CHECKED if checked else ())):
        for hidden in (False, True):
            case = make_case()
            make_event(case, make_item(case))
            fifty(hidden)
            body = json.dumps({"query": query})
            with statements() as sql:
                answer = Client().post("/graphql", body, content_type="application/json").json()
            assert "errors" not in answer
            counts.append(len(sql))
            sizes.append(len(answer["data"].popitem()[1]["edges"]))

    assert counts == [restricted if checked else open_] * 2
    assert sizes == [50, 50]


def test_each_alias_has_what_is_selected_below_it(api, history):
    """And fetches it once for all rows."""
    query = """{ allEvents { edges { node {
        one: case { id } two: case { id workItems { totalCount } } } } } }"""
    with statements() as sql:
        edges = api(query).data["allEvents"]["edges"]

    assert [edge["node"]["two"]["workItems"]["totalCount"] for edge in edges] == [1, 1, 1, 0]
    assert all(edge["node"]["one"]["id"] == edge["node"]["two"]["id"] for edge in edges)
    assert len(sql) == 4


def test_what_a_mutation_returns_has_its_history(api, linear, settings):
    settings.EVENT_LOG = "all"
    answer = api.mutate(
        "startCase",
        "{ case { id events { edges { node { name sender cause workItem { name } } } } } }",
        workflow="linear",
    )

    case = {"name": "post_create_case", "sender": "StartCase", "cause": None, "workItem": None}
    item = {**case, "name": "post_create_work_item", "workItem": {"name": "First"}}
    found = answer.data["startCase"]["case"]["events"]["edges"]
    assert [edge["node"] for edge in found] == [case, item]
    assert LoggedEvent.objects.count() == 2
