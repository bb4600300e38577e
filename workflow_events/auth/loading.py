"""Reads the settings, once at start, and refuses those that do not fit together."""

import inspect
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.core.signals import setting_changed

from workflow_events.auth.client import Client
from workflow_events.auth.errors import Unauthorized
from workflow_events.auth.keys import KeySet, fetch_keys
from workflow_events.auth.tokens import ALGORITHMS, JwtTokens
from workflow_events.auth.userinfo import UserinfoTokens
from workflow_events.configuration import imported
from workflow_events.workflow.users import User

ATTRIBUTES = ("username", "groups", "group", "is_authenticated")
"""What the rest of the service asks of a user."""


class Tokens(Protocol):
    """Knows what tokens say."""

    def claims(self, token: str) -> dict[str, Any]:
        """Return the claims; raise `Unauthorized` or `ProviderUnavailable`."""


@dataclass(frozen=True)
class Authentication:
    """What is in force: how tokens are validated (None: not at all), and what makes the users."""

    client: Client
    tokens: Tokens | None
    factory: Callable[..., User]

    def user(self, token: str) -> User:
        """Return the user of a bearer token; raise `Unauthorized` or `ProviderUnavailable`."""
        if self.tokens is None:
            raise Unauthorized("No identity provider is configured, so no token is accepted.")
        user = self.factory(token=token, claims=self.tokens.claims(token))
        for attribute in ATTRIBUTES:
            if not hasattr(user, attribute):
                raise TypeError(
                    f"OIDC_USER_FACTORY: {settings.OIDC_USER_FACTORY} returned "
                    f"{type(user).__name__}, which has no {attribute!r}."
                )
        return user


_loaded: dict[str, Authentication] = {}


def load_authentication() -> None:
    """Read the settings; called once at start, and at first use else.

    Raises `ImproperlyConfigured`, which names the setting, when one cannot be used or they
    contradict each other.
    """
    _check()
    factory = _factory(settings.OIDC_USER_FACTORY)
    client = Client(settings.OIDC_TIMEOUT, verify=settings.OIDC_VERIFY_SSL)
    _loaded["current"] = Authentication(client, _tokens(client), factory)


def current() -> Authentication:
    """Return what is in force."""
    if not _loaded:
        load_authentication()
    return _loaded["current"]


def _check() -> None:
    signed = [name for name in ("OIDC_ISSUER", "OIDC_JWKS_ENDPOINT") if getattr(settings, name)]
    asked = bool(settings.OIDC_USERINFO_ENDPOINT)
    if asked and signed:
        raise ImproperlyConfigured(
            f"OIDC_USERINFO_ENDPOINT: unset it or {signed[0]}; tokens are either asked about, "
            "or validated as JWT"
        )
    if signed and not settings.OIDC_AUDIENCE:
        raise ImproperlyConfigured(
            f"OIDC_AUDIENCE: must be set with {signed[0]}; without it, tokens that the provider "
            "gave to others would be accepted"
        )
    if settings.OIDC_AUDIENCE and not signed:
        raise ImproperlyConfigured(
            "OIDC_AUDIENCE: is for JWT, so set OIDC_ISSUER or OIDC_JWKS_ENDPOINT, or unset it"
        )
    if settings.OIDC_BEARER_TOKEN_REVALIDATION_TIME and not asked:
        raise ImproperlyConfigured(
            "OIDC_BEARER_TOKEN_REVALIDATION_TIME: is for OIDC_USERINFO_ENDPOINT, which is not set"
        )
    for name in ("OIDC_ALGORITHMS", "OIDC_USERNAME_CLAIM", "OIDC_GROUPS_CLAIM"):
        if not getattr(settings, name):
            raise ImproperlyConfigured(f"{name}: must not be empty")
    for algorithm in settings.OIDC_ALGORITHMS:
        if algorithm not in ALGORITHMS:
            raise ImproperlyConfigured(
                f"OIDC_ALGORITHMS: {algorithm!r} is no signature by a key pair; "
                f"there are {', '.join(ALGORITHMS)}"
            )


def _tokens(client: Client) -> Tokens | None:
    if settings.OIDC_USERINFO_ENDPOINT:
        return UserinfoTokens(
            client,
            settings.OIDC_USERINFO_ENDPOINT,
            revalidation_time=settings.OIDC_BEARER_TOKEN_REVALIDATION_TIME,
        )
    issuer, endpoint = settings.OIDC_ISSUER, settings.OIDC_JWKS_ENDPOINT
    if not (issuer or endpoint):
        return None
    keys = KeySet(
        lambda: fetch_keys(client, issuer, endpoint),
        settings.OIDC_ALGORITHMS,
        timeout=settings.OIDC_TIMEOUT,
    )
    return JwtTokens(
        keys,
        algorithms=settings.OIDC_ALGORITHMS,
        audience=settings.OIDC_AUDIENCE,
        issuer=issuer,
    )


def _factory(path: str) -> Callable[..., User]:
    factory = imported("OIDC_USER_FACTORY", path)
    if not callable(factory) or inspect.iscoroutinefunction(factory):
        raise ImproperlyConfigured(f"OIDC_USER_FACTORY: {path} is no plain function or class")
    try:
        inspect.signature(factory).bind(token="", claims={})
    except TypeError as error:
        raise ImproperlyConfigured(
            f"OIDC_USER_FACTORY: {path} must take the keywords token and claims: {error}"
        ) from error
    made: Callable[..., User] = factory
    return made


def _forget(*, setting: str, **_: Any) -> None:
    if setting.startswith("OIDC_") and _loaded:
        _loaded.pop("current").client.close()


setting_changed.connect(_forget, dispatch_uid="workflow_events.auth")
