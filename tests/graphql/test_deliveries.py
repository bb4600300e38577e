"""The ledger over GraphQL: lists of deliveries, and what is done with them."""

from datetime import UTC, datetime, timedelta

import pytest

from tests.contract.access import EVERYTHING_CHECKED
from tests.graphql.policies import in_force
from tests.graphql.rows import make_case, make_delivery, make_event, make_item
from tests.workflow.builders import statements
from workflow_events.delivery.models import Delivery, State
from workflow_events.graphql.ids import to_global_id
from workflow_events.graphql.schema import schema

NOON = datetime(2026, 1, 2, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)

pytestmark = pytest.mark.django_db


def stored(delivery):
    return Delivery.objects.values().get(pk=delivery.pk)


@pytest.fixture
def ledger():
    """One delivery in each state, an hour apart."""
    case = make_case()
    for number, state in enumerate(State):
        make_delivery(
            make_event(case, name=f"event_{state}"),
            "mail.send" if number % 2 else "Archive.store",
            state=state,
            attempts=number,
            created_at=NOON + number * HOUR,
            due=NOON - number * HOUR,
        )
    return case


def states(api, arguments=""):
    """The states of the deliveries of a list, in its order."""
    answer = api(f"{{ allDeliveries{arguments} {{ edges {{ node {{ state }} }} }} }}")
    return [edge["node"]["state"] for edge in answer.data["allDeliveries"]["edges"]]


def test_what_is_shown_of_a_delivery(api):
    event = make_event(make_case())
    delivery = make_delivery(
        event,
        state=State.DEAD,
        attempts=8,
        due=NOON,
        created_at=NOON - HOUR,
        started_at=NOON,
        finished_at=NOON + HOUR,
        worker="host:1:abcd",
        error="ValueError: no",
        traceback="Traceback …",
    )
    query = """query ($id: ID!) { node(id: $id) { id ... on Delivery { event { id name }
        receiver state attempts due createdAt startedAt finishedAt worker error traceback } } }"""

    key = to_global_id("Delivery", delivery.pk)
    assert api(query, id=key).data["node"] == {
        "id": key,
        "event": {"id": to_global_id("Event", event.pk), "name": "post_create_case"},
        "receiver": "extensions.mail.send",
        "state": "DEAD",
        "attempts": 8,
        "due": NOON.isoformat(),
        "createdAt": (NOON - HOUR).isoformat(),
        "startedAt": NOON.isoformat(),
        "finishedAt": (NOON + HOUR).isoformat(),
        "worker": "host:1:abcd",
        "error": "ValueError: no",
        "traceback": "Traceback …",
    }


def test_what_a_new_delivery_lacks_is_null(api):
    make_delivery(make_event())
    query = """{ allDeliveries { edges { node {
        state attempts startedAt finishedAt worker error traceback } } } }"""

    [edge] = api(query).data["allDeliveries"]["edges"]
    lacking = ("startedAt", "finishedAt", "worker", "error", "traceback")
    assert edge["node"] == {"state": "PENDING", "attempts": 0, **dict.fromkeys(lacking)}


def test_every_state_is_explained():
    values = schema.graphql_schema.type_map["DeliveryState"].values
    assert list(values) == [state.name for state in State]
    assert all(value.description.endswith(".") for value in values.values())


@pytest.mark.parametrize(
    ("entry", "expected"),
    [
        ("{state: DEAD}", ["DEAD"]),
        ("{state: [PENDING, RUNNING]}", ["PENDING", "RUNNING"]),
        ("{state: [DONE], invert: true}", ["PENDING", "RUNNING", "DEAD", "CANCELED"]),
        ('{receiver: "mail.send"}', ["RUNNING", "DEAD"]),
        ('{eventName: "event_done"}', ["DONE"]),
        ('{dueBefore: "2026-01-02T10:00:00Z"}', ["DEAD", "CANCELED"]),
        ('{dueAfter: "2026-01-02T11:00:00Z"}', ["PENDING", "RUNNING"]),
        ('{createdBefore: "2026-01-02T13:00:00Z"}', ["PENDING"]),
        ('{createdAfter: "2026-01-02T15:00:00Z"}', ["DEAD", "CANCELED"]),
        ('{receiver: "mail.send", state: [DEAD, DONE]}', ["DEAD"]),
    ],
)
def test_filters(api, ledger, entry, expected):
    assert states(api, f"(filter: [{entry}])") == expected


def test_filters_by_ids(api, ledger):
    delivery = Delivery.objects.select_related("event").get(state="done")
    other = make_delivery(make_event(make_case()))

    for key in (delivery.pk, to_global_id("Delivery", delivery.pk)):
        assert states(api, f'(filter: [{{id: "{key}"}}])') == ["DONE"]
        assert states(api, f'(filter: [{{ids: ["{key}"]}}])') == ["DONE"]
    assert states(api, f'(filter: [{{event: "{delivery.event_id}"}}])') == ["DONE"]
    assert len(states(api, f'(filter: [{{case: "{ledger.pk}"}}])')) == 5
    assert states(api, f'(filter: [{{case: "{other.event.case}"}}])') == ["PENDING"]


