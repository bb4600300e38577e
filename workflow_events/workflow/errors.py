"""The errors that a client of the workflow can cause, each with its code."""

from enum import StrEnum

from django.db.models import Model


class ErrorCode(StrEnum):
    """Every value of ``extensions.code`` that the API sends."""

    NOT_FOUND = "NOT_FOUND"
    """The object does not exist, or is not visible."""
    INVALID_INPUT = "INVALID_INPUT"
    """A value is malformed, of the wrong type, or not allowed here."""
    INVALID_DOCUMENT = "INVALID_DOCUMENT"
    """The request is no valid GraphQL: malformed body, syntax, unknown operation or field."""
    INVALID_TRANSITION = "INVALID_TRANSITION"
    """The state of the case, work item or delivery does not allow this operation."""
    BAD_EXPRESSION = "BAD_EXPRESSION"
    """A flow or group expression does not parse, is too costly, or failed."""
    RECEIVER_ERROR = "RECEIVER_ERROR"
    """A receiver with ``raise_exception=True`` vetoed the operation."""
    EVENT_DEPTH_EXCEEDED = "EVENT_DEPTH_EXCEEDED"
    """Receivers called operations that called receivers without end."""
    CONFLICT = "CONFLICT"
    """Another operation won a deadlock or the database was busy; the request may be retried."""
    LIMIT_EXCEEDED = "LIMIT_EXCEEDED"
    """A document, a body or a request is larger, or takes longer, than a limit of the service."""
    UNAUTHENTICATED = "UNAUTHENTICATED"
    """The bearer token is malformed, expired, or not valid here; the status is 401."""
    UNAVAILABLE = "UNAVAILABLE"
    """The identity provider is down or slow, the status is 503; the request may be retried."""
    PERMISSION_DENIED = "PERMISSION_DENIED"
    """A permission, or a receiver, denied the operation."""
    INTERNAL_ERROR = "INTERNAL_ERROR"
    """Unexpected; the log has it under the id that the message names."""


class WorkflowError(Exception):
    """Base of every error whose message and code reach the client word for word."""

    code: ErrorCode = ErrorCode.INTERNAL_ERROR


class NotFound(WorkflowError):
    """The object does not exist, or is not visible to the user."""

    code = ErrorCode.NOT_FOUND


class InvalidInput(WorkflowError):
    """A value is malformed, of the wrong type, or not allowed here."""

    code = ErrorCode.INVALID_INPUT


class InvalidTransition(WorkflowError):
    """The state of the case or work item does not allow this operation."""

    code = ErrorCode.INVALID_TRANSITION

    def __init__(
        self, message: str = "", *, about: Model | None = None, otherwise: str = ""
    ) -> None:
        """Take the message and, if it is about another row than was named, that row.

        Over GraphQL, who may not see that row is told ``otherwise``.
        """
        super().__init__(message)
        self.about = about
        self.otherwise = otherwise


class BadExpression(WorkflowError):
    """A flow or group expression does not parse, is too costly, or failed."""

    code = ErrorCode.BAD_EXPRESSION


class Conflict(WorkflowError):
    """Another operation won a deadlock, or the database was busy; try again."""

    code = ErrorCode.CONFLICT


class LimitExceeded(WorkflowError):
    """The request asks for more than a limit of the service allows."""

    code = ErrorCode.LIMIT_EXCEEDED
