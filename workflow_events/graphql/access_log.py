"""One line of JSON for each request, for who must know what was asked (``ENABLE_ACCESS_LOG``).

Values are not in it: no arguments, no variables, no tokens. JSON escapes line breaks, so that
nobody can write a line of his own.
"""

import json
import logging
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any, Final

from django.http import HttpRequest, HttpResponse, HttpResponseBase
from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    OperationDefinitionNode,
    SelectionSetNode,
)

access = logging.getLogger("workflow_events.access")
logger = logging.getLogger("workflow_events.graphql")

MAX_LENGTH: Final = 200
"""Longer names, which clients choose, are cut."""


def write(request: HttpRequest, response: HttpResponseBase | None, seconds: float) -> None:
    """Write the line of one request; without a response, it ended with an unexpected error."""
    try:
        line = json.dumps(_entry(request, response, seconds), default=str)
    except Exception:  # the client has its answer coming; what went wrong is told here
        logger.exception("A request could not be written to the access log")
    else:
        access.info("%s", line)


def _entry(
    request: HttpRequest, response: HttpResponseBase | None, seconds: float
) -> dict[str, Any]:
    document: DocumentNode | None = getattr(request, "document", None)
    operation: OperationDefinitionNode | None = getattr(request, "operation", None)
    entry: dict[str, Any] = {
        "timestamp": datetime.now(UTC).isoformat(timespec="milliseconds"),
        "username": _cut(getattr(getattr(request, "user", None), "username", None)),
        "method": request.method,
        "path": _cut(request.path),
        "operation": None,
        "operation_name": None,
        "selection": [],
        "status_code": 500 if response is None else response.status_code,
        "error_codes": list(dict.fromkeys(getattr(response, "error_codes", ()))),
        "duration_ms": round(seconds * 1000, 1),
        # The length of what is streamed is not known yet.
        "bytes": len(response.content) if isinstance(response, HttpResponse) else None,
    }
    if document is not None and operation is not None:
        entry["operation"] = operation.operation.value
        entry["operation_name"] = _cut(operation.name.value) if operation.name else None
        entry["selection"] = list(dict.fromkeys(_root_fields(document, operation.selection_set)))
    return entry


def _root_fields(document: DocumentNode, selection_set: SelectionSetNode) -> Iterator[str]:
    """Yield the names of the root fields; a valid document has but those of the schema."""
    fragments = {
        definition.name.value: definition.selection_set
        for definition in document.definitions
        if isinstance(definition, FragmentDefinitionNode)
    }
    stack, met = [selection_set], set[str]()
    while stack:
        for selection in stack.pop().selections:
            if isinstance(selection, FieldNode):
                yield selection.name.value
            elif isinstance(selection, FragmentSpreadNode):
                if selection.name.value not in met:
                    met.add(selection.name.value)
                    stack.append(fragments[selection.name.value])
            else:
                stack.append(selection.selection_set)  # type: ignore[attr-defined]


def _cut(text: Any) -> str | None:
    return None if text is None else str(text)[:MAX_LENGTH]
