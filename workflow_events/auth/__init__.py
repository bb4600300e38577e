"""Who asks: a request's bearer token becomes its user (docs/how-to/identify-users.md)."""

from workflow_events.auth.authentication import authenticate
from workflow_events.auth.errors import AuthenticationError, ProviderUnavailable, Unauthorized
from workflow_events.auth.users import OIDCUser

__all__ = [
    "AuthenticationError",
    "OIDCUser",
    "ProviderUnavailable",
    "Unauthorized",
    "authenticate",
]
