"""From a request to its user."""

import re
from typing import Final

from django.http import HttpRequest

from workflow_events.auth.errors import Unauthorized
from workflow_events.auth.loading import current
from workflow_events.workflow.users import AnonymousUser, User

MAX_TOKEN: Final = 16_384
"""Characters of a token; the server's own limit for a header line may be lower."""

_TOKEN: Final = re.compile(r"[A-Za-z0-9._~+/-]+=*", re.ASCII)


def authenticate(request: HttpRequest) -> User:
    """Return the user of the request: of its bearer token or, without one, an `AnonymousUser`.

    Raises `Unauthorized` when the header or the token is not accepted, and `ProviderUnavailable`
    when the identity provider is needed and does not answer in time (facts 5.2).
    """
    header = request.META.get("HTTP_AUTHORIZATION")
    if header is None:
        return AnonymousUser()
    token = bearer_token(header)
    return current().user(token)


def bearer_token(header: str) -> str:
    """Return the token of an ``Authorization`` header; raise `Unauthorized` (RFC 6750, 2.1)."""
    scheme, *rest = header.split() or [""]
    if scheme.lower() != "bearer":
        raise Unauthorized('The scheme of the Authorization header must be "Bearer".', error=None)
    if len(rest) != 1:
        raise Unauthorized(
            'The Authorization header must be "Bearer" and one token.', error="invalid_request"
        )
    [token] = rest
    if len(token) > MAX_TOKEN:
        raise Unauthorized(f"The token has more than {MAX_TOKEN} characters.")
    if not _TOKEN.fullmatch(token):
        raise Unauthorized("The token has characters that no token has.")
    return token
