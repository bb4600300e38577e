"""Django's settings, all from environment variables (docs/reference/configuration.md)."""

import importlib.util
import os
import sys
from typing import Any, Final

from workflow_events.configuration import REQUIRED, Variables

variables = Variables(os.environ)

ENV = variables.env
SECRET_KEY = variables.text(
    "SECRET_KEY",
    default=REQUIRED,
    dev="for development only",
    effect="Django's secret for signing; a long random text that only the service knows.",
)
ALLOWED_HOSTS = variables.items(
    "ALLOWED_HOSTS",
    default=REQUIRED,
    dev="*",
    effect="The host names that the service answers to; every other request gets status 400.",
)
DEBUG = variables.switch(
    "DEBUG",
    default=False,
    dev=True,
    effect="Shows details of unexpected errors, and GraphiQL to browsers. Never in production.",
)

DATABASES: dict[str, dict[str, Any]] = {
    "default": variables.database(
        "DATABASE_URL",
        default="sqlite:///db.sqlite3",
        effect="The database, SQLite or PostgreSQL; a relative path of a file is taken from the "
        "working directory. Special characters of a password are percent-encoded.",
    )
}
CONN_MAX_AGE = variables.integer(
    "CONN_MAX_AGE",
    default=60,
    minimum=0,
    maximum=86_400,
    effect="Seconds that a thread keeps its database connection; `0` closes it after each request.",
)
SQLITE_TIMEOUT = variables.integer(
    "SQLITE_TIMEOUT",
    default=20,
    minimum=0,
    maximum=3_600,
    effect="Seconds that a transaction waits on SQLite until another one has ended.",
)

EVENT_RECEIVER_MODULES = variables.items(
    "EVENT_RECEIVER_MODULES",
    default="extensions.*" if importlib.util.find_spec("extensions") else "",
    shown="`extensions.*` where a package `extensions` can be imported",
    effect="The modules of receivers, imported in this order; `package.*` is every module of the "
    "package by name. Empty: none.",
)
EVENT_MAX_DEPTH = variables.integer(
    "EVENT_MAX_DEPTH",
    default=64,
    minimum=1,
    maximum=100,  # each level needs its share of the thread's stack
    effect="How deep receivers may call operations that call receivers, before "
    "`EVENT_DEPTH_EXCEEDED` ends it.",
)
PERMISSION_CLASSES = variables.items(
    "PERMISSION_CLASSES",
    default=REQUIRED,
    dev="workflow_events.access.permissions.AllowAny",
    effect="Dotted paths of classes that say who may do what; all of them must agree. "
    "`workflow_events.access.permissions.AllowAny` restricts nobody.",
)
VISIBILITY_CLASSES = variables.items(
    "VISIBILITY_CLASSES",
    default=REQUIRED,
    dev="workflow_events.access.visibilities.Any",
    effect="Dotted paths of classes that say who sees what; they filter one after another. "
    "`workflow_events.access.visibilities.Any` restricts nobody.",
)
VALIDATION_CLASSES = variables.items(
    "VALIDATION_CLASSES",
    effect="Dotted paths of classes that check, and may change, what mutations are given, "
    "one after another.",
)
DYNAMIC_TASKS_CLASSES = variables.items(
    "DYNAMIC_TASKS_CLASSES",
    effect="Dotted paths of classes with dynamic tasks; the first that knows a name wins.",
)
DYNAMIC_GROUPS_CLASSES = variables.items(
    "DYNAMIC_GROUPS_CLASSES",
    effect="Dotted paths of classes with dynamic groups; the first that knows a name wins.",
)

LANGUAGE_CODE = variables.text(
    "LANGUAGE_CODE", default="en", effect="The language of Django's own messages."
)
TIME_ZONE = variables.time_zone(
    "TIME_ZONE",
    default="UTC",
    effect="The zone of local time; whatever is stored and sent carries its offset anyway.",
)
LOG_LEVEL = variables.text(
    "LOG_LEVEL",
    default="INFO",
    choices=("DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL"),
    effect="The least severe level that is logged, to standard error.",
)

HOST = variables.text(
    "HOST", default="127.0.0.1", effect="The address that `serve` listens on; `0.0.0.0` is all."
)
PORT = variables.integer(
    "PORT", default=8000, minimum=1, maximum=65_535, effect="The port that `serve` listens on."
)
WEB_CONCURRENCY = variables.integer(
    "WEB_CONCURRENCY", default=2, minimum=1, maximum=256, effect="Worker processes of `serve`."
)
THREADS = variables.integer(
    "THREADS",
    default=4,
    minimum=1,
    maximum=256,
    effect="Threads of each worker; each keeps a database connection.",
)

_SQLITE_OPTIONS: Final = {
    "init_command": "PRAGMA journal_mode=WAL",
    # Readers go on while one writes, and a transaction that starts by reading cannot fail later
    # because another one wrote in between.
    "transaction_mode": "IMMEDIATE",
    "timeout": SQLITE_TIMEOUT,
}
_database = DATABASES["default"]
_database["CONN_MAX_AGE"] = CONN_MAX_AGE
_database["CONN_HEALTH_CHECKS"] = True
# Every operation is its own transaction, each root field of a document commits by itself.
_database["ATOMIC_REQUESTS"] = False
if _database["ENGINE"] == "django.db.backends.sqlite3":
    _database["OPTIONS"] = {**_SQLITE_OPTIONS, **_database.get("OPTIONS", {})}

INSTALLED_APPS = [
    # For the indexes on JSON; adds nothing on SQLite.
    "django.contrib.postgres",
    "workflow_events.workflow",
    "workflow_events",
]
MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    # Refuses the hosts that are not in ALLOWED_HOSTS.
    "django.middleware.common.CommonMiddleware",
]
APPEND_SLASH = False
ROOT_URLCONF = "workflow_events.urls"
WSGI_APPLICATION = "workflow_events.wsgi.application"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
USE_TZ = True

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {
        "lines": {
            "()": "workflow_events.observability.logs.LineFormatter",
            "colour": sys.stderr.isatty(),
        }
    },
    "handlers": {"standard_error": {"class": "logging.StreamHandler", "formatter": "lines"}},
    "root": {"handlers": ["standard_error"], "level": LOG_LEVEL},
    "filters": {"without_traceback": {"()": "workflow_events.observability.logs.WithoutTraceback"}},
    "loggers": {
        # Without handlers of its own, Django's records reach the root's, once.
        "django": {"handlers": [], "propagate": True},
        # Whoever asks for a host that is not ours fills no log.
        "django.security.DisallowedHost": {"filters": ["without_traceback"]},
    },
}
