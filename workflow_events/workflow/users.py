"""What the domain needs to know of the person who acts."""

import json
from collections.abc import Mapping
from typing import Any, Protocol, runtime_checkable


@runtime_checkable
class User(Protocol):
    """The acting user: any object with these three attributes will do."""

    username: str | None
    group: str | None
    groups: list[str]


class AnonymousUser:
    """Nobody: what a request without a token acts as (facts 5.2)."""

    is_authenticated = False

    def __init__(self) -> None:
        self.username: str | None = None
        self.groups: list[str] = []
        self.group: str | None = None
        self.token: str | None = None
        self.claims: Mapping[str, Any] = {}

    def __repr__(self) -> str:
        return "<AnonymousUser>"


class BaseUser:
    """A user known by name, with the groups that he or she belongs to.

    Takes the user name and the groups; ``group``, the acting group, is the first of them, and may
    be set to another one. Without a provider who vouches, ``token`` and ``claims`` are empty.
    """

    is_authenticated = True

    def __init__(self, username: str, groups: list[str] | None = None) -> None:
        self.username: str | None = username
        self.groups = list(groups or [])
        self.group: str | None = self.groups[0] if self.groups else None
        self.token: str | None = None
        self.claims: Mapping[str, Any] = {}

    def __repr__(self) -> str:
        # Never the token: what is shown here ends up in logs.
        return f"<{type(self).__name__} {self.username!r}, groups {self.groups!r}>"


def described(user: User) -> dict[str, Any]:
    """Return what is remembered of a user for what runs later: never the token.

    Claims that JSON cannot express are left out.
    """
    claims = getattr(user, "claims", None)
    return {
        "group": user.group,
        "claims": _expressible(claims) if isinstance(claims, Mapping) else {},
        "groups": list(user.groups),
        "username": user.username,
        "authenticated": bool(getattr(user, "is_authenticated", True)),
    }


def restored(description: Mapping[str, Any]) -> User:
    """Return a user as he or she was `described`: an `AnonymousUser` where nobody is named."""
    if not description["authenticated"] and description["username"] is None:
        nobody = AnonymousUser()
        nobody.group, nobody.groups = description["group"], description["groups"]
        return nobody
    user = RememberedUser(description["username"], description["groups"])
    user.group = description["group"]
    user.claims = description["claims"]
    user.is_authenticated = description["authenticated"]
    return user


class RememberedUser(BaseUser):
    """A user who acted at another time, for receivers in the background; has no token."""


def _expressible(claims: Mapping[Any, Any]) -> dict[str, Any]:
    if _is_json(dict(claims)):
        return dict(claims)
    return {n: claim for n, claim in claims.items() if isinstance(n, str) and _is_json(claim)}


def _is_json(value: Any) -> bool:
    try:
        json.dumps(value)
    except (TypeError, ValueError, RecursionError):
        return False
    return True
