"""The endpoint.

A plain view instead of a subclass of graphene-django's: documents come from our cache, every
error has a code, and no middleware runs per field; of theirs nothing but the name would be left.
"""

from collections.abc import Mapping
from time import perf_counter
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseBase, JsonResponse
from django.utils.decorators import method_decorator
from django.views import View
from django.views.decorators.csrf import csrf_exempt
from graphql import (
    DocumentNode,
    ExecutionResult,
    GraphQLError,
    OperationDefinitionNode,
    OperationType,
    execute,
    get_operation_ast,
)

from workflow_events.auth import AuthenticationError, authenticate
from workflow_events.graphql import access_log, graphiql
from workflow_events.graphql.documents import (
    STANDARD_RULES,
    WITHOUT_INTROSPECTION,
    DocumentCache,
    InvalidDocument,
)
from workflow_events.graphql.dry_runs import Execution
from workflow_events.graphql.errors import formatted, unexpected
from workflow_events.graphql.limits.deadline import Deadline
from workflow_events.graphql.limits.values import check_values
from workflow_events.graphql.requests import BadRequest, GraphQLRequest
from workflow_events.graphql.schema import schema
from workflow_events.workflow.errors import ErrorCode, LimitExceeded

documents = DocumentCache()


class GraphQLResponse(JsonResponse):
    """An answer that remembers the codes of its errors, for the access log."""

    def __init__(self, body: dict[str, Any], **options: Any) -> None:
        super().__init__(body, **options)
        self.error_codes = [entry["extensions"]["code"] for entry in body.get("errors", ())]


# Requests carry their authority in a header, never in a cookie that a foreign page could use.
@method_decorator(csrf_exempt, name="dispatch")
class GraphQLView(View):
    """Executes GraphQL operations by GET (queries only) and POST (facts 1.1)."""

    http_method_names = ("get", "post", "options")
    graphql_schema = schema.graphql_schema

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        """Answer, and write to the access log if there is one."""
        if not settings.ENABLE_ACCESS_LOG:
            return super().dispatch(request, *args, **kwargs)
        response, start = None, perf_counter()
        try:
            response = super().dispatch(request, *args, **kwargs)
        finally:
            access_log.write(request, response, perf_counter() - start)
        return response

    def get(self, request: HttpRequest) -> HttpResponseBase:
        """Answer a query, or show GraphiQL in development."""
        if settings.DEBUG and graphiql.wants_page(request):
            return HttpResponse(graphiql.PAGE)
        return self.answer(request)

    def post(self, request: HttpRequest) -> HttpResponseBase:
        """Answer a query or mutation."""
        return self.answer(request)

    def answer(self, request: HttpRequest) -> HttpResponseBase:
        """Execute what the request asks.

        200 where every error belongs to a field; 400 and no ``data`` where nothing was executed;
        401 or 503 where it cannot be told who asks (facts 5.2), 500 where the user factory fails.
        """
        refusal = _identify(request)
        if refusal is not None:
            return refusal
        try:
            asked = GraphQLRequest.of(request)
            rules = WITHOUT_INTROSPECTION if settings.DISABLE_INTROSPECTION else STANDARD_RULES
            document = documents.get(self.graphql_schema, asked.query, rules)
            if asked.variables:
                check_values(asked.variables)
            operation = _operation(document, asked.operation_name)
        except BadRequest as error:
            return _refusal(request, [GraphQLError(str(error))], error.code, error.status)
        except InvalidDocument as error:
            return _refusal(request, error.errors, ErrorCode.INVALID_DOCUMENT)
        except LimitExceeded as error:
            return _refusal(request, [GraphQLError(str(error))], error.code)
        if request.method == "GET" and operation.operation is not OperationType.QUERY:
            response = _refusal(
                request,
                [GraphQLError("Only queries may be sent by GET; use POST.")],
                ErrorCode.INVALID_DOCUMENT,
                status=405,
            )
            response["Allow"] = "POST"
            return response
        request.document, request.operation = document, operation  # type: ignore[attr-defined]
        return _response(request, self.execute(request, asked, document))

    def execute(
        self, request: HttpRequest, asked: GraphQLRequest, document: DocumentNode
    ) -> ExecutionResult:
        """Execute the operation, with the request as ``info.context``."""
        with Deadline(settings.REQUEST_DEADLINE):
            result = execute(
                self.graphql_schema,
                document,
                context_value=request,
                variable_values=asked.variables,
                operation_name=asked.operation_name,
                execution_context_class=Execution,
                hide_suggestions=settings.DISABLE_INTROSPECTION,
            )
        assert isinstance(result, ExecutionResult)  # noqa: S101 (no resolver is async)
        return result


def _identify(request: HttpRequest) -> HttpResponse | None:
    """Set the user of the request; return the refusal where it cannot be told who asks."""
    try:
        request.user = authenticate(request)  # type: ignore[assignment]
    except AuthenticationError as error:
        return _refusal(
            request, [GraphQLError(str(error))], error.code, error.status, error.headers
        )
    except Exception as error:  # of OIDC_USER_FACTORY, which is code of the deployment
        message, extensions = unexpected(error)
        told = GraphQLError(message, extensions=extensions)
        return _refusal(request, [told], ErrorCode.INTERNAL_ERROR, status=500)
    return None


def _operation(document: DocumentNode, name: str | None) -> OperationDefinitionNode:
    operation = get_operation_ast(document, name)
    if operation is None:
        if name is None:
            raise BadRequest('The document has not exactly one operation: give "operationName".')
        raise BadRequest(f"The document has no operation named {name[:80]!r}.")
    return operation


def _response(request: HttpRequest, result: ExecutionResult) -> HttpResponse:
    errors = result.errors or []
    if any(error.path is None for error in errors):
        # The operation is known by now: what is left are values of variables.
        return _refusal(request, errors, ErrorCode.INVALID_INPUT)
    body: dict[str, Any] = {"data": result.data}
    if errors:
        body["errors"] = [formatted(error, ErrorCode.INVALID_INPUT) for error in errors]
    return GraphQLResponse(body)


def _refusal(
    request: HttpRequest,
    errors: list[GraphQLError],
    code: ErrorCode,
    status: int = 400,
    headers: Mapping[str, str] | None = None,
) -> HttpResponse:
    entries = [formatted(error, code) for error in errors]
    # For Django's line about it in the log.
    first = entries[0]
    request.refusal = f"{first['extensions']['code']}: {first['message']}"  # type: ignore[attr-defined]
    return GraphQLResponse({"errors": entries}, status=status, headers=headers)
