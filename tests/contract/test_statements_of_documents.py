"""The table of SQL statements that the service keeps to, over GraphQL, row by row.

Savepoints are counted, BEGIN and COMMIT are not; no receiver is registered unless the row says so;
the payload is ``{ case { id status } }`` or ``{ workItem { id status } }``; expressions are static
and there is no join. The numbers are exact, so that a change that adds a statement shows. All of
it holds with access classes in force: visibilities that restrict every type, permissions of the
class and of the object, and validations. They cost the look-up of each id in the input.
"""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from django.db import connection
from django.test import Client

from tests.contract.access import EVERYTHING_CHECKED
from tests.graphql.policies import in_force
from tests.workflow.builders import ANN, complete, item, statements, workflow
from workflow_events.events import on
from workflow_events.workflow import api
from workflow_events.workflow.models import Case, WorkItem

pytestmark = pytest.mark.django_db(transaction=True)

HUNDRED = {
    "is_multiple_instance": True,
    "address_groups": f"{[f'g{number:03}' for number in range(100)]}|groups",
}


def count(query: str, /, **variables: Any) -> tuple[dict[str, Any], int]:
    """Send a document to the endpoint; return its data, and how many statements it took."""
    body = json.dumps({"query": query, "variables": variables})
    with statements() as sql:
        answer = Client().post("/graphql", body, content_type="application/json").json()
    assert "errors" not in answer, answer
    return answer["data"], len(sql)


def change(mutation: str, returned: str, /, **members: Any) -> tuple[str, int]:
    """Call a mutation with the payload of the table; return the status, and the statements."""
    type_name = mutation[0].upper() + mutation[1:]
    data, taken = count(
        f"mutation ($input: {type_name}Input!)"
        f" {{ {mutation}(input: $input) {{ {returned} {{ id status }} }} }}",
        input=members,
    )
    return data[mutation][returned]["status"], taken


@pytest.fixture(params=[0, 1], ids=["open", "checked"], autouse=True)
def lookups(request: pytest.FixtureRequest) -> Iterator[int]:
    """How many statements the look-up of one id costs; one, where access classes are in force."""
    with in_force(*(EVERYTHING_CHECKED if request.param else ())):
        yield request.param


@pytest.fixture
def hundred() -> Case:
    """A case with 100 ready work items."""
    workflow("many", tasks={"many": HUNDRED})
    return api.start_case("flow", ANN)


@pytest.fixture
def on_postgresql() -> bool:
    """SQLite takes only so many parameters in a statement, and needs more for 100 rows."""
    return connection.vendor == "postgresql"


def test_save_case(lookups: int) -> None:
    """saveCase, linear workflow: at most 5."""
    workflow("a -> b")
    assert change("saveCase", "case", workflow="flow") == ("RUNNING", 3 + lookups)


def test_complete_into_the_next_item(lookups: int) -> None:
    """completeWorkItem, next item created: at most 8."""
    workflow("a -> b")
    case = api.start_case("flow", ANN)
    answer = change("completeWorkItem", "workItem", id=str(item(case, "a").pk))
    assert answer == ("COMPLETED", 7 + lookups)
    assert item(case, "b").status == "ready"


def test_complete_the_last_item(lookups: int) -> None:
    """completeWorkItem, case closes: at most 7."""
    workflow("a -> b")
    case = api.start_case("flow", ANN)
    complete(case, "a")
    answer = change("completeWorkItem", "workItem", id=str(item(case, "b").pk))
    assert answer == ("COMPLETED", 6 + lookups)
    case.refresh_from_db()
    assert case.status == "completed"


def test_save_case_with_100_items(on_postgresql: bool, lookups: int) -> None:
    """saveCase creating 100 items: at most 6."""
    workflow("many", tasks={"many": HUNDRED})
    status, taken = change("saveCase", "case", workflow="flow")
    assert status == "RUNNING"
    assert WorkItem.objects.count() == 100
    assert taken == 3 + lookups or not on_postgresql


@pytest.mark.parametrize(
    ("mutation", "status", "items"),
    [
        ("cancelCase", "CANCELED", "canceled"),
        ("suspendCase", "SUSPENDED", "suspended"),
        ("resumeCase", "RUNNING", "ready"),
    ],
)
class TestHundredItems:
    """cancelCase / suspendCase / resumeCase with 100 ready items."""

    @pytest.fixture(autouse=True)
    def suspended_before(self, hundred: Case, mutation: str) -> None:
        if mutation == "resumeCase":
            api.suspend_case(hundred, ANN)

    def test_nobody_listens(
        self, hundred: Case, mutation: str, status: str, items: str, lookups: int
    ) -> None:
        """No receiver on item events: at most 6."""
        assert change(mutation, "case", id=str(hundred.pk)) == (status, 5 + lookups)
        assert set(hundred.work_items.values_list("status", flat=True)) == {items}

    def test_receivers_of_items(
        self, hundred: Case, mutation: str, status: str, items: str, lookups: int
    ) -> None:
        """The same with receivers on item events that run no SQL: at most 6, and 1 per item."""
        heard: list[WorkItem] = []

        @on("post_*_work_item")
        def hear(work_item: WorkItem) -> None:
            heard.append(work_item)

        assert change(mutation, "case", id=str(hundred.pk)) == (status, 4 + 100 + lookups)
        assert len(heard) == 100
        assert set(hundred.work_items.values_list("status", flat=True)) == {items}


def test_list_of_100_work_items(hundred: Case) -> None:
    """100 work items with task, case and workflow: at most 3."""
    data, taken = count(
        "{ allWorkItems { edges { node { id task { slug } case { id workflow { slug } } } } } }"
    )
    assert len(data["allWorkItems"]["edges"]) == 100
    assert taken == 1


def test_list_of_50_cases() -> None:
    """50 cases with their work items and tasks: at most 3."""
    workflow("a -> b", start="a b")
    for _ in range(50):
        api.start_case("flow", ANN)
    data, taken = count(
        "{ allCases { edges { node { id workItems { edges { node { id task { slug } } } } } } } }"
    )
    assert [len(e["node"]["workItems"]["edges"]) for e in data["allCases"]["edges"]] == [2] * 50
    assert taken == 2
