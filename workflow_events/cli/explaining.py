"""Running a mutation as a client would, without keeping what it does."""

from collections.abc import Sequence
from typing import Any

from django.conf import settings
from django.http import HttpRequest
from graphene.utils.str_converters import to_camel_case
from graphql import OperationType, execute, get_operation_ast

from workflow_events.auth import authenticate
from workflow_events.events.tracing.dry_runs import dry_run
from workflow_events.events.tracing.explanation import explained
from workflow_events.graphql.documents import STANDARD_RULES
from workflow_events.graphql.dry_runs import Execution
from workflow_events.graphql.errors import formatted
from workflow_events.graphql.limits.deadline import Deadline
from workflow_events.graphql.limits.values import check_values
from workflow_events.graphql.mutations import Mutation
from workflow_events.graphql.requests import GraphQLRequest
from workflow_events.graphql.schema import schema
from workflow_events.graphql.view import documents
from workflow_events.workflow.errors import ErrorCode
from workflow_events.workflow.senders import VERBS, sender_for
from workflow_events.workflow.users import BaseUser


def verbs(kind: str) -> list[str]:
    """Return what can be done with a ``case`` or a ``work_item`` that exists."""
    return sorted(
        verb.removesuffix(f"_{kind}")
        for verb in VERBS
        if verb.endswith(f"_{kind}") and _mutation(verb).target is not None
    )


def verb_of(kind: str, key: str, verb: str, given: dict[str, Any]) -> GraphQLRequest:
    """Return the mutation that does this to a ``case`` or a ``work_item``.

    ``given`` are further members of its input. Raises ``LookupError`` for an unknown verb, and
    ``ValueError`` for a member that names another object.
    """
    if verb not in verbs(kind):
        what = kind.replace("_", " ")
        raise LookupError(f"{verb!r} is no verb of a {what}; there are {', '.join(verbs(kind))}")
    mutation = _mutation(f"{verb}_{kind}")
    target = to_camel_case(mutation.target or "")
    if target in given:
        raise ValueError(f"leave {target!r} out; --{kind.replace('_', '-')} says it")
    name = mutation.__name__
    field = name[0].lower() + name[1:]
    query = f"mutation ($input: {name}Input!) {{ {field}(input: $input) {{ clientMutationId }} }}"
    members = {**given, target: key}
    return GraphQLRequest(query, {"input": members}, None)


def request_of(user: str | None, groups: Sequence[str], token: str | None) -> HttpRequest:
    """Return a request of this user, or of whom the token says; without either, of nobody.

    Raises `AuthenticationError` for a token that is not accepted.
    """
    request: Any = HttpRequest()
    request.method = "POST"
    if token is not None:
        request.META["HTTP_AUTHORIZATION"] = f"Bearer {token}"
    request.user = authenticate(request) if user is None else BaseUser(user, list(groups))
    made: HttpRequest = request
    return made


def explain(asked: GraphQLRequest, request: HttpRequest) -> dict[str, Any]:
    """Execute a mutation in a dry run; return its explanation with its ``data`` and ``errors``.

    Permissions, visibilities and validations hold for the user of the request, and the limits on
    requests, `REQUEST_DEADLINE` included. Raises `InvalidDocument` and `LimitExceeded` as for a
    client, and ``ValueError`` for what is no mutation.
    """
    document = documents.get(schema.graphql_schema, asked.query, STANDARD_RULES)
    operation = get_operation_ast(document, asked.operation_name)
    if operation is None:
        raise ValueError("the document has several operations, or none of that name: --operation")
    if operation.operation is not OperationType.MUTATION:
        raise ValueError(f"that is a {operation.operation.value}; only mutations are explained")
    if asked.variables:
        check_values(asked.variables)
    with Deadline(settings.REQUEST_DEADLINE), dry_run() as trace:
        result: Any = execute(
            schema.graphql_schema,
            document,
            context_value=request,
            variable_values=asked.variables,
            operation_name=asked.operation_name,
            execution_context_class=Execution,
        )
        # Inside: what was registered for after COMMIT is forgotten with the transaction.
        found = explained(trace)
    errors = [formatted(error, ErrorCode.INVALID_INPUT) for error in result.errors or ()]
    for error in errors:
        error["extensions"].pop("explanation", None)  # it is all there already
    return {**found, "data": result.data, "errors": errors}


def _mutation(verb: str) -> type[Mutation]:
    mutation: type[Mutation] = sender_for(verb)
    return mutation
