"""The answers of a service that cannot tell who asks."""

import re
from collections.abc import Mapping
from typing import ClassVar, Final

from workflow_events.workflow.errors import ErrorCode, WorkflowError

RETRY_AFTER = 5
"""Seconds after which a client may ask again when the provider did not answer."""

_NOT_IN_A_HEADER: Final = re.compile(r"[^ !#-\[\]-~]")
"""What an ``error_description`` may not hold (RFC 6750 section 3)."""


class AuthenticationError(WorkflowError):
    """The request has no user: it is answered by ``status``, ``code`` and ``headers``."""

    status: ClassVar[int]

    @property
    def headers(self) -> Mapping[str, str]:
        """The headers of the answer."""
        return {}


class Unauthorized(AuthenticationError):
    """The token, or the header that it came in, is not accepted: status 401.

    Takes what is wrong, in words that do not quote the token, and the error code of RFC 6750
    section 3.1; None where the client did not try a bearer token.
    """

    code = ErrorCode.UNAUTHENTICATED
    status = 401

    def __init__(self, message: str, error: str | None = "invalid_token") -> None:
        super().__init__(message)
        self.error = error

    @property
    def headers(self) -> Mapping[str, str]:
        """The challenge (RFC 6750 section 3)."""
        challenge = "Bearer"
        if self.error is not None:
            said = _NOT_IN_A_HEADER.sub("'", str(self))
            challenge += f' error="{self.error}", error_description="{said}"'
        return {"WWW-Authenticate": challenge}


class ProviderUnavailable(AuthenticationError):
    """The identity provider is down, slow, or talks nonsense: status 503; the log says which."""

    code = ErrorCode.UNAVAILABLE
    status = 503

    def __init__(self) -> None:
        super().__init__("The identity provider does not answer as it should; try again later.")

    @property
    def headers(self) -> Mapping[str, str]:
        """When to try again (RFC 9110 section 10.2.3)."""
        return {"Retry-After": str(RETRY_AFTER)}
