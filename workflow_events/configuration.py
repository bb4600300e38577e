"""Reads environment variables, each declared once with its type, default and effect.

The declarations stand in `workflow_events.environment`, from which
docs/reference/configuration.md is generated.
"""

import gettext
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar, Final
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import environ
from django.conf import locale
from django.core.exceptions import ImproperlyConfigured
from django.utils.module_loading import import_string
from django.utils.translation import to_locale

REQUIRED: Final = "required"
"""The default of a variable without which the service does not start outside ``ENV=dev``."""

# As browsers send it (RFC 6454 section 6.2): lower case, without path or user.
_ORIGIN: Final = re.compile(r"https?://([a-z0-9._-]+|\[[0-9a-f:.]+\])(:[0-9]{1,5})?")
# RFC 9110 section 5.6.2.
_TOKEN: Final = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]+")
_OFF: Final = ("false", "off", "no", "n", "0", "")
DATABASE_SCHEMES: Final = ("postgres", "postgresql", "sqlite")
LANGUAGE_CODE: Final = re.compile("[a-z]{2,3}(-[a-z0-9]{2,8})*")
"""A language with its variants, as in ``zh-hans`` (RFC 5646, lower case)."""
LOCALES: Final = locale.__path__[0]
"""Where Django's translations are; it chooses no language that has none."""
ONE_TRANSACTION: Final = ("ATOMIC_REQUESTS", "ATOMIC_MUTATIONS")
"""Settings of Django and of graphene-django that put a whole request into one transaction."""
NOT_ONE_TRANSACTION: Final = (
    "would make several operations one transaction; here a root field has committed, and its "
    "receivers after commit have run, before the next one begins. Remove it: each operation is a "
    "transaction by itself"
)


@dataclass(frozen=True, kw_only=True)
class Variable:
    """One row of the table of variables, as the docs show it."""

    name: str
    type: str
    default: str
    effect: str


@dataclass(frozen=True, kw_only=True)
class Section:
    """Variables that belong together, and the page of the docs that shows how to use them."""

    title: str
    guide: str
    rows: list[Variable]


