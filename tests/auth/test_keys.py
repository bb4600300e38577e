"""When the provider's keys are fetched: seldom, once for all who wait, and never in vain."""

import itertools
import json
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from jwt.algorithms import RSAAlgorithm

from tests.auth.conftest import GENEROUS, NO_ANSWER, NO_CLAIMS, eventually, in_time, user_of
from tests.auth.provider import new_key
from tests.project.processes import free_port
from workflow_events.auth import ProviderUnavailable, Unauthorized
from workflow_events.auth.client import Client, NoAnswer
from workflow_events.auth.keys import LIFETIME, LONGEST_OUTAGE, PAUSE, KeySet, fetch_keys
from workflow_events.auth.tokens import JwtTokens

DISCOVERY = "/.well-known/openid-configuration"


class Clock:
    """Says the time that a test sets."""

    def __init__(self):
        self.now = 1_000.0

    def __call__(self):
        return self.now


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def client():
    client = Client(5, verify=True)
    yield client
    client.close()


@pytest.fixture
def keys(provider, client, clock):
    return KeySet(lambda: fetch_keys(client, provider.url, ""), ["RS256"], timeout=5, clock=clock)


def test_the_keys_are_fetched_once_for_many_requests(jwt_mode):
    for _ in range(5):
        user_of(jwt_mode.token())
    assert (jwt_mode.asked(DISCOVERY), jwt_mode.asked("/keys")) == (1, 1)


def test_an_endpoint_makes_discovery_superfluous(jwt_mode, settings):
    settings.OIDC_JWKS_ENDPOINT = f"{jwt_mode.url}/keys?of=workflow"
    settings.OIDC_ISSUER = "https://outside.example"
    assert user_of(jwt_mode.token(iss="https://outside.example")).username == "ann"
    with pytest.raises(Unauthorized, match="of another issuer"):
        user_of(jwt_mode.token())
    assert (jwt_mode.asked(DISCOVERY), jwt_mode.asked("/keys")) == (0, 1)


def test_without_an_issuer_none_is_compared(jwt_mode, settings):
    settings.OIDC_JWKS_ENDPOINT = f"{jwt_mode.url}/keys"
    settings.OIDC_ISSUER = ""
    assert user_of(jwt_mode.token(without=("iss",))).username == "ann"
    assert user_of(jwt_mode.token(iss="https://any.example")).username == "ann"


def test_a_new_key_is_fetched_when_a_token_names_it(provider, keys, clock):
    assert keys.find("first", "RS256").key_id == "first"
    clock.now += PAUSE
    provider.rotate("second", keep=True)
    assert keys.find("second", "RS256").key_id == "second"
    assert keys.find("first", "RS256").key_id == "first"
    assert provider.asked("/keys") == 2


def test_a_flood_of_unknown_keys_makes_one_request_now_and_then(provider, keys, clock):
    for number in range(100):
        with pytest.raises(Unauthorized, match="a key that the provider does not have"):
            keys.find(f"unknown-{number}", "RS256")
    assert provider.asked("/keys") == 1
    clock.now += PAUSE - 0.1
    with pytest.raises(Unauthorized):
        keys.find("unknown", "RS256")
    assert provider.asked("/keys") == 1
    clock.now += 0.2
    for number in range(100):
        with pytest.raises(Unauthorized):
            keys.find(f"unknown-{number}", "RS256")
    assert provider.asked("/keys") == 2


def test_a_key_that_was_removed_is_known_for_its_lifetime_and_no_longer(provider, keys, clock):
    keys.find("first", "RS256")
    provider.rotate("second")
    clock.now += LIFETIME
    assert keys.find("first", "RS256").key_id == "first"
    clock.now += 1
    with pytest.raises(Unauthorized):
        keys.find("first", "RS256")


@pytest.fixture
def tokens(provider, keys):
    return JwtTokens(keys, algorithms=["RS256"], audience=["workflow"], issuer=provider.url)


