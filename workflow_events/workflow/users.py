"""What the domain needs to know of the person who acts."""

from collections.abc import Mapping
from typing import Any, Protocol


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
