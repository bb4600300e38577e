"""The statements of lists are such that PostgreSQL's indexes can serve them (decision 23)."""

from uuid import UUID

import pytest
from django.db import connection
from django.test import RequestFactory
from django.test.utils import CaptureQueriesContext

from tests.graphql.policies import in_force
from tests.graphql.rows import make_case, make_item
from workflow_events.access.visibilities import AddressedGroups
from workflow_events.graphql.schema import schema
from workflow_events.workflow.users import BaseUser

pytestmark = [
    pytest.mark.django_db,
    pytest.mark.skipif(connection.vendor != "postgresql", reason="the plans are PostgreSQL's"),
]

USER = BaseUser("ada", ["g1", "g2"])


@pytest.fixture(autouse=True)
def rows(db):
    """So few that PostgreSQL would read all of them, were it allowed to."""
    case = make_case()
    make_item(case, "a", addressed_groups=["g1"])
    make_item(case, "b", child_case=make_case("child"))


def plan_of(query, *disabled):
    """Return the plan of the only statement that the query takes, without these ways to read."""
    request = RequestFactory().post("/graphql/")
    request.user = USER
    with CaptureQueriesContext(connection) as queries:
        answer = schema.execute(query, context_value=request)
    assert answer.errors is None
    assert len(queries) == 1
    with connection.cursor() as cursor:
        for way in ("seqscan", *disabled):
            cursor.execute(f"SET LOCAL enable_{way} = off")
        cursor.execute(f"EXPLAIN {queries[0]['sql']}")
        return "\n".join(line for (line,) in cursor.fetchall())


@pytest.mark.parametrize(
    ("root", "entry", "index"),
    [
        ("allWorkItems", '{addressedGroups: ["g1", "g2"]}', "work_item_addressed_groups"),
        ("allWorkItems", '{controllingGroups: ["g1"]}', "work_item_controlling_groups"),
        ("allWorkItems", '{assignedUsers: ["ada"]}', "work_item_assigned_users"),
        ("allWorkItems", '{metaValue: [{key: "k", value: "v"}]}', "work_item_meta"),
        ("allCases", '{metaValue: [{key: "k", value: "v"}]}', "case_meta"),
        ("allCases", '{metaValue: [{key: "k", value: 5, lookup: EXACT}]}', "case_meta"),
        ("allCases", '{metaValue: [{key: "k", value: ["v", 1], lookup: IN}]}', "case_meta"),
        ("allCases", '{metaValue: [{key: "k", value: ["v"], lookup: INTERSECTS}]}', "case_meta"),
    ],
)
def test_what_json_holds_is_found_by_its_index(root, entry, index):
    plan = plan_of(f"{{ {root}(filter: [{entry}]) {{ edges {{ node {{ id }} }} }} }}", "indexscan")

    assert f"Bitmap Index Scan on {index} " in plan
    assert "Seq Scan" not in plan


@pytest.mark.parametrize("direction", ["ASC", "DESC"])
@pytest.mark.parametrize(
    ("entries", "index"),
    [
        ("{status: READY}", "work_item_status_deadline"),
        ('{status: READY}, {addressedGroups: ["g1"]}', "work_item_status_deadline"),
        ("{status: REDO, invert: true}", "work_item_deadline"),
    ],
)
def test_a_page_by_deadline_is_read_in_the_order_of_an_index(entries, index, direction):
    order = f"{{attribute: DEADLINE, direction: {direction}}}"
    query = (
        f"{{ allWorkItems(first: 10, filter: [{entries}], order: [{order}])"
        " { edges { node { id } } } }"
    )
    plan = plan_of(query, "bitmapscan")

    way = "Index Scan Backward" if direction == "DESC" else "Index Scan"
    assert f"{way} using {index} " in plan
    assert "Sort" not in plan


@pytest.mark.parametrize("direction", ["ASC", "DESC"])
@pytest.mark.parametrize(
    ("root", "entry", "attribute", "index"),
    [
        ("allEvents", "", "ID", "delivery_loggedevent_pkey"),
        ("allEvents", "", "TIME", "logged_event_time"),
        ("allEvents", f'{{case: "{UUID(int=1)}"}}', "ID", "logged_event_case"),
        ("allEvents", '{name: "x"}', "ID", "logged_event_name"),
        ("allEvents", '{username: "ann"}', "ID", "logged_event_username"),
        ("allDeliveries", "{state: DEAD}", "ID", "delivery_state_id"),
        ("allDeliveries", '{receiver: "x"}', "ID", "delivery_receiver"),
    ],
)
def test_a_page_of_the_log_is_read_in_the_order_of_an_index(
    root, entry, attribute, index, direction
):
    query = (
        f"{{ {root}(first: 10, filter: [{entry}], order: [{{attribute: {attribute},"
        f" direction: {direction}}}]) {{ edges {{ node {{ __typename }} }} }} }}"
    )
    plan = plan_of(query, "bitmapscan", "hashjoin", "mergejoin")

    way = "Index Scan Backward" if direction == "DESC" else "Index Scan"
    assert f"{way} using {index} " in plan
    assert "Sort" not in plan


def test_visible_cases_are_not_looked_up_case_by_case():
    with in_force(AddressedGroups()):
        plan = plan_of("{ allCases(first: 10) { edges { node { id } } } }", "indexscan")

    assert "Bitmap Index Scan on work_item_addressed_groups " in plan
    assert "SubPlan" not in plan
