"""What is remembered of tokens: for a time, and not too much."""

import pytest

from workflow_events.auth.cache import TokenCache


@pytest.fixture
def now():
    return [100.0]


@pytest.fixture
def cache(now):
    return TokenCache(lambda: now[0], size=2)


def test_a_token_is_known_until_its_time(cache, now):
    cache.put("token", "ann", until=110.0)
    now[0] = 109.9
    assert cache.get("token") == "ann"
    assert cache.get("another") is None
    now[0] = 110.0
    assert cache.get("token") is None
    now[0] = 100.0
    assert cache.get("token") is None


def test_the_token_that_was_used_least_recently_goes_first(cache):
    for token in ("a", "b"):
        cache.put(token, token, until=200.0)
    assert cache.get("a") == "a"
    cache.put("c", "c", until=200.0)
    assert [cache.get(token) for token in "abc"] == ["a", None, "c"]


def test_what_is_known_can_be_replaced(cache):
    cache.put("a", "ann", until=110.0)
    cache.put("b", "bob", until=110.0)
    cache.put("a", "eve", until=120.0)
    assert [cache.get(token) for token in "ab"] == ["eve", "bob"]


def test_it_holds_no_token(cache):
    cache.put("secret-token", "ann", until=110.0)
    assert "secret-token" not in repr(vars(cache))
