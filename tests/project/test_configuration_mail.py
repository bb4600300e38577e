"""``EMAIL_URL``: the server for mail, by the names that Django has for it."""

import pytest
from django.core.exceptions import ImproperlyConfigured

from workflow_events.environment.mail import mailer_of

pytestmark = pytest.mark.any_database


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("smtp://mail", ("mail", 25, "", "", False, False)),
        ("smtp+tls://me:p%40ss@mail", ("mail", 587, "me", "p@ss", True, False)),
        ("smtp+ssl://mail:4650", ("mail", 4650, "", "", False, True)),
    ],
)
def test_a_mail_server(url, expected):
    names = ("host", "port", "username", "password", "use_tls", "use_ssl")
    assert mailer_of("URL", url) == {
        "BACKEND": "django.core.mail.backends.smtp.EmailBackend",
        "OPTIONS": dict(zip(names, expected, strict=True)),
    }


def test_mail_that_is_printed():
    assert mailer_of("URL", "consolemail://") == {
        "BACKEND": "django.core.mail.backends.console.EmailBackend",
        "OPTIONS": {},
    }


@pytest.mark.parametrize(
    "url", ["", "mail", "http://secret", "smtp://", "smtp://h:secret", "smtps://secret"]
)
def test_what_is_no_mail_server_is_refused_without_showing_it(url):
    with pytest.raises(ImproperlyConfigured, match=r"\AURL: ") as refused:
        mailer_of("URL", url)
    assert "secret" not in str(refused.value)
