"""Settings that cannot be used stop the start, in one line that names one of them."""

import pytest
from django.core.exceptions import ImproperlyConfigured

from tests.project.processes import run
from workflow_events.auth.loading import current, load_authentication
from workflow_events.auth.tokens import ALGORITHMS
from workflow_events.configuration import Variables

ISSUER = {"OIDC_ISSUER": "https://id.example.org"}
KEYS = {"OIDC_JWKS_ENDPOINT": "https://id.example.org/keys"}
USERINFO = {"OIDC_USERINFO_ENDPOINT": "https://id.example.org/userinfo"}
AUDIENCE = {"OIDC_AUDIENCE": ["workflow"]}
REFUSED = [
    ({**ISSUER, **AUDIENCE, **USERINFO}, "OIDC_USERINFO_ENDPOINT: unset it or OIDC_ISSUER"),
    ({**KEYS, **AUDIENCE, **USERINFO}, "OIDC_USERINFO_ENDPOINT: unset it or OIDC_JWKS_ENDPOINT"),
    (ISSUER, "OIDC_AUDIENCE: must be set with OIDC_ISSUER"),
    (KEYS, "OIDC_AUDIENCE: must be set with OIDC_JWKS_ENDPOINT"),
    (AUDIENCE, "OIDC_AUDIENCE: is for JWT"),
    ({**USERINFO, **AUDIENCE}, "OIDC_AUDIENCE: is for JWT"),
    (
        {**ISSUER, **AUDIENCE, "OIDC_BEARER_TOKEN_REVALIDATION_TIME": 60},
        "OIDC_BEARER_TOKEN_REVALIDATION_TIME: is for OIDC_USERINFO_ENDPOINT",
    ),
    ({"OIDC_ALGORITHMS": []}, "OIDC_ALGORITHMS: must not be empty"),
    ({"OIDC_USERNAME_CLAIM": ""}, "OIDC_USERNAME_CLAIM: must not be empty"),
    ({"OIDC_GROUPS_CLAIM": ""}, "OIDC_GROUPS_CLAIM: must not be empty"),
    *(
        ({**ISSUER, **AUDIENCE, "OIDC_ALGORITHMS": ["RS256", name]}, f"OIDC_ALGORITHMS: '{name}'")
        for name in ("none", "HS256", "HS384", "HS512", "rs256", "RSA", "")
    ),
]


def use(settings, values):
    for name, value in values.items():
        setattr(settings, name, value)


@pytest.mark.parametrize(("values", "message"), REFUSED)
def test_settings_that_do_not_fit_together_are_refused(settings, values, message):
    use(settings, values)
    with pytest.raises(ImproperlyConfigured) as refused:
        load_authentication()
    assert str(refused.value).startswith(message)
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize(
    ("values", "kind"),
    [
        ({}, "NoneType"),
        ({**ISSUER, **AUDIENCE}, "JwtTokens"),
        ({**KEYS, **AUDIENCE}, "JwtTokens"),
        ({**ISSUER, **KEYS, **AUDIENCE, "OIDC_ALGORITHMS": list(ALGORITHMS)}, "JwtTokens"),
        (USERINFO, "UserinfoTokens"),
        ({**USERINFO, "OIDC_BEARER_TOKEN_REVALIDATION_TIME": 60}, "UserinfoTokens"),
    ],
)
def test_settings_that_fit_together_are_used(settings, values, kind):
    use(settings, values)
    assert type(current().tokens).__name__ == kind


@pytest.mark.parametrize(
    "url",
    [
        "https://id.example.org",
        "http://127.0.0.1:8080/realms/town/",
        "http://[::1]:8080/keys?of=workflow",
    ],
)
def test_a_url(url):
    assert Variables({"ENDPOINT": url}).url("ENDPOINT", effect="") == url


@pytest.mark.parametrize("given", [{}, {"ENDPOINT": ""}, {"ENDPOINT": " "}])
def test_a_url_that_is_not_set_is_empty(given):
    assert Variables(given).url("ENDPOINT", effect="") == ""


@pytest.mark.parametrize(
    "url",
    [
        "id.example.org",
        "ftp://id.example.org",
        "file:///etc/passwd",
        "https://",
        "https:///keys",
        "http://host:port/",
        "http://host:99999/",
        "http://host:0/",
        "http://host/#keys",
        "http://[::1",
        "http://host/a b",
        "http://host/gr\xfcn",
        "http://host/\x7f",
        "https://user:secret@host/keys",
        "htps://user:secret@host/keys",
    ],
)
def test_what_is_no_url_is_refused_by_name_and_without_a_password(url):
    with pytest.raises(ImproperlyConfigured, match=r"\AENDPOINT: ") as refused:
        Variables({"ENDPOINT": url}).url("ENDPOINT", effect="")
    assert "secret" not in str(refused.value)


@pytest.mark.parametrize(
    ("variables", "message"),
    [
        ({"OIDC_ISSUER": "id.example.org"}, "OIDC_ISSUER: no URL"),
        ({"OIDC_TIMEOUT": "0"}, "OIDC_TIMEOUT: 0 is not between 1 and 60"),
        ({"OIDC_ISSUER": "https://id.example.org"}, "OIDC_AUDIENCE: must be set"),
        ({"OIDC_USER_FACTORY": "missing.User"}, "OIDC_USER_FACTORY: missing.User: cannot be"),
    ],
)
def test_the_start_is_stopped_in_one_line(tmp_path, variables, message):
    ended = run("check", cwd=tmp_path, ENV="dev", **variables)
    assert ended.returncode == 1
    assert ended.stderr.startswith(f"workflow-events: {message}")
    assert len(ended.stderr.splitlines()) == 1