def test_a_token_whose_key_was_removed_is_refused_though_it_was_valid(provider, tokens, clock):
    token = provider.token()
    assert tokens.claims(token)["sub"] == "ann"
    provider.rotate("second")
    clock.now += LIFETIME
    assert tokens.claims(token)["sub"] == "ann"
    clock.now += 1
    with pytest.raises(Unauthorized, match="a key that the provider does not have"):
        tokens.claims(token)


def test_another_key_of_the_same_name_ends_what_was_valid(provider, tokens, clock):
    token = provider.token()
    assert tokens.claims(token)["sub"] == "ann"
    provider.rotate("first")
    clock.now += LIFETIME + 1
    with pytest.raises(Unauthorized, match="signature of the token is wrong"):
        tokens.claims(token)


def test_known_keys_work_on_while_the_provider_is_down(provider, keys, clock):
    key = keys.find("first", "RS256")
    provider.misbehave("/keys", "error")
    clock.now += LIFETIME + 1
    assert keys.find("first", "RS256") is key
    with pytest.raises(ProviderUnavailable):
        keys.find("second", "RS256")
    clock.now += LONGEST_OUTAGE - LIFETIME - 2
    assert keys.find("first", "RS256") is key
    eventually(lambda: provider.asked("/keys") == 3)
    eventually(lambda: not keys.is_fetching)
    clock.now += PAUSE + 2
    with pytest.raises(ProviderUnavailable):
        keys.find("first", "RS256")
    provider.misbehave("/keys", None)
    clock.now += PAUSE
    assert keys.find("first", "RS256").key_id == "first"


def test_nobody_waits_for_a_provider_that_is_known_to_be_down(provider, keys, clock):
    key = keys.find("first", "RS256")
    provider.misbehave("/keys", "error")
    clock.now += LIFETIME + 1
    assert keys.find("first", "RS256") is key
    provider.misbehave("/keys", "silent")
    for _ in range(3):
        clock.now += PAUSE
        assert keys.find("first", "RS256") is key
    # The fetch that goes on meanwhile was not waited for: it cannot have ended.
    eventually(lambda: provider.asked("/keys") == 3)
    assert keys.is_fetching
    provider.misbehave("/keys", None)
    eventually(lambda: not keys.is_fetching)


def test_one_request_at_a_time_tries_a_provider_that_is_down(provider, keys, clock):
    provider.misbehave("/keys", "error")
    with pytest.raises(ProviderUnavailable):
        keys.find("first", "RS256")
    provider.misbehave("/keys", "silent")
    clock.now += PAUSE
    with ThreadPoolExecutor(1) as executor:
        trying = executor.submit(keys.find, "first", "RS256")
        eventually(lambda: provider.asked("/keys") == 2)
        for number in range(20):
            with pytest.raises(ProviderUnavailable):
                keys.find(f"unknown-{number}", "RS256")
        # None of them waited for the fetch: it goes on.
        assert keys.is_fetching
        provider.misbehave("/keys", None)
        assert trying.result(GENEROUS).key_id == "first"
    assert provider.asked("/keys") == 2


def test_all_who_wait_share_one_fetch(provider, keys):
    provider.misbehave("/keys", "silent")
    start = threading.Barrier(8)

    def find():
        start.wait(GENEROUS)
        return keys.find("first", "RS256")

    with ThreadPoolExecutor(8) as executor:
        found = [executor.submit(find) for _ in range(8)]
        eventually(lambda: provider.asked("/keys") == 1)
        provider.misbehave("/keys", None)
        assert {waiting.result(GENEROUS).key_id for waiting in found} == {"first"}
    assert provider.asked("/keys") == 1


def test_a_failed_fetch_is_not_repeated_at_once(provider, keys, clock):
    provider.misbehave(DISCOVERY, "error")
    for kid in map(str, range(20)):
        with pytest.raises(ProviderUnavailable):
            keys.find(kid, "RS256")
    assert provider.asked(DISCOVERY) == 1
    provider.misbehave(DISCOVERY, None)
    clock.now += PAUSE
    assert keys.find("first", "RS256").key_id == "first"


