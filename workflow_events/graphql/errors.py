"""What the client learns of an error: a message, a code, and nothing that was not meant for it."""

import logging
from typing import Any
from uuid import uuid4

from django.core.exceptions import PermissionDenied, ValidationError
from graphql import GraphQLError

from workflow_events.events import EventDepthExceeded, ReceiverError
from workflow_events.workflow.errors import ErrorCode, WorkflowError

logger = logging.getLogger("workflow_events.graphql")

EXPLANATION = "explanation"
"""What the executor adds to the error of a dry run."""
UNTOLD = "A receiver failed; the log says why."


def formatted(error: GraphQLError, code: ErrorCode) -> dict[str, Any]:
    """Return an entry of ``errors``.

    Takes the error as the executor gives it, and the code of errors that GraphQL itself raised.
    """
    entry: dict[str, Any] = {"message": error.message}
    if error.locations:
        entry["locations"] = [location.formatted for location in error.locations]
    if error.path:
        entry["path"] = error.path
    cause = error.original_error
    while isinstance(cause, GraphQLError) and cause.original_error is not None:
        cause = cause.original_error
    if cause is None or isinstance(cause, GraphQLError):
        entry["extensions"] = {"code": code, **(error.extensions or {})}
    else:
        entry["message"], entry["extensions"] = explained(cause)
        if error.extensions and EXPLANATION in error.extensions:
            entry["extensions"][EXPLANATION] = error.extensions[EXPLANATION]
    return entry


def explained(error: Exception) -> tuple[str, dict[str, Any]]:
    """Return the message and the extensions of an error that a resolver raised.

    An unexpected one is logged under an id, and the client gets the id only (contract section 4).
    """
    if isinstance(error, ReceiverError):
        return receiver_message(error), _receiver_extensions(error)
    if isinstance(error, EventDepthExceeded):
        return str(error), {"code": ErrorCode.EVENT_DEPTH_EXCEEDED}
    told = public_message(error)
    if told is None:
        return unexpected(error)
    return told, {"code": _code(error)}


def public_message(error: BaseException) -> str | None:
    """Return the message of an error that is meant for clients, or None if it is not."""
    if isinstance(error, ReceiverError):
        return receiver_message(error)
    if isinstance(error, ValidationError):
        return ", ".join(error.messages)
    if isinstance(error, WorkflowError | PermissionDenied):
        return str(error) or (type(error).__doc__ or "").partition("\n")[0]
    return None


def receiver_message(error: ReceiverError) -> str:
    """Join what the failed receivers say; of an exception not meant for clients, only that."""
    return ", ".join(public_message(failure) or UNTOLD for failure in error.exceptions)


def _receiver_extensions(error: ReceiverError) -> dict[str, Any]:
    extensions: dict[str, Any] = {
        "code": ErrorCode.RECEIVER_ERROR,
        "event": error.event,
        "receivers": list(error.receivers),
    }
    codes = [
        failure.code if isinstance(failure, WorkflowError) else None for failure in error.exceptions
    ]
    if any(codes):
        extensions["codes"] = codes
    return extensions


def _code(error: BaseException) -> ErrorCode:
    if isinstance(error, WorkflowError):
        return error.code
    if isinstance(error, PermissionDenied):
        return ErrorCode.PERMISSION_DENIED
    return ErrorCode.INVALID_INPUT


def unexpected(error: Exception) -> tuple[str, dict[str, Any]]:
    """Log an error under an id; return a message that has the id only, and the extensions."""
    error_id = str(uuid4())
    logger.error("Unexpected error %s", error_id, exc_info=error)
    message = f"An unexpected error happened; the log has it under {error_id}."
    return message, {"code": ErrorCode.INTERNAL_ERROR, "id": error_id}
