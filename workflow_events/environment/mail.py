"""How receivers send mail."""

from typing import Any, Final

from django.core.exceptions import ImproperlyConfigured
from environ import Env

from workflow_events.environment.reading import variables

PORTS: Final = {"smtp": 25, "smtp+tls": 587, "smtp+ssl": 465}
CONSOLE: Final = "consolemail"


def mailer_of(name: str, url: str) -> dict[str, Any]:
    """Return ``BACKEND`` and ``OPTIONS``, as Django names them, of the URL of a mail server.

    Raises `ImproperlyConfigured` with the variable's name for what is none.
    """
    # The value may hold a password, so that no message quotes it.
    scheme, separator, _ = url.partition("://")
    if not separator or scheme not in (*PORTS, CONSOLE):
        raise ImproperlyConfigured(
            f"{name}: no URL of a mail server; write smtp+tls://user:password@host:port, "
            "smtp+ssl://… or smtp://…, or consolemail:// to print mail"
        )
    try:
        config: dict[str, Any] = dict(Env.email_url_config(url))
    except ValueError:
        raise ImproperlyConfigured(
            f"{name}: malformed; is the port a number, are special characters of the password "
            "percent-encoded?"
        ) from None
    if scheme == CONSOLE:
        return {"BACKEND": config["EMAIL_BACKEND"], "OPTIONS": {}}
    if not config["EMAIL_HOST"]:
        raise ImproperlyConfigured(f"{name}: the URL names no host")
    options = {
        "host": config["EMAIL_HOST"],
        "port": config["EMAIL_PORT"] or PORTS[scheme],
        "username": config["EMAIL_HOST_USER"] or "",
        "password": config["EMAIL_HOST_PASSWORD"] or "",
        "use_tls": scheme == "smtp+tls",
        "use_ssl": scheme == "smtp+ssl",
    }
    return {"BACKEND": config["EMAIL_BACKEND"], "OPTIONS": options}


variables.section("Mail", guide="how-to/explain-what-happened.md")
EMAIL_URL = variables.text(
    "EMAIL_URL",
    default="smtp://localhost:25",
    dev="consolemail://",
    effect="The server for mail that receivers send by Django: `smtp+tls://user:password@host:587` "
    "(STARTTLS), `smtp+ssl://`, `smtp://`; `consolemail://` prints it.",
)
EMAIL = mailer_of("EMAIL_URL", EMAIL_URL)
DEFAULT_FROM_EMAIL = variables.text(
    "DEFAULT_FROM_EMAIL",
    default="webmaster@localhost",
    effect="The sender of mail that names none.",
)
