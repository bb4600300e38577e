"""A client that speaks GraphQL, and a workflow to speak about."""

import json
from dataclasses import dataclass
from typing import Any

import pytest
from django.test import Client

from tests.graphql.policies import noting
from workflow_events.access.permissions import BasePermission
from workflow_events.access.validations import BaseValidation
from workflow_events.workflow import design
from workflow_events.workflow.users import BaseUser

AUTHOR = BaseUser("author", ["design"])


@dataclass
class Answer:
    """The body of an answer, and its status."""

    status: int
    body: dict[str, Any]

    @property
    def data(self) -> dict[str, Any]:
        """What was asked for; there must be no error."""
        assert "errors" not in self.body, self.body["errors"]
        assert self.status == 200
        return self.body["data"]

    @property
    def error(self) -> dict[str, Any]:
        """The only error."""
        assert len(self.body["errors"]) == 1, self.body
        return self.body["errors"][0]

    @property
    def code(self) -> str:
        """The code of the only error."""
        return self.error["extensions"]["code"]


class GraphQLClient:
    """Posts operations to the endpoint."""

    def __init__(self) -> None:
        self.http = Client()

    def __call__(
        self, query: str, operation_name: str | None = None, /, **variables: Any
    ) -> Answer:
        body: dict[str, Any] = {"query": query, "variables": variables}
        if operation_name:
            body["operationName"] = operation_name
        return self.post(json.dumps(body))

    def post(self, body: str | bytes, content_type: str = "application/json") -> Answer:
        response = self.http.post("/graphql/", body, content_type=content_type)
        return Answer(response.status_code, response.json())

    def mutate(self, name: str, selection: str, /, **members: Any) -> Answer:
        """Call one mutation with these members of its input."""
        type_name = name[0].upper() + name[1:]
        query = f"mutation ($input: {type_name}Input!) {{ {name}(input: $input) {selection} }}"
        return self(query, input=members)


@pytest.fixture
def api(db: None) -> GraphQLClient:
    return GraphQLClient()


@pytest.fixture
def asked() -> list[Any]:
    """What `clerk` was asked, in order."""
    return []


@pytest.fixture
def clerk(asked: list[Any]) -> tuple[BasePermission, BaseValidation]:
    """A permission and a validation that allow everything, and put it down in ``asked``."""
    return noting(asked)


@pytest.fixture
def linear(db: None) -> None:
    """Workflow "linear": task "first", then "second"."""
    design.save_task("first", AUTHOR, name="First")
    design.save_task("second", AUTHOR, name="Second")
    design.save_workflow("linear", AUTHOR, name="Linear", start_tasks=["first"])
    design.add_workflow_flow("linear", ["first"], "'second'|task", None, AUTHOR)


@pytest.fixture
def multiple(db: None) -> None:
    """Workflow "multiple": task "many", which may have several items."""
    design.save_task("many", AUTHOR, name="Many", is_multiple_instance=True, lead_time=60)
    design.save_workflow("multiple", AUTHOR, name="Multiple", start_tasks=["many"])
