"""Mutations and nodes as the API has them, only smaller, and requests of users."""

from types import SimpleNamespace

import pytest

from workflow_events.workflow.users import AnonymousUser, BaseUser


def info_of(user):
    """What a method gets as ``info``, as far as access classes look at it."""
    return SimpleNamespace(context=SimpleNamespace(user=user))


@pytest.fixture
def clerk():
    return info_of(BaseUser("ann", ["clerks", "people"]))


@pytest.fixture
def stranger():
    return info_of(BaseUser("tom", ["strangers"]))


@pytest.fixture
def groupless():
    return info_of(BaseUser("nil", []))


@pytest.fixture
def anonymous():
    return info_of(AnonymousUser())
