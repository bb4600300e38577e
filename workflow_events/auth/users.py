"""The user that a token stands for."""

import re
from typing import Any, Final

from django.conf import settings

from workflow_events.auth.errors import Unauthorized
from workflow_events.workflow.users import BaseUser

MAX_USERNAME: Final = 150
MAX_GROUP: Final = 255
"""Characters that the columns of the acting user and group hold."""
_UNSTORABLE: Final = re.compile(r"[\0\ud800-\udfff]")
"""NUL, which PostgreSQL refuses, and halves of surrogate pairs, which no encoding has."""


class OIDCUser(BaseUser):
    """A user whom the identity provider vouches for (facts 5.2).

    Takes the bearer token and its claims, of which ``OIDC_USERNAME_CLAIM`` is the user name and
    ``OIDC_GROUPS_CLAIM`` a list of the groups; without that claim there are none. Raises
    `Unauthorized` when one of them is malformed or the name is missing.
    """

    def __init__(self, *, token: str, claims: dict[str, Any]) -> None:
        super().__init__(
            _username(claims, settings.OIDC_USERNAME_CLAIM),
            _groups(claims, settings.OIDC_GROUPS_CLAIM),
        )
        self.token = token
        self.claims = claims


def _username(claims: dict[str, Any], claim: str) -> str:
    value = claims.get(claim)
    if value is None:
        raise Unauthorized(f"The token has no claim {claim!r}, which names the user.")
    if not _is_name(value, MAX_USERNAME):
        raise Unauthorized(
            f"The claim {claim!r} is no user name: it must be a text of 1 to {MAX_USERNAME} "
            "characters."
        )
    name: str = value
    return name


def _groups(claims: dict[str, Any], claim: str) -> list[str]:
    value = claims.get(claim)
    if value is None:
        return []
    if not isinstance(value, list) or not all(_is_name(group, MAX_GROUP) for group in value):
        raise Unauthorized(
            f"The claim {claim!r} is no list of groups: it must hold texts of 1 to {MAX_GROUP} "
            "characters."
        )
    return value


def _is_name(value: Any, maximum: int) -> bool:
    return isinstance(value, str) and 1 <= len(value) <= maximum and not _UNSTORABLE.search(value)
