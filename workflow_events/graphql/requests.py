"""What a GraphQL request asks: query, variables and operation name, by GET or POST."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.core.exceptions import BadRequest as RefusedByDjango
from django.core.exceptions import SuspiciousOperation
from django.http import HttpRequest, UnreadablePostError
from django.http.multipartparser import MultiPartParserError

from workflow_events.workflow.errors import ErrorCode

FORMS = ("application/x-www-form-urlencoded", "multipart/form-data")


class BadRequest(Exception):
    """The request asks nothing that could be executed."""

    def __init__(
        self, message: str, status: int = 400, code: ErrorCode = ErrorCode.INVALID_DOCUMENT
    ) -> None:
        super().__init__(message)
        self.status = status
        self.code = code


@dataclass(frozen=True)
class GraphQLRequest:
    """One operation to execute."""

    query: str
    variables: dict[str, Any] | None
    operation_name: str | None

    @classmethod
    def of(cls, request: HttpRequest) -> "GraphQLRequest":
        """Read it from the body or, where that lacks it, from the URL; raise `BadRequest`."""
        body = _body(request) if request.method == "POST" else {}
        url = _parameters(request)
        query = body.get("query") or url.get("query")
        if not query:
            raise BadRequest('The request has no "query".')
        if not isinstance(query, str):
            raise BadRequest('"query" must be a string.')
        name = body.get("operationName") or url.get("operationName")
        if name is not None and not isinstance(name, str):
            raise BadRequest('"operationName" must be a string.')
        variables = _variables(body.get("variables") or url.get("variables"))
        return cls(query, variables, name)


def _parameters(request: HttpRequest) -> Mapping[str, Any]:
    try:
        return request.GET
    except SuspiciousOperation as error:
        raise BadRequest(f"The URL cannot be read: {error}") from None


def _body(request: HttpRequest) -> Mapping[str, Any]:
    if "Transfer-Encoding" in request.headers:
        # WSGI gives a body by its length (PEP 3333): of a chunked one, nothing would be read.
        raise BadRequest("The body has no Content-Length: do not send it in chunks.", status=411)
    _check_size(request)
    try:
        if request.content_type == "application/json":
            return _json_body(request.body)
        if request.content_type == "application/graphql":
            return {"query": request.body.decode()}
        if request.content_type in FORMS:
            return request.POST
    except UnicodeDecodeError:
        raise BadRequest("The body is not UTF-8.") from None
    except UnreadablePostError:
        raise BadRequest("The connection ended before the body did.") from None
    except (MultiPartParserError, SuspiciousOperation, RefusedByDjango, LookupError) as error:
        # Too many fields or files, or a form in another encoding than UTF-8, or in none.
        raise BadRequest(f"The form cannot be read: {error}") from None
    raise BadRequest(
        f"The content type {request.content_type!r} is not supported: "
        "use application/json, application/graphql or a form.",
        status=415,
    )


def _check_size(request: HttpRequest) -> None:
    """Refuse a body that is too large, before any of it is read where its length is announced."""
    announced = request.headers.get("Content-Length")
    try:
        size = int(announced) if announced else len(request.body)
    except ValueError:
        raise BadRequest("The Content-Length is no number.") from None
    if size > settings.MAX_BODY_SIZE:
        raise BadRequest(
            f"The body has {size:,} bytes; MAX_BODY_SIZE allows {settings.MAX_BODY_SIZE:,}.",
            status=413,
            code=ErrorCode.LIMIT_EXCEEDED,
        )


def _json_body(body: bytes) -> dict[str, Any]:
    try:
        data = json.loads(body.decode())
    except UnicodeDecodeError:
        raise
    except (ValueError, RecursionError) as error:
        raise BadRequest(f"The body is not valid JSON: {error}") from None
    if isinstance(data, list):
        raise BadRequest("Batches are not supported: send one operation per request.")
    if not isinstance(data, dict):
        raise BadRequest('The body must be a JSON object with "query".')
    return data


def _variables(value: Any) -> dict[str, Any] | None:
    if isinstance(value, str):
        try:
            value = json.loads(value)
        except (ValueError, RecursionError) as error:
            raise BadRequest(
                f'"variables" is not valid JSON: {error}', code=ErrorCode.INVALID_INPUT
            ) from None
    if not value:
        value = None
    if value is not None and not isinstance(value, dict):
        raise BadRequest('"variables" must be a JSON object.', code=ErrorCode.INVALID_INPUT)
    return value
