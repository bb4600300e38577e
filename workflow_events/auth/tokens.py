"""Tokens that prove themselves: JSON Web Tokens, signed by the provider (RFC 7519, RFC 8725)."""

import json
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import jwt
from jwt import PyJWK
from jwt.exceptions import (
    ExpiredSignatureError,
    ImmatureSignatureError,
    InvalidAudienceError,
    InvalidIssuerError,
    InvalidKeyError,
    InvalidSignatureError,
    InvalidTokenError,
    MissingRequiredClaimError,
)

from workflow_events.auth.cache import TokenCache
from workflow_events.auth.errors import Unauthorized
from workflow_events.auth.keys import KeySet

ALGORITHMS: Final = (
    *("RS256", "RS384", "RS512", "PS256", "PS384", "PS512"),
    *("ES256", "ES384", "ES512", "ES256K", "EdDSA"),
)
"""What may be configured: signatures by a key pair, of which only the provider has the secret."""
LEEWAY = 10
"""Seconds that the clocks of the provider and of this machine may differ."""

_MESSAGES: Final = (
    (ExpiredSignatureError, "The token has expired."),
    (ImmatureSignatureError, "The token is not valid yet."),
    (InvalidAudienceError, "The token is meant for another audience."),
    (InvalidIssuerError, "The token is of another issuer."),
    (InvalidSignatureError, "The signature of the token is wrong."),
    (InvalidKeyError, "The token is signed by a key that does not suit its algorithm."),
)


@dataclass(frozen=True, slots=True)
class _Valid:
    """A token that was found valid: its claims as text, so that each request gets its own."""

    claims: str
    key_id: str | None
    key: PyJWK


class JwtTokens:
    """Validates tokens by the keys of the provider.

    Takes the keys, the algorithms and audiences that are accepted, and the issuer, or an empty
    text where any will do. A token that was valid is so until it expires, or its key is fetched
    anew (`keys.LIFETIME`).
    """

    def __init__(
        self, keys: KeySet, *, algorithms: Sequence[str], audience: Sequence[str], issuer: str
    ) -> None:
        self._keys = keys
        self._algorithms = tuple(algorithms)
        self._audience = tuple(audience)
        self._issuer = issuer or None
        self._required = ["exp", "aud", *(["iss"] if issuer else [])]
        self._valid: TokenCache[_Valid] = TokenCache(time.time)

    def claims(self, token: str) -> dict[str, Any]:
        """Return what the token says of its user.

        Raises `Unauthorized` with the reason, or `ProviderUnavailable` when its key is not known
        and cannot be fetched.
        """
        valid = self._valid.get(token)
        if valid is not None:
            key = self._keys.find(valid.key_id, valid.key.algorithm_name)
            if key is valid.key:
                claims: dict[str, Any] = json.loads(valid.claims)
                return claims
        try:
            return self._validated(token)
        except (InvalidTokenError, InvalidKeyError) as error:
            raise Unauthorized(_message(error)) from error

    def _validated(self, token: str) -> dict[str, Any]:
        header = jwt.get_unverified_header(token)
        algorithm = header.get("alg")
        if algorithm not in self._algorithms:
            raise Unauthorized("The token is signed by an algorithm that is not accepted.")
        key_id = header.get("kid")
        key = self._keys.find(key_id, algorithm)
        claims: dict[str, Any] = jwt.decode(
            token,
            key,
            algorithms=self._algorithms,
            audience=self._audience,
            issuer=self._issuer,
            leeway=LEEWAY,
            options={"require": self._required, "enforce_minimum_key_length": True},
        )
        self._valid.put(token, _Valid(json.dumps(claims), key_id, key), until=int(claims["exp"]))
        return claims


def _message(error: Exception) -> str:
    if isinstance(error, MissingRequiredClaimError):
        return f"The token has no claim {error.claim!r}."
    told = (message for kind, message in _MESSAGES if isinstance(error, kind))
    return next(told, "The token is no valid JSON Web Token.")