@pytest.mark.parametrize("wrong", ["x", "-1", "1.5", "\uff11", "9" * 19, "", "Q2FzZTox"])
def test_what_is_no_id_of_a_delivery_is_refused(api, ledger, wrong):
    """Nor what no column of the database holds."""
    answer = api.mutate("redeliver", "{ delivery { id } }", id=wrong)

    assert answer.code == "INVALID_INPUT"
    assert answer.error["message"].startswith('"id": ')


@pytest.mark.parametrize(
    ("attribute", "expected"),
    [
        ("ID", ["PENDING", "RUNNING", "DONE", "DEAD", "CANCELED"]),
        ("CREATED_AT", ["PENDING", "RUNNING", "DONE", "DEAD", "CANCELED"]),
        ("DUE", ["CANCELED", "DEAD", "DONE", "RUNNING", "PENDING"]),
        ("STATE", ["CANCELED", "DEAD", "DONE", "PENDING", "RUNNING"]),
        ("RECEIVER", ["PENDING", "DONE", "CANCELED", "RUNNING", "DEAD"]),
        ("STARTED_AT", ["PENDING", "RUNNING", "DONE", "DEAD", "CANCELED"]),
    ],
)
def test_orders(api, ledger, attribute, expected):
    assert states(api, f"(order: [{{attribute: {attribute}}}])") == expected
    descending = f"(order: [{{attribute: {attribute}, direction: DESC}}])"
    assert states(api, descending) == expected[::-1]


@pytest.mark.parametrize("state", ["done", "dead", "canceled"])
def test_redeliver(api, ledger, state):
    delivery = Delivery.objects.get(state=state)
    answer = api.mutate(
        "redeliver",
        "{ delivery { id state attempts event { name } } clientMutationId }",
        id=to_global_id("Delivery", delivery.pk),
        clientMutationId="mine",
    )

    assert answer.data["redeliver"] == {
        "delivery": {
            "id": to_global_id("Delivery", delivery.pk),
            "state": "PENDING",
            "attempts": 0,
            "event": {"name": f"event_{state}"},
        },
        "clientMutationId": "mine",
    }
    delivery.refresh_from_db()
    assert (delivery.state, delivery.attempts, delivery.finished_at) == ("pending", 0, None)


@pytest.mark.parametrize("state", ["pending", "running", "dead"])
def test_cancel(api, ledger, state):
    delivery = Delivery.objects.get(state=state)
    answer = api.mutate("cancelDelivery", "{ delivery { state } }", id=str(delivery.pk))

    assert answer.data["cancelDelivery"] == {"delivery": {"state": "CANCELED"}}
    delivery.refresh_from_db()
    assert delivery.state == "canceled"
    assert delivery.finished_at is not None


@pytest.mark.parametrize(
    ("name", "state"),
    [
        ("redeliver", "pending"),
        ("redeliver", "running"),
        ("cancelDelivery", "done"),
        ("cancelDelivery", "canceled"),
    ],
)
def test_what_the_state_does_not_allow_is_refused(api, ledger, name, state):
    delivery = Delivery.objects.get(state=state)
    before = stored(delivery)
    answer = api.mutate(name, "{ delivery { id } }", id=str(delivery.pk))

    assert answer.code == "INVALID_TRANSITION"
    assert answer.error["message"] == f"The delivery is {state}."
    assert answer.body["data"] == {name: None}
    assert stored(delivery) == before


@pytest.mark.parametrize("checked", [False, True], ids=["open", "checked"])
@pytest.mark.parametrize("name", ["redeliver", "cancelDelivery"])
def test_what_does_not_exist_is_not_found(api, ledger, name, checked):
    with in_force(*(EVERYTHING_CHECKED if checked else ())):
        answer = api.mutate(name, "{ delivery { id } }", id="123456789")

    assert answer.code == "NOT_FOUND"
    assert answer.error["message"] == "There is no delivery 123456789."


@pytest.mark.parametrize("checked", [False, True], ids=["open", "restricted"])
def test_budget(api, checked):
    """Exact, whatever the number of rows."""
    query = """{ allDeliveries(first: 50) { edges { node { receiver state error
        event { name context case { id } workItem { id } causedBy { name } } } } } }"""
    counts = []
    with in_force(*(EVERYTHING_CHECKED if checked else ())):
        for number in (1, 50):
            cause = None
            for _ in range(number):
                case = make_case(meta={})
                cause = make_event(case, make_item(case), cause=cause and cause.pk)
                make_delivery(cause)
            with statements() as sql:
                edges = api(query).data["allDeliveries"]["edges"]
            counts.append(len(sql))
            assert len(edges) == min(number, 50)
            assert edges[-1]["node"]["event"]["workItem"] is not None

    # The page with its events; then cases, items and, where there are any, causes.
    assert counts == [3, 4]
