"""Of a user everything travels but the token."""

import json
from types import MappingProxyType, SimpleNamespace
from typing import NamedTuple

import pytest

from tests.delivery.conftest import DELIVERY_ID, TOKEN
from workflow_events.auth import OIDCUser
from workflow_events.delivery import payload
from workflow_events.delivery.models import LoggedEvent
from workflow_events.workflow import api
from workflow_events.workflow.models import WorkItem
from workflow_events.workflow.users import AnonymousUser, BaseUser

pytestmark = pytest.mark.django_db


def restored(logged):
    return payload.decode(logged, DELIVERY_ID).user


def test_a_user_comes_back_without_a_token(stored, user):
    logged = stored(user=user)
    assert TOKEN not in json.dumps(logged.content)
    assert logged.content["user"] == {
        "$user": {
            "username": "max",
            "group": "heads",
            "groups": ["clerks", "heads"],
            "claims": {"sub": "max", "exp": 1, "roles": ["a", "b"]}
            | {"$order": ["sub", "roles", "exp"]},
            "authenticated": True,
        }
    }
    assert logged.username == "max"
    back = restored(logged)
    assert isinstance(back, BaseUser)
    assert (back.username, back.group, back.groups) == ("max", "heads", ["clerks", "heads"])
    assert back.claims == user.claims
    assert back.is_authenticated is True
    assert back.token is None
    assert repr(back) == "<RememberedUser 'max', groups ['clerks', 'heads']>"


def test_a_user_who_the_provider_vouches_for(stored):
    claims = {"sub": "ann", "caluma_groups": ["g"]}
    logged = stored(user=OIDCUser(token=TOKEN, claims=claims), what=[BaseUser("bob")])
    assert TOKEN not in json.dumps(logged.content)
    event = payload.decode(logged, DELIVERY_ID)
    assert event.user.claims == claims
    assert [user.username for user in event.what] == ["bob"]


def test_nobody_stays_nobody(stored):
    logged = stored(user=AnonymousUser())
    assert logged.username is None
    back = restored(logged)
    assert type(back) is AnonymousUser
    assert back.is_authenticated is False
    assert (back.username, back.group, back.groups, back.claims) == (None, None, [], {})


def test_whatever_has_the_attributes_of_a_user(stored):
    somebody = SimpleNamespace(username="eve", group=None, groups=("a",), token=TOKEN, other=1)
    logged = stored(user=somebody)
    assert TOKEN not in json.dumps(logged.content)
    back = restored(logged)
    assert (back.username, back.group, back.groups, back.claims) == ("eve", None, ["a"], {})
    assert back.is_authenticated is True


class Person(NamedTuple):
    username: str
    group: str
    groups: list[str]
    token: str


class Bag(dict):
    username = "ann"
    group = "clerks"
    groups = ("clerks",)


@pytest.mark.parametrize(
    "somebody",
    [Person("ann", "clerks", ["clerks"], TOKEN), Bag(token=TOKEN)],
    ids=["tuple", "dict"],
)
def test_a_container_with_the_attributes_of_a_user_is_a_user(stored, somebody):
    logged = stored(user=somebody, what=[somebody])
    assert TOKEN not in json.dumps(logged.content)
    event = payload.decode(logged, DELIVERY_ID)
    for back in (event.user, *event.what):
        assert (back.username, back.group, back.groups) == ("ann", "clerks", ["clerks"])


def test_a_name_without_proof(stored):
    somebody = SimpleNamespace(username="eve", group="g", groups=["g"], is_authenticated=False)
    back = restored(stored(user=somebody))
    assert (back.username, back.is_authenticated) == ("eve", False)


def test_claims_that_json_cannot_express_stay_behind(stored, user):
    user.claims = MappingProxyType({"sub": "max", "odd": object(), ("a",): 1})
    assert restored(stored(user=user)).claims == {"sub": "max"}
    user.claims = None
    assert restored(stored(user=user)).claims == {}


def test_a_restored_user_may_act(stored, user, work_item):
    api.complete_work_item(work_item, restored(stored(user=user)))
    assert WorkItem.objects.get(pk=work_item.pk).closed_by_group == "heads"


def test_an_event_without_a_user_says_so(stored):
    logged = stored()
    assert logged.username is None
    assert logged.content["user"] is None
    assert restored(logged) is None


@pytest.mark.parametrize("name", ["m" * 151, "m\0", "m\ud800"])
def test_a_name_that_the_column_does_not_hold_is_refused(name, stored):
    with pytest.raises(payload.NotEncodable, match=r"^noticed\.user\.username cannot be stored"):
        stored(user=BaseUser(name))
    assert LoggedEvent.objects.count() == 0
