"""JSON Web Tokens against the keys of a real provider (RFC 7519, RFC 8725)."""

import base64
import hashlib
import hmac
import json
import logging
import time

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.auth.conftest import eventually, refused, user_of
from tests.auth.provider import new_key
from workflow_events.auth import OIDCUser, ProviderUnavailable, Unauthorized
from workflow_events.auth.tokens import LEEWAY

NOW = int(time.time())
EXPIRED = "The token has expired."
UNREADABLE = "The token is no valid JSON Web Token."
ALGORITHM = "The token is signed by an algorithm that is not accepted."
SIGNATURE = "The signature of the token is wrong."
KEY = "The token is signed by a key that the provider does not have."


def refusal(token):
    """Return the message of the refusal, which must not quote the token."""
    with pytest.raises(Unauthorized) as refused:
        user_of(token)
    assert token not in str(refused.value)
    assert refused.value.headers["WWW-Authenticate"].startswith('Bearer error="invalid_token"')
    return str(refused.value)


def segment(value):
    data = value if isinstance(value, bytes) else json.dumps(value).encode()
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def test_a_valid_token_is_a_user(jwt_mode):
    token = jwt_mode.token(caluma_groups=["clerks", "people"], email="ann@example.org")
    user = user_of(token)
    assert type(user) is OIDCUser
    assert (user.username, user.group, user.groups) == ("ann", "clerks", ["clerks", "people"])
    assert (user.token, user.is_authenticated) == (token, True)
    assert user.claims["email"] == "ann@example.org"
    assert repr(user) == "<OIDCUser 'ann', groups ['clerks', 'people']>"


@pytest.mark.parametrize(
    ("claims", "without", "message"),
    [
        ({"exp": NOW - 60}, (), EXPIRED),
        ({}, ("exp",), "The token has no claim 'exp'."),
        ({"exp": "soon"}, (), UNREADABLE),
        ({"nbf": NOW + 3_600}, (), "The token is not valid yet."),
        ({"iat": NOW + 3_600}, (), "The token is not valid yet."),
        ({"aud": "another"}, (), "The token is meant for another audience."),
        ({"aud": ["another", "third"]}, (), "The token is meant for another audience."),
        ({"aud": {"workflow": 1}}, (), "The token is meant for another audience."),
        ({}, ("aud",), "The token has no claim 'aud'."),
        ({"iss": "https://elsewhere.example"}, (), "The token is of another issuer."),
        ({}, ("iss",), "The token has no claim 'iss'."),
        ({"sub": 7}, (), UNREADABLE),
    ],
)
def test_a_token_that_does_not_hold_here_is_refused(jwt_mode, claims, without, message):
    assert refusal(jwt_mode.token(without=without, **claims)) == message


def test_an_issuer_with_a_slash_more_is_another_one(jwt_mode):
    assert refusal(jwt_mode.token(iss=jwt_mode.url + "/")) == "The token is of another issuer."


def test_one_of_several_audiences_is_enough(jwt_mode, settings):
    settings.OIDC_AUDIENCE = ["other", "workflow"]
    assert user_of(jwt_mode.token(aud=["account", "workflow"])).username == "ann"


def test_clocks_may_differ_a_little(jwt_mode):
    assert user_of(jwt_mode.token(exp=int(time.time()) - 2)).username == "ann"
    assert user_of(jwt_mode.token(nbf=int(time.time()) + 5)).username == "ann"


def test_a_token_that_expires_is_not_remembered_as_valid(jwt_mode):
    token = jwt_mode.token(exp=int(time.time()) + 2 - LEEWAY)
    assert user_of(token).username == "ann"
    assert eventually(lambda: refused(user_of, token)) == EXPIRED


def test_a_token_without_signature_is_refused(jwt_mode):
    claims = {"iss": jwt_mode.url, "aud": "workflow", "sub": "ann", "exp": NOW + 600}
    for algorithm in ("none", "None", "NONE", ""):
        header = {"alg": algorithm, "typ": "JWT", "kid": "first"}
        assert refusal(f"{segment(header)}.{segment(claims)}.") == ALGORITHM


def test_the_public_key_is_no_shared_secret(jwt_mode):
    claims = {"iss": jwt_mode.url, "aud": "workflow", "sub": "ann", "exp": NOW + 600}
    header = {"alg": "HS256", "typ": "JWT", "kid": "first"}
    [jwk] = jwt_mode.read("/keys")["keys"]
    public = jwt.PyJWK(jwk).key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    for secret in (public, json.dumps(jwk).encode()):
        signed = f"{segment(header)}.{segment(claims)}"
        signature = hmac.new(secret, signed.encode(), hashlib.sha256).digest()
        assert refusal(f"{signed}.{segment(signature)}") == ALGORITHM


def test_a_key_that_is_brought_along_is_not_used(jwt_mode):
    claims = {"iss": jwt_mode.url, "aud": "workflow", "sub": "ann", "exp": NOW + 600}
    own = new_key("RS256")
    jwk = jwt.algorithms.RSAAlgorithm.to_jwk(own.public_key(), as_dict=True)
    for headers in ({"kid": "first"}, {"kid": "first", "jwk": jwk, "jku": f"{jwt_mode.url}/keys"}):
        assert refusal(jwt.encode(claims, own, "RS256", headers)) == SIGNATURE


