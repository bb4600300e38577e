"""What the domain needs to know of the person who acts."""

from typing import Protocol


class User(Protocol):
    """The acting user: any object with these three attributes will do."""

    username: str | None
    group: str | None
    groups: list[str]


class AnonymousUser:
    """Nobody: what a request without a token acts as."""

    username: str | None = None
    group: str | None = None
    is_authenticated = False

    def __init__(self) -> None:
        self.groups: list[str] = []


class BaseUser:
    """A user known by name, with the groups that he or she belongs to.

    Takes the user name and the groups; ``group``, the acting group, is the first of them.
    """

    is_authenticated = True

    def __init__(self, username: str, groups: list[str] | None = None) -> None:
        self.username: str | None = username
        self.groups = list(groups or [])
        self.group: str | None = self.groups[0] if self.groups else None
