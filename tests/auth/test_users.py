"""The user that claims make, and the factory that a deployment may put in its place."""

import pytest
from django.core.exceptions import ImproperlyConfigured

from tests.auth.conftest import quoted, user_of
from workflow_events.auth import OIDCUser, Unauthorized
from workflow_events.auth.loading import load_authentication
from workflow_events.auth.users import MAX_GROUP, MAX_USERNAME
from workflow_events.workflow.models import Case
from workflow_events.workflow.users import BaseUser

NO_NAME = "The claim 'sub' is no user name: it must be a text of 1 to 150 characters."
NO_GROUPS = (
    "The claim 'caluma_groups' is no list of groups: it must hold texts of 1 to 255 characters."
)


def user(**claims):
    return OIDCUser(token="secret-token", claims={"sub": "ann", **claims})


def test_the_groups_are_a_claim():
    ann = user(caluma_groups=["clerks", "people"])
    assert (ann.username, ann.group, ann.groups) == ("ann", "clerks", ["clerks", "people"])


@pytest.mark.parametrize("claims", [{}, {"caluma_groups": None}, {"caluma_groups": []}])
def test_who_has_no_groups_has_none(claims):
    assert (user(**claims).groups, user(**claims).group) == ([], None)


def test_the_acting_group_may_be_another_one():
    ann = user(caluma_groups=["clerks", "people"])
    ann.group = "people"
    assert (ann.group, ann.groups) == ("people", ["clerks", "people"])


@pytest.mark.parametrize(
    "name", ["", 7, ["ann"], True, "a\0b", "a\ud800", "a" * (MAX_USERNAME + 1)]
)
def test_a_malformed_name_is_refused(name):
    with pytest.raises(Unauthorized, match=quoted(NO_NAME)):
        user(sub=name)


@pytest.mark.parametrize("claims", [{"name": "Ann"}, {"sub": None}])
def test_a_missing_name_is_refused(claims):
    with pytest.raises(Unauthorized, match="has no claim 'sub', which names the user"):
        OIDCUser(token="t", claims=claims)


@pytest.mark.parametrize(
    "groups",
    [
        "clerks",
        7,
        {"clerks": 1},
        ["clerks", 7],
        [["clerks"]],
        [""],
        [None],
        ["\udfff"],
        ["a" * (MAX_GROUP + 1)],
    ],
)
def test_malformed_groups_are_refused(groups):
    with pytest.raises(Unauthorized, match=quoted(NO_GROUPS)):
        user(caluma_groups=groups)


def test_the_claims_may_have_other_names(settings):
    settings.OIDC_USERNAME_CLAIM = "preferred_username"
    settings.OIDC_GROUPS_CLAIM = "https://example.org/groups"
    ann = user(preferred_username="Ann", **{"https://example.org/groups": ["people"]})
    assert (ann.username, ann.groups) == ("Ann", ["people"])


def test_names_and_groups_fit_into_their_columns():
    assert Case._meta.get_field("created_by_user").max_length == MAX_USERNAME
    assert Case._meta.get_field("created_by_group").max_length == MAX_GROUP


def test_what_is_shown_of_a_user_is_not_the_token():
    ann = user(caluma_groups=["clerks"])
    assert repr(ann) == str(ann) == "<OIDCUser 'ann', groups ['clerks']>"
    assert repr(BaseUser("bob")) == "<BaseUser 'bob', groups []>"


class Boss(OIDCUser):
    """A user whose name is made of two claims."""

    def __init__(self, *, token, claims):
        super().__init__(token=token, claims=claims)
        self.username = f"{claims['sub']}@{claims['realm']}"


def refuse_all(token, claims):
    raise Unauthorized(f"{claims['sub']} may not enter.")


def make_nothing(token, claims):
    return None


async def make_later(token, claims):
    return OIDCUser(token=token, claims=claims)


def make_of_token(token):
    return BaseUser(token)


NUMBER = 7


@pytest.fixture
def factory(settings, userinfo_mode):
    def use(name):
        settings.OIDC_USER_FACTORY = f"{__name__}.{name}"

    userinfo_mode("set", users={"opaque": {"sub": "ann", "realm": "town"}})
    return use


def test_a_factory_of_a_deployment_makes_the_user(factory):
    factory("Boss")
    boss = user_of("opaque")
    assert type(boss) is Boss
    assert (boss.username, boss.token, boss.claims["realm"]) == ("ann@town", "opaque", "town")


def test_a_factory_may_refuse(factory):
    factory("refuse_all")
    with pytest.raises(Unauthorized, match=r"\Aann may not enter\.\Z"):
        user_of("opaque")


def test_a_factory_that_makes_no_user_is_a_mistake_and_nobody_becomes_anonymous(factory):
    factory("make_nothing")
    with pytest.raises(TypeError, match=r"OIDC_USER_FACTORY: .*None.*has no 'username'"):
        user_of("opaque")


@pytest.mark.parametrize(
    ("path", "reason"),
    [
        ("", "cannot be imported"),
        ("nowhere", "cannot be imported"),
        ("missing.module.Factory", "cannot be imported"),
        (f"{__name__}.Missing", "cannot be imported"),
        ("tests.broken.anything", "fails to import: ZeroDivisionError"),
        (f"{__name__}.NUMBER", "is no plain function or class"),
        (f"{__name__}.make_later", "is no plain function or class"),
        (f"{__name__}.make_of_token", "must take the keywords token and claims"),
    ],
)
def test_a_factory_that_cannot_be_used_stops_the_start(settings, path, reason):
    settings.OIDC_USER_FACTORY = path
    with pytest.raises(ImproperlyConfigured, match=rf"\AOIDC_USER_FACTORY: .*{reason}"):
        load_authentication()