class Variables:
    """The environment, with a declaration of everything that is read from it.

    Takes the mapping to read, usually ``os.environ``. Every reading method takes the variable's
    name, its default (``dev`` where it differs with ``ENV=dev``) and its effect, and raises
    `ImproperlyConfigured` with one line that begins with the name when the value is malformed.
    """

    def __init__(self, environment: Mapping[str, str]) -> None:
        self.sections: list[Section] = []
        self._environment = environment
        self.section("Where values come from")
        self._load_file()
        self.env = self.text(
            "ENV",
            default="production",
            choices=("dev", "production"),
            effect="`dev` gives every setting a value to develop with; `make run` sets it.",
        )

    @property
    def table(self) -> list[Variable]:
        """All variables, in the order of their declarations."""
        return [row for section in self.sections for row in section.rows]

    def section(self, title: str, *, guide: str = "") -> None:
        """Begin a section: the variables that are read from now on are in it.

        ``guide`` is the path of a page below ``docs/``.
        """
        self.sections.append(Section(title=title, guide=guide, rows=[]))

    def renamed(self, *names: str, to: str) -> None:
        """Refuse the names that a setting has in Caluma, unless it is set under its name here.

        Its default would be taken without a word: another database, another kind of user.
        """
        for name in names:
            if name in self._environment and to not in self._environment:
                raise ImproperlyConfigured(f"{name}: is not read here; set {to} instead")

    def refused(self, *names: str, because: str) -> None:
        """Refuse variables that are switched on; ``because`` says why, and what to do."""
        for name in names:
            if is_on(self._environment.get(name)):
                raise ImproperlyConfigured(f"{name}: {because}")

    def text(
        self,
        name: str,
        *,
        effect: str,
        default: str,
        dev: str | None = None,
        shown: str | None = None,
        choices: tuple[str, ...] = (),
    ) -> str:
        """Read a text; with ``choices``, one of them. For ``shown``, see `items`."""
        kind = "one of " + ", ".join(f"`{choice}`" for choice in choices) if choices else "text"
        raw = self._declare(name, kind, default, dev, effect, shown=shown)
        if choices and raw not in choices:
            raise ImproperlyConfigured(f"{name}: {raw!r} is not one of {', '.join(choices)}")
        return raw

    def integer(self, name: str, *, effect: str, default: int, minimum: int, maximum: int) -> int:
        """Read a whole number between ``minimum`` and ``maximum``, both included."""
        raw = self._declare(name, "whole number", str(default), None, effect)
        try:
            number = int(raw)
        except ValueError:
            raise ImproperlyConfigured(f"{name}: {raw!r} is not a whole number") from None
        if not minimum <= number <= maximum:
            raise ImproperlyConfigured(
                f"{name}: {number} is not between {minimum} and {maximum}, both included"
            )
        return number

    def limit(self, name: str, *, effect: str, default: int) -> int:
        """Read a whole number that something may not exceed; 0 is none, as the effect then says."""
        effect = f"{effect.removesuffix('.')}; `0`: no limit."
        return self.integer(name, effect=effect, default=default, minimum=0, maximum=2**31 - 1)

    def switch(self, name: str, *, effect: str, default: bool, dev: bool) -> bool:
        """Read a yes or no."""
        raw = self._declare(
            name, "`true` or `false`", str(default).lower(), str(dev).lower(), effect
        )
        if raw.lower() in environ.Env.BOOLEAN_TRUE_STRINGS:
            return True
        if raw.lower() in _OFF:
            return False
        raise ImproperlyConfigured(f"{name}: {raw!r} is neither true nor false")

    def items(
        self,
        name: str,
        *,
        effect: str,
        default: str = "",
        dev: str | None = None,
        shown: str | None = None,
    ) -> list[str]:
        """Read a list of texts: ``a, b`` or ``["a", "b"]``.

        ``shown`` is what the docs say when the default depends on the machine.
        """
        raw = self._declare(name, "list", default, dev, effect, shown=shown)
        if not raw.strip().startswith("["):
            return [item.strip() for item in raw.split(",") if item.strip()]
        try:
            parsed = json.loads(raw)
        except json.JSONDecodeError as error:
            raise ImproperlyConfigured(f"{name}: {raw!r} is not valid JSON: {error}") from None
        if not all(isinstance(item, str) for item in parsed):
            raise ImproperlyConfigured(f"{name}: {raw!r} is not a list of texts")
        return [item.strip() for item in parsed if item.strip()]

    def tokens(self, name: str, *, effect: str, default: str) -> list[str]:
        """Read a list of tokens of HTTP, which the names of headers and methods are."""
        found = self.items(name, effect=effect, default=default)
        for token in found:
            if not _TOKEN.fullmatch(token):
                raise ImproperlyConfigured(
                    f"{name}: {token!r} is no name of HTTP; separate them by commas"
                )
        return found

    def language(self, name: str, *, effect: str, default: str) -> str:
        """Read the code of a language that Django knows, in any case."""
        return _language(name, self._declare(name, "language code", default, None, effect))

    def languages(self, name: str, *, effect: str, including: str) -> list[tuple[str, str]]:
        """Read codes of languages, which must include one that is also the default.

        Gives what Django's ``LANGUAGES`` holds: pairs of code and name, here the code again.
        """
        raw = self.items(name, effect=effect, shown="`LANGUAGE_CODE` alone")
        codes = [_language(name, code) for code in raw] or [including]
        if including not in codes:
            raise ImproperlyConfigured(f"{name}: LANGUAGE_CODE, {including}, is missing")
        return [(code, code) for code in dict.fromkeys(codes)]

    def origins(self, name: str, *, effect: str) -> list[str]:
        """Read a list of origins: scheme, host and, where it is not the usual one, port."""
        found = self.items(name, effect=effect)
        for origin in found:
            if not _ORIGIN.fullmatch(origin):
                raise ImproperlyConfigured(
                    f"{name}: {origin!r} is no origin; write https://host or https://host:port, "
                    "without a path"
                )
        return found

    def time_zone(self, name: str, *, effect: str, default: str) -> str:
        """Read the name of a time zone."""
        raw = self._declare(name, "IANA name", default, None, effect)
        try:
            ZoneInfo(raw)
        except (ValueError, ZoneInfoNotFoundError):
            raise ImproperlyConfigured(f"{name}: there is no time zone {raw!r}") from None
        return raw

    def url(self, name: str, *, effect: str) -> str:
        """Read the URL of something that speaks HTTP; empty where it is not set."""
        # The value may hold a password, so that no message quotes it.
        raw = self._declare(name, "URL", "", None, effect)
        try:
            parts = urlsplit(raw)
            # `port` raises when it is no number.
            is_url = parts.scheme in ("http", "https") and parts.hostname and parts.port != 0
        except ValueError:
            is_url = False
        if raw and not (is_url and raw.isascii() and raw.isprintable() and " " not in raw):
            raise ImproperlyConfigured(f"{name}: no URL; write http://host:port/path, or https")
        if "@" in raw:
            raise ImproperlyConfigured(f"{name}: a user or password in the URL would not be used")
        if "#" in raw:
            raise ImproperlyConfigured(f"{name}: the part of the URL after # would not be used")
        return raw

    def database(self, name: str, *, effect: str, default: str) -> dict[str, Any]:
        """Read the URL of a database; gives an entry of Django's ``DATABASES``."""
        # The value may hold a password, so that no message quotes it.
        raw = self._declare(name, "URL", default, None, effect)
        scheme = raw.partition(":")[0] if "://" in raw else ""
        if scheme not in DATABASE_SCHEMES:
            raise ImproperlyConfigured(
                f"{name}: no database URL; write postgres://user:password@host:port/name "
                "or sqlite:///path/of/file.sqlite3"
            )
        try:
            config: dict[str, Any] = dict(environ.Env.db_url_config(raw))
            urlsplit(raw).port  # noqa: B018 (raises when the port is no number)
        except ValueError:
            raise ImproperlyConfigured(
                f"{name}: malformed; is the port a number, are special characters of the "
                "password percent-encoded?"
            ) from None
        if not config["NAME"]:
            raise ImproperlyConfigured(f"{name}: the URL names no database after the last slash")
        _refuse_one_transaction(name, config)
        return config

    def _load_file(self) -> None:
        """Read ``.env`` of the working directory, or the file that ENV_FILE names."""
        name = self._declare(
            "ENV_FILE",
            "path",
            "",
            None,
            "A file of `NAME=value` lines to read first; the environment wins over it.",
            shown="`.env` of the working directory, where there is one",
        )
        path = Path(name or ".env")
        if name and not path.is_file():
            raise ImproperlyConfigured(f"ENV_FILE: there is no file {name}")
        if path.is_file():
            self._environment = _overlaid(path, self._environment)

    def _declare(
        self,
        name: str,
        kind: str,
        default: str,
        dev: str | None,
        effect: str,
        *,
        shown: str | None = None,
    ) -> str:
        """Add the variable to the table and return its raw value."""
        said = shown if shown is not None else _in_code(default)
        if dev is not None and dev != default:
            said = f"{said}; dev: {_in_code(dev)}"
        row = Variable(name=name, type=kind, default=said, effect=effect)
        self.sections[-1].rows.append(row)
        # Not by `environ.Env.str`, which takes "$abc" for a reference to a variable "abc".
        given = self._environment.get(name, "").strip()
        if given or (name in self._environment and default != REQUIRED):
            return given
        if dev is not None and self.env == "dev":
            return dev
        if default == REQUIRED:
            raise ImproperlyConfigured(
                f"{name}: must be set (only ENV=dev does without; ENV is {self.env})"
            )
        return default


