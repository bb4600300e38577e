"""Running a mutation in a test, as a client would, without HTTP and without a token."""

from __future__ import annotations

import json
from typing import Any
from uuid import UUID

from django.db.models import Model
from django.test import RequestFactory
from graphql import ExecutionResult, GraphQLInputObjectType, get_named_type
from graphql.type import GraphQLField

from workflow_events.events.near import near
from workflow_events.graphql.errors import formatted
from workflow_events.graphql.requests import GraphQLRequest
from workflow_events.graphql.schema import schema
from workflow_events.graphql.view import GraphQLView, documents
from workflow_events.workflow.errors import ErrorCode
from workflow_events.workflow.users import AnonymousUser, User


class MutationFailed(AssertionError):
    """A mutation was refused; ``errors`` are those of the answer, as a client gets them.

    Each has a ``message``, and in ``extensions`` a ``code``. What was raised is the cause.
    """

    def __init__(self, name: str, result: ExecutionResult) -> None:
        """Take the mutation's name, and what came of it."""
        errors = result.errors or []
        self.errors = [formatted(error, ErrorCode.INVALID_INPUT) for error in errors]
        said = [f"{entry['extensions']['code']}: {entry['message']}" for entry in self.errors]
        super().__init__(f"{name}: {'; '.join(said)}")


def run_mutation(
    name: str,
    selection: str = "{ clientMutationId }",
    /,
    *,
    user: User | None = None,
    **members: Any,
) -> dict[str, Any]:
    """Run one mutation of the API as this user, or as nobody, and return what is selected of it.

    Takes its name as clients write it, the members of its input, and in ``selection`` what to
    answer. A row or a UUID stands for its id, and any value for its JSON where a text of JSON is
    asked for. Permissions, validations and limits hold as for clients. Raises `MutationFailed` when
    it is refused, ``LookupError`` where there is no such mutation or member.
    """
    field = _field(name)
    kind = get_named_type(field.args["input"].type)
    assert isinstance(kind, GraphQLInputObjectType)  # noqa: S101 (that of every mutation is)
    query = f"mutation ($input: {kind.name}!) {{ {name}(input: $input) {selection} }}"
    given = {key: _member(kind, key, value) for key, value in members.items()}
    request = RequestFactory().post("/graphql/")
    request.user = user or AnonymousUser()  # type: ignore[assignment]
    asked = GraphQLRequest(query, {"input": given}, None)
    document = documents.get(schema.graphql_schema, query)
    result = GraphQLView().execute(request, asked, document)
    if result.errors or result.data is None:
        raised = [error.original_error for error in result.errors or []]
        raise MutationFailed(name, result) from next(filter(None, raised), None)
    payload: dict[str, Any] = result.data[name]
    return payload


def _field(name: str) -> GraphQLField:
    mutations = schema.graphql_schema.mutation_type
    fields: dict[str, GraphQLField] = mutations.fields if mutations else {}
    if name not in fields:
        known = ", ".join(near(name, fields) or sorted(fields))
        raise LookupError(f"There is no mutation {name!r}; there is {known}.")
    return fields[name]


def _member(kind: GraphQLInputObjectType, name: str, value: Any) -> Any:
    if name not in kind.fields:
        raise LookupError(f"{kind.name} has no {name!r}; it has {', '.join(sorted(kind.fields))}.")
    if isinstance(value, Model | UUID):
        return str(value.pk if isinstance(value, Model) else value)
    is_json = get_named_type(kind.fields[name].type).name == "JSONString"
    return json.dumps(value) if is_json and not isinstance(value, str | None) else value
