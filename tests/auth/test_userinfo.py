"""Tokens that the provider is asked about, and what it may answer."""

from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.auth.conftest import GENEROUS, NO_ANSWER, NO_CLAIMS, eventually, in_time, user_of
from tests.project.processes import free_port
from workflow_events.auth import OIDCUser, ProviderUnavailable, Unauthorized


def test_the_provider_says_who_a_token_belongs_to(userinfo_mode):
    user = user_of("opaque")
    assert type(user) is OIDCUser
    assert (user.username, user.group, user.token) == ("ann", "clerks", "opaque")
    assert user.claims == {"sub": "ann", "caluma_groups": ["clerks"]}


def test_it_is_asked_on_every_request_over_one_connection(userinfo_mode):
    # The first request makes the client, and its connection.
    user_of("opaque")
    before = userinfo_mode("counts")["connections"]
    for _ in range(4):
        user_of("opaque")
    # One more is the test's own question.
    assert userinfo_mode("counts")["connections"] == before + 1
    assert userinfo_mode.asked("/userinfo") == 5


def test_it_is_asked_seldom_where_that_is_allowed(userinfo_mode, settings):
    settings.OIDC_BEARER_TOKEN_REVALIDATION_TIME = 600
    for _ in range(3):
        user = user_of("opaque")
        assert user.groups == ["clerks"]
        user.claims["caluma_groups"].append("bosses")
    assert userinfo_mode.asked("/userinfo") == 1
    userinfo_mode("set", users={"another": {"sub": "bob"}})
    assert user_of("another").username == "bob"
    assert user_of("opaque").username == "ann"
    assert userinfo_mode.asked("/userinfo") == 2


def test_a_token_that_was_revoked_is_refused_when_its_time_is_over(userinfo_mode, settings):
    settings.OIDC_BEARER_TOKEN_REVALIDATION_TIME = 1
    assert user_of("opaque").username == "ann"
    userinfo_mode("set", users={})

    def is_refused():
        try:
            return user_of("opaque").username != "ann"
        except Unauthorized:
            return True

    assert eventually(is_refused)


@pytest.mark.parametrize("status", [401, 403])
def test_a_token_that_the_provider_refuses_is_refused(userinfo_mode, status):
    userinfo_mode("set", status={"/userinfo": status})
    with pytest.raises(
        Unauthorized, match=r"\AThe identity provider does not accept the token\.\Z"
    ):
        user_of("opaque")


def test_a_refusal_is_not_remembered(userinfo_mode, settings):
    settings.OIDC_BEARER_TOKEN_REVALIDATION_TIME = 600
    userinfo_mode("set", status={"/userinfo": 401})
    with pytest.raises(Unauthorized):
        user_of("opaque")
    userinfo_mode("set", status={})
    assert user_of("opaque").username == "ann"


@pytest.mark.parametrize("status", [201, 204, 302, 400, 404, 418, 429, 500, 502, 503])
def test_another_status_of_the_provider_is_not_passed_on(userinfo_mode, status):
    userinfo_mode("set", status={"/userinfo": status})
    with pytest.raises(ProviderUnavailable) as refused:
        user_of("opaque")
    assert refused.value.status == 503
    userinfo_mode("set", status={})
    assert user_of("opaque").username == "ann"


@pytest.mark.parametrize("behaviour", NO_ANSWER + NO_CLAIMS)
def test_a_provider_that_is_broken_is_unavailable(userinfo_mode, settings, behaviour):
    settings.OIDC_TIMEOUT = 1
    userinfo_mode.misbehave("/userinfo", behaviour)
    with pytest.raises(ProviderUnavailable) as refused:
        in_time(user_of, "opaque")
    assert (refused.value.status, refused.value.code) == (503, "UNAVAILABLE")
    assert userinfo_mode.asked("/userinfo") == 1
    assert userinfo_mode.asked("/elsewhere") == 0


def test_during_an_outage_one_request_at_a_time_tries(userinfo_mode, settings):
    settings.OIDC_TIMEOUT = 1
    userinfo_mode.misbehave("/userinfo", "silent")
    for _ in range(50):
        with pytest.raises(ProviderUnavailable):
            in_time(user_of, "opaque")
    assert userinfo_mode.asked("/userinfo") == 1
    userinfo_mode.misbehave("/userinfo", None)

    def is_back():
        try:
            return user_of("opaque")
        except ProviderUnavailable:
            return None

    assert eventually(is_back).username == "ann"
    assert userinfo_mode.asked("/userinfo") == 2


def test_one_slow_answer_is_no_outage(userinfo_mode, settings):
    """While others are answered, a request that is not takes nobody else down."""
    settings.OIDC_TIMEOUT = 2
    user_of("opaque")
    userinfo_mode.misbehave("/userinfo", "drip-body")
    with ThreadPoolExecutor(1) as executor:
        slow = executor.submit(user_of, "opaque")
        eventually(lambda: userinfo_mode.asked("/userinfo") == 2)
        # Releases those who are held only: the slow one has lost its way already.
        userinfo_mode("set", behaviour={})
        assert user_of("opaque").username == "ann"
        with pytest.raises(ProviderUnavailable):
            slow.result(GENEROUS)
    assert user_of("opaque").username == "ann"


def test_a_connection_that_the_provider_closed_is_replaced(userinfo_mode):
    user_of("opaque")
    userinfo_mode("close_connections")
    assert user_of("opaque").username == "ann"
    assert userinfo_mode.asked("/userinfo") == 2


def test_a_provider_that_is_not_there_is_unavailable(settings):
    settings.OIDC_USERINFO_ENDPOINT = f"http://127.0.0.1:{free_port()}/userinfo"
    with pytest.raises(ProviderUnavailable):
        in_time(user_of, "opaque")


def test_a_host_without_address_is_unavailable(settings):
    settings.OIDC_TIMEOUT = 1
    settings.OIDC_USERINFO_ENDPOINT = "http://provider.invalid/userinfo"
    with pytest.raises(ProviderUnavailable):
        in_time(user_of, "opaque")