def is_on(value: object) -> bool:
    """Tell whether a value, of whatever type, switches something on; what is unclear does."""
    return str(value).strip().lower() not in (*_OFF, "none")


def imported(setting: str, path: str) -> Any:
    """Return what a dotted path names.

    Raises `ImproperlyConfigured` with the setting, the path and the reason, in one line.
    """
    try:
        return import_string(path)
    except ImportError as error:
        reason = f"cannot be imported; correct the dotted path or what it imports: {error}"
        raise ImproperlyConfigured(f"{setting}: {path}: {one_line(reason)}") from error
    except (Exception, SystemExit) as error:
        reason = f"fails to import: {type(error).__name__}: {error}"
        raise ImproperlyConfigured(f"{setting}: {path}: {one_line(reason)}") from error


def one_line(message: object) -> str:
    """Return a message, or that of an error, without line breaks."""
    return " ".join(str(message).split())


def _language(name: str, raw: str) -> str:
    code = raw.lower()
    if not LANGUAGE_CODE.fullmatch(code):
        raise ImproperlyConfigured(f"{name}: {raw!r} is no language code such as en or de-ch")
    if gettext.find("django", LOCALES, [to_locale(code)]) is None:
        raise ImproperlyConfigured(f"{name}: Django knows no language {raw!r}")
    return code


def _refuse_one_transaction(name: str, config: dict[str, Any]) -> None:
    """Raise `ImproperlyConfigured` where the URL asks for it; take out what denies it."""
    for part in (config, config.get("OPTIONS", {})):
        for key in [key for key in part if key.upper() in ONE_TRANSACTION]:
            if is_on(part.pop(key)):
                raise ImproperlyConfigured(f"{name}: {key.lower()} {NOT_ONE_TRANSACTION}")


def _in_code(value: str) -> str:
    if value == REQUIRED:
        return f"**{REQUIRED}**"
    return f"`{value}`" if value else "empty"


def _overlaid(path: Path, environment: Mapping[str, str]) -> Mapping[str, str]:
    """Return what the file says with the environment laid over it; neither is changed."""

    class File(environ.Env):  # type: ignore[misc]
        ENVIRON: ClassVar[dict[str, str]] = dict(environment)

    File.read_env(str(path))
    return File.ENVIRON