def test_changed_claims_are_refused(jwt_mode):
    header, _, signature = jwt_mode.token().split(".")
    claims = {"iss": jwt_mode.url, "aud": "workflow", "sub": "root", "exp": NOW + 600}
    assert refusal(f"{header}.{segment(claims)}.{signature}") == SIGNATURE


@pytest.mark.parametrize("algorithm", ["RS512", "PS256", "ES384"])
def test_an_algorithm_must_be_among_those_of_the_setting(jwt_mode, settings, algorithm):
    jwt_mode.rotate("other", algorithm)
    token = jwt_mode.token()
    assert refusal(token) == ALGORITHM
    settings.OIDC_ALGORITHMS = [algorithm]
    assert user_of(token).username == "ann"


@pytest.mark.parametrize("algorithm", ["RS256", "ES256", "ES512", "PS384", "EdDSA"])
@pytest.mark.parametrize("members", [{}, {"alg": None, "use": None}])
def test_keys_of_every_kind_work(jwt_mode, settings, algorithm, members):
    settings.OIDC_ALGORITHMS = ["RS256", "ES256", "ES512", "PS384", "EdDSA"]
    jwt_mode.rotate("other", algorithm, members=members)
    assert user_of(jwt_mode.token()).username == "ann"


def test_a_key_for_one_algorithm_is_not_used_with_another(jwt_mode, settings):
    settings.OIDC_ALGORITHMS = ["RS256", "RS512"]
    assert refusal(jwt_mode.token(signed={"algorithm": "RS512"})) == KEY


def test_a_key_for_encryption_is_not_used(jwt_mode):
    jwt_mode.rotate("other", members={"use": "enc"})
    assert refusal(jwt_mode.token()) == KEY


def test_a_key_without_id_is_found_if_it_is_the_only_one(jwt_mode):
    jwt_mode.rotate("nameless", members={"kid": None})
    assert user_of(jwt_mode.token(signed={"headers": {"kid": None}})).username == "ann"


def test_a_token_that_names_none_of_several_keys_is_refused(jwt_mode):
    jwt_mode.rotate("second", keep=True)
    token = jwt_mode.token(signed={"headers": {"kid": None}})
    assert refusal(token) == "The token does not name its key, of which there are several."


def test_a_key_that_is_too_weak_is_refused(jwt_mode):
    weak = rsa.generate_private_key(65_537, 1_024)
    jwk = jwt.algorithms.RSAAlgorithm.to_jwk(weak.public_key(), as_dict=True)
    jwt_mode.rotate("weak", members={"n": jwk["n"]})
    claims = {"iss": jwt_mode.url, "aud": "workflow", "sub": "ann", "exp": NOW + 600}
    with pytest.warns(jwt.InsecureKeyLengthWarning):
        token = jwt.encode(claims, weak, "RS256", {"kid": "weak"})
    assert refusal(token) == "The token is signed by a key that does not suit its algorithm."


UNREADABLE_TOKENS = {
    "opaque": "opaque",
    "two parts": "a.b",
    "no base64": "a.b.c",
    "four parts": "a.b.c.d",
    "empty parts": "...",
    "list as header": f"{segment([1])}.e30.e30",
    "broken header": f"{segment(b'{')}.e30.e30",
    "deep header": f"{segment(b'[' * 5_000)}.e30.e30",
    "number as key id": f"{segment({'alg': 'RS256', 'kid': 7})}.e30.e30",
    "list of algorithms": f"{segment({'alg': ['RS256']})}.e30.e30",
    "unknown extension": f"{segment({'alg': 'RS256', 'crit': ['x'], 'x': 1})}.e30.e30",
    "detached": f"{segment({'alg': 'RS256', 'kid': 'first', 'b64': False})}..e30",
}


@pytest.mark.parametrize("token", UNREADABLE_TOKENS.values(), ids=UNREADABLE_TOKENS)
def test_what_is_no_token_is_refused(jwt_mode, token):
    assert refusal(token) in (UNREADABLE, ALGORITHM)
    assert jwt_mode.asked("/keys") <= 1


@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_no_token_is_more_than_refused(jwt_mode, data):
    """Whatever is changed in a valid token, the answer is a refusal, never another error."""
    token = jwt_mode.token()
    at = data.draw(st.integers(0, len(token) - 1))
    until = data.draw(st.integers(at, len(token)))
    alphabet = st.sampled_from("abcXYZ019-_.~+/=")
    changed = token[:at] + data.draw(st.text(alphabet, max_size=8)) + token[until:]
    if changed != token:
        with pytest.raises(Unauthorized):
            user_of(changed or "a")


def test_each_request_has_claims_of_its_own(jwt_mode):
    token = jwt_mode.token(caluma_groups=["clerks"])
    for _ in range(3):
        user = user_of(token)
        assert user.groups == ["clerks"]
        assert user.claims["caluma_groups"] == ["clerks"]
        user.group = "people"
        user.groups.append("bosses")
        user.claims["caluma_groups"].append("bosses")
        user.claims["admin"] = True
    assert "admin" not in user_of(token).claims


def test_the_token_is_in_no_log(jwt_mode, caplog):
    caplog.set_level(logging.DEBUG)
    good = jwt_mode.token()
    user_of(good)
    bad = jwt_mode.token(exp=NOW - 60)
    refusal(bad)
    jwt_mode.rotate("second")
    jwt_mode.misbehave("/keys", "error")
    unknown = jwt_mode.token()
    with pytest.raises((ProviderUnavailable, Unauthorized)):
        user_of(unknown)
    for token in (good, bad, unknown):
        assert token not in caplog.text
