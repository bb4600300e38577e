"""The Authorization header, before any provider is asked (facts 5.2, RFC 6750)."""

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.auth.conftest import quoted, sent
from workflow_events.auth import Unauthorized
from workflow_events.auth.authentication import MAX_TOKEN, bearer_token
from workflow_events.workflow.users import AnonymousUser

SCHEME = 'The scheme of the Authorization header must be "Bearer".'
PARTS = 'The Authorization header must be "Bearer" and one token.'
CHARACTERS = "The token has characters that no token has."


def test_without_the_header_nobody_asks():
    user = sent(None)
    assert type(user) is AnonymousUser
    assert (user.username, user.group, user.groups) == (None, None, [])
    assert (user.token, user.claims, user.is_authenticated) == (None, {}, False)


@pytest.mark.parametrize("header", ["Bearer abc", "bearer abc", "BEARER  abc ", "Bearer\tabc"])
def test_the_scheme_is_written_in_any_case(header):
    assert bearer_token(header) == "abc"


@pytest.mark.parametrize(
    ("header", "message", "challenge"),
    [
        ("", SCHEME, "Bearer"),
        ("Basic dTpw", SCHEME, "Bearer"),
        ("abc", SCHEME, "Bearer"),
        ("Bearerabc", SCHEME, "Bearer"),
        ("Bearer", PARTS, 'Bearer error="invalid_request", error_description="'),
        ("Bearer ", PARTS, 'Bearer error="invalid_request", error_description="'),
        ("Bearer a b", PARTS, 'Bearer error="invalid_request", error_description="'),
        ("Bearer a,Bearer b", PARTS, 'Bearer error="invalid_request", error_description="'),
        ("Bearer a,b", CHARACTERS, 'Bearer error="invalid_token", error_description="'),
        ("Bearer gr\xfcn", CHARACTERS, 'Bearer error="invalid_token", error_description="'),
        ("Bearer a=b", CHARACTERS, 'Bearer error="invalid_token", error_description="'),
        ("Bearer a\0b", CHARACTERS, 'Bearer error="invalid_token", error_description="'),
        ('Bearer "a"', CHARACTERS, 'Bearer error="invalid_token", error_description="'),
    ],
)
def test_another_header_is_refused(header, message, challenge):
    with pytest.raises(Unauthorized, match=quoted(message)) as refused:
        sent(header)
    assert refused.value.headers["WWW-Authenticate"].startswith(challenge)
    assert (refused.value.status, refused.value.code) == (401, "UNAUTHENTICATED")


def test_the_challenge_is_one_line_of_quoted_strings():
    challenge = Unauthorized('It says "no"\r\n\\ gr\xfcn.').headers["WWW-Authenticate"]
    assert challenge == (
        "Bearer error=\"invalid_token\", error_description=\"It says 'no'''' gr'n.\""
    )


def test_a_token_has_a_longest_length():
    assert bearer_token("Bearer " + "a" * MAX_TOKEN) == "a" * MAX_TOKEN
    with pytest.raises(Unauthorized, match="has more than 16384 characters"):
        sent("Bearer " + "a" * (MAX_TOKEN + 1))


def test_a_token_without_any_provider_is_refused():
    with pytest.raises(Unauthorized, match="No identity provider is configured"):
        sent("Bearer abc")


@given(st.text(st.characters(max_codepoint=255), max_size=40))
def test_whatever_the_header_is_the_answer_is_a_token_or_a_refusal(header):
    for written in (header, f"Bearer {header}"):
        with suppress(Unauthorized):
            token = bearer_token(written)
            assert token in written
            assert token.isascii()
            assert token.isprintable()