def test_a_mistake_in_the_fetch_is_logged_and_the_next_one_may_succeed(caplog, clock):
    def fetch():
        raise ZeroDivisionError("on purpose")

    keys = KeySet(fetch, ["RS256"], timeout=5, clock=clock)
    with pytest.raises(ProviderUnavailable):
        keys.find("first", "RS256")
    [record] = caplog.records
    assert (record.levelname, record.exc_info[0]) == ("ERROR", ZeroDivisionError)
    assert not keys.is_fetching


@pytest.mark.parametrize("path", [DISCOVERY, "/keys"])
@pytest.mark.parametrize("behaviour", NO_ANSWER + NO_CLAIMS)
def test_a_provider_that_is_broken_is_unavailable(jwt_mode, settings, path, behaviour):
    settings.OIDC_TIMEOUT = 1
    token = jwt_mode.token()
    jwt_mode.misbehave(path, behaviour)
    with pytest.raises(ProviderUnavailable) as refused:
        in_time(user_of, token)
    assert (refused.value.status, refused.value.code) == (503, "UNAVAILABLE")
    assert refused.value.headers == {"Retry-After": "5"}
    # What looks like a connection that was closed while it was kept is tried on a new one.
    tries = 2 if path == "/keys" and behaviour in ("garbage", "reset") else 1
    assert jwt_mode.asked(path) == tries
    assert jwt_mode.asked("/elsewhere") == 0


def test_a_provider_that_is_not_there_is_unavailable(settings, provider):
    settings.OIDC_ISSUER = f"http://127.0.0.1:{free_port()}"
    settings.OIDC_AUDIENCE = ["workflow"]
    with pytest.raises(ProviderUnavailable):
        in_time(user_of, provider.token())


@pytest.mark.parametrize(
    ("told", "message"),
    [
        ({"discovered_issuer": "https://other.example"}, "is of the issuer 'https://other.exam"),
        ({"jwks_uri": "file:///etc/passwd"}, "has no jwks_uri beginning with https:// or http://"),
        ({"jwks_uri": 7}, "has no jwks_uri beginning with https:// or http://"),
        ({"jwks_uri": "http://[::1"}, "Invalid IPv6 URL"),
        ({"jwks_uri": "http://"}, "has no host"),
        ({"jwks_uri": "http://127.0.0.1/a b"}, "can't contain control characters"),
        ({"jwks_uri": "http://127.0.0.1/gr\xfcn"}, "'ascii' codec can't encode"),
        ({"jwks_uri": "http://provider.invalid:port/"}, "Port could not be cast"),
    ],
)
def test_a_discovery_that_leads_elsewhere_is_refused(provider, client, told, message):
    provider("set", **told)
    with pytest.raises(NoAnswer, match=message):
        fetch_keys(client, provider.url, "")
    assert provider.asked("/keys") == 0


@pytest.mark.parametrize("value", [{}, {"keys": 7}, {"keys": {"first": {}}}])
def test_what_is_no_list_of_keys_is_refused(provider, client, value):
    provider("set", documents={"/keys": value})
    with pytest.raises(NoAnswer, match="has no list of keys"):
        fetch_keys(client, provider.url, "")


def test_keys_of_unknown_kinds_do_no_harm(provider, keys):
    strange = [7, None, {}, {"kty": "oct", "k": "c2VjcmV0", "kid": "secret"}, {"kid": ["first"]}]
    strange += [json.loads(RSAAlgorithm.to_jwk(new_key("RS256"))) | {"kid": "private"}]
    strange += [{"kty": "RSA", "kid": "bad", "n": 7, "e": "AQAB"}, {"kty": "new", "kid": "n"}]
    published = provider.read("/keys")["keys"]
    provider("set", documents={"/keys": {"keys": [*strange, *published]}})
    assert keys.find("first", "RS256").key_id == "first"
    for kid, algorithm in itertools.product(["secret", "private", "bad", "n"], ["RS256", "HS256"]):
        with pytest.raises(Unauthorized):
            keys.find(kid, algorithm)
