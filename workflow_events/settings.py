"""Django's settings: each environment variable (`environment`), and what follows from them."""

from typing import Final

import django

from workflow_events.environment import *  # noqa: F403
from workflow_events.environment import (
    ALLOWED_HOSTS,
    CONN_MAX_AGE,
    CORS_ORIGIN_ALLOW_ALL,
    CORS_ORIGIN_WHITELIST,
    DATABASES,
    EMAIL,
    ENABLE_ADMIN,
    ENV,
    EVENT_ENGINE,
    LANGUAGES,
    LOG_LEVEL,
    MAX_BODY_SIZE,
    REQUEST_DEADLINE,
    SQLITE_TIMEOUT,
)
from workflow_events.observability.logs import logging_with

_SQLITE_OPTIONS: Final = {
    "init_command": "PRAGMA journal_mode=WAL",
    # Readers go on while one writes, and a transaction that starts by reading cannot fail later
    # because another one wrote in between.
    "transaction_mode": "IMMEDIATE",
    # A request does not wait longer than it may take.
    "timeout": min(SQLITE_TIMEOUT, REQUEST_DEADLINE or SQLITE_TIMEOUT),
}
_POSTGRESQL_OPTIONS: Final = {
    "connect_timeout": 10,
    # A server that has vanished without a word is noticed within a minute.
    "keepalives_idle": 30,
    "keepalives_interval": 10,
    "keepalives_count": 3,
    "tcp_user_timeout": 60_000,
}
_database = DATABASES["default"]
_database["CONN_MAX_AGE"] = CONN_MAX_AGE
# A lost connection is noticed without a statement (events/database/lost_connections.py).
_database["CONN_HEALTH_CHECKS"] = False
# Every operation is its own transaction, each root field of a document commits by itself.
_database["ATOMIC_REQUESTS"] = False
if _database["ENGINE"] == "django.db.backends.sqlite3":
    _database["OPTIONS"] = {**_SQLITE_OPTIONS, **_database.get("OPTIONS", {})}
else:
    _database["OPTIONS"] = {**_POSTGRESQL_OPTIONS, **_database.get("OPTIONS", {})}

INSTALLED_APPS = [
    # For the indexes on JSON; adds nothing on SQLite.
    "django.contrib.postgres",
    "workflow_events.delivery",
    "workflow_events.records",
    "workflow_events.workflow",
    "workflow_events",
    # For its commands; the receivers are loaded by then.
    "workflow_events.events",
]
# Tables of the engine; procrastinate's can be made on PostgreSQL only.
if EVENT_ENGINE.startswith("django_tasks_db."):
    INSTALLED_APPS.insert(0, "django_tasks_db")
elif EVENT_ENGINE.endswith(".ProcrastinateBackend") and "sqlite3" not in _database["ENGINE"]:
    INSTALLED_APPS.insert(0, "procrastinate.contrib.django")
TASKS = {"default": {"BACKEND": EVENT_ENGINE, "QUEUES": ["workflow_events"]}}
# It would import the modules named "tasks" of all apps.
PROCRASTINATE_AUTODISCOVER_MODULE_NAME = ""
# Mail of a dry run is kept. By the settings that this Django has: others are deprecated there.
if django.VERSION >= (6, 1):
    MAILERS = {
        "default": {
            "BACKEND": "workflow_events.events.tracing.mail.EmailBackend",
            "OPTIONS": {"backend": EMAIL["BACKEND"], **EMAIL["OPTIONS"]},
        }
    }
else:
    EMAIL_BACKEND = "workflow_events.events.tracing.mail.EmailBackend"
    SENDING_EMAIL_BACKEND = EMAIL["BACKEND"]
    EMAIL_HOST = EMAIL["OPTIONS"].get("host", "localhost")
    EMAIL_PORT = EMAIL["OPTIONS"].get("port", 25)
    EMAIL_HOST_USER = EMAIL["OPTIONS"].get("username", "")
    EMAIL_HOST_PASSWORD = EMAIL["OPTIONS"].get("password", "")
    EMAIL_USE_TLS = EMAIL["OPTIONS"].get("use_tls", False)
    EMAIL_USE_SSL = EMAIL["OPTIONS"].get("use_ssl", False)
MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    # Refuses the hosts that are not in ALLOWED_HOSTS.
    "workflow_events.observability.hosts.Hosts",
]
if CORS_ORIGIN_ALLOW_ALL or CORS_ORIGIN_WHITELIST:
    # First, so that a page may read refusals, too.
    MIDDLEWARE.insert(0, "corsheaders.middleware.CorsMiddleware")
if len(LANGUAGES) > 1:
    MIDDLEWARE.append("workflow_events.graphql.languages.LanguageMiddleware")
if ENABLE_ADMIN:
    INSTALLED_APPS = [
        "django.contrib.admin",
        "django.contrib.auth",
        "django.contrib.contenttypes",
        "django.contrib.messages",
        "django.contrib.sessions",
        "django.contrib.staticfiles",
        *INSTALLED_APPS,
    ]
    MIDDLEWARE += [
        "whitenoise.middleware.WhiteNoiseMiddleware",
        *(
            f"workflow_events.delivery.admin.middleware.{name}"
            for name in ("Sessions", "Forgeries", "Accounts", "Messages", "Frames")
        ),
    ]
    TEMPLATES = [
        {
            "BACKEND": "django.template.backends.django.DjangoTemplates",
            "APP_DIRS": True,
            "OPTIONS": {
                "context_processors": [
                    "django.template.context_processors.request",
                    "django.contrib.auth.context_processors.auth",
                    "django.contrib.messages.context_processors.messages",
                ]
            },
        }
    ]
    AUTH_PASSWORD_VALIDATORS = [
        {"NAME": f"django.contrib.auth.password_validation.{name}Validator"}
        for name in ("UserAttributeSimilarity", "MinimumLength", "CommonPassword")
    ]
    # A proxy need forward but one path, and browsers send the cookies nowhere else.
    STATIC_URL = "/admin/static/"
    SESSION_COOKIE_PATH = CSRF_COOKIE_PATH = "/admin/"
    SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = ENV != "dev"
    # Its pages come by TLS, also where a proxy ends it without saying so.
    CSRF_TRUSTED_ORIGINS = [
        f"https://{'*' * host.startswith('.')}{host}" for host in ALLOWED_HOSTS if host != "*"
    ]
    CORS_URLS_REGEX = r"^(?!/admin/)"
    # Straight from the installed packages: there is nothing to collect first.
    WHITENOISE_USE_FINDERS = True
    WHITENOISE_ALLOW_ALL_ORIGINS = False
APPEND_SLASH = False
DATA_UPLOAD_MAX_MEMORY_SIZE = MAX_BODY_SIZE
ROOT_URLCONF = "workflow_events.urls"
WSGI_APPLICATION = "workflow_events.wsgi.application"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
USE_TZ = True

LOGGING = logging_with(LOG_LEVEL)
