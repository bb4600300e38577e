"""Django's settings, all from environment variables (docs/reference/configuration.md)."""

import importlib.util
import os
from typing import Any, Final

from workflow_events.configuration import (
    NOT_ONE_TRANSACTION,
    ONE_TRANSACTION,
    REQUIRED,
    Variables,
)
from workflow_events.observability.logs import logging_with

variables = Variables(os.environ)

ENV = variables.env

variables.section("The service", guide="how-to/deploy.md")
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

variables.section("Database", guide="how-to/deploy.md")
variables.refused(*ONE_TRANSACTION, because=NOT_ONE_TRANSACTION)
variables.renamed("DATABASE_HOST", "DATABASE_NAME", "DATABASE_PASSWORD", to="DATABASE_URL")
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

variables.section("Your code", guide="how-to/write-a-receiver.md")
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
DYNAMIC_TASKS_CLASSES = variables.items(
    "DYNAMIC_TASKS_CLASSES",
    effect="Dotted paths of classes with dynamic tasks; the first that knows a name wins.",
)
DYNAMIC_GROUPS_CLASSES = variables.items(
    "DYNAMIC_GROUPS_CLASSES",
    effect="Dotted paths of classes with dynamic groups; the first that knows a name wins.",
)

variables.section("Receivers in the background", guide="how-to/deliver-in-the-background.md")
EVENT_ENGINE = variables.text(
    "EVENT_ENGINE",
    default="django_tasks_db.DatabaseBackend"
    if DATABASES["default"]["ENGINE"] == "django.db.backends.sqlite3"
    else "workflow_events.delivery.engines.procrastinate.ProcrastinateBackend",
    shown="`workflow_events.delivery.engines.procrastinate.ProcrastinateBackend` on PostgreSQL, "
    "`django_tasks_db.DatabaseBackend` on SQLite",
    effect="Dotted path of the backend of `django.tasks` that wakes the workers.",
)
EVENT_LOG = variables.text(
    "EVENT_LOG",
    default="background",
    choices=("background", "all"),
    effect="Which events are stored: those that a receiver in the background gets, or every "
    "`post_` event.",
)
EVENT_LOG_RETENTION = variables.integer(
    "EVENT_LOG_RETENTION",
    default=90,
    minimum=0,
    maximum=36_500,
    effect="Days for which events, and deliveries that are done or canceled, are kept; `0`: for "
    "ever.",
)
WORKER_CONCURRENCY = variables.integer(
    "WORKER_CONCURRENCY",
    default=4,
    minimum=1,
    maximum=256,
    effect="Receivers that one worker runs at once; each keeps a database connection.",
)
WORKER_ASYNC_CONCURRENCY = variables.integer(
    "WORKER_ASYNC_CONCURRENCY",
    default=16,
    minimum=1,
    maximum=1_000,
    effect="`async def` receivers that one worker runs at once, besides those.",
)
WORKER_LEASE = variables.integer(
    "WORKER_LEASE",
    default=60,
    minimum=3,
    maximum=3_600,
    effect="Seconds after which the deliveries of a worker that has died are taken over.",
)
WORKER_SWEEP_INTERVAL = variables.integer(
    "WORKER_SWEEP_INTERVAL",
    default=5,
    minimum=1,
    maximum=3_600,
    effect="Seconds between two looks of a worker for what is overdue.",
)
WORKER_GRACE = variables.integer(
    "WORKER_GRACE",
    default=25,
    minimum=0,
    maximum=3_600,
    effect="Seconds that a worker which is told to stop gives to what is running.",
)

variables.section("Access", guide="how-to/control-access.md")
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

variables.section("Users", guide="how-to/identify-users.md")
OIDC_ISSUER = variables.url(
    "OIDC_ISSUER",
    effect="The identity provider whose JSON Web Tokens are accepted. Its keys are found by "
    "`/.well-known/openid-configuration`, unless `OIDC_JWKS_ENDPOINT` is set.",
)
OIDC_JWKS_ENDPOINT = variables.url(
    "OIDC_JWKS_ENDPOINT",
    effect="Where the provider's public keys are. Without `OIDC_ISSUER`, the issuer of a token is "
    "not compared.",
)
OIDC_AUDIENCE = variables.items(
    "OIDC_AUDIENCE",
    effect="The audiences of which a JSON Web Token must name one; required with one of the two.",
)
OIDC_ALGORITHMS = variables.items(
    "OIDC_ALGORITHMS",
    default="RS256, ES256",
    effect="The algorithms that a JSON Web Token may be signed by; never a symmetric one.",
)
OIDC_USERINFO_ENDPOINT = variables.url(
    "OIDC_USERINFO_ENDPOINT",
    effect="Instead of validating tokens, ask the provider here whom a token belongs to.",
)
OIDC_BEARER_TOKEN_REVALIDATION_TIME = variables.integer(
    "OIDC_BEARER_TOKEN_REVALIDATION_TIME",
    default=0,
    minimum=0,
    maximum=86_400,
    effect="Seconds for which an answer of `OIDC_USERINFO_ENDPOINT` is good; `0` asks on every "
    "request.",
)
OIDC_VERIFY_SSL = variables.switch(
    "OIDC_VERIFY_SSL",
    default=True,
    dev=True,
    effect="Whether the certificate of the provider is verified; never `false` in production.",
)
OIDC_TIMEOUT = variables.integer(
    "OIDC_TIMEOUT",
    default=5,
    minimum=1,
    maximum=60,
    effect="Seconds in which the provider must have answered, from the look-up of its name to the "
    "last byte; then the answer is status 503.",
)
OIDC_USERNAME_CLAIM = variables.text(
    "OIDC_USERNAME_CLAIM", default="sub", effect="The claim that is the user name; it must exist."
)
OIDC_GROUPS_CLAIM = variables.text(
    "OIDC_GROUPS_CLAIM",
    default="caluma_groups",
    effect="The claim that lists the user's groups; where it is missing, there are none.",
)
variables.renamed("CALUMA_OIDC_USER_FACTORY", to="OIDC_USER_FACTORY")
OIDC_USER_FACTORY = variables.text(
    "OIDC_USER_FACTORY",
    default="workflow_events.auth.OIDCUser",
    effect="Dotted path of what makes the user; called with the keywords `token` and `claims`.",
)

variables.section("Limits", guide="how-to/limit-requests.md")
MAX_BODY_SIZE = variables.integer(
    "MAX_BODY_SIZE",
    default=2_621_440,
    minimum=1_000,
    maximum=2**31,
    effect="Bytes that the body of a request may have; a larger one gets status 413.",
)
REQUEST_DEADLINE = variables.integer(
    "REQUEST_DEADLINE",
    default=30,
    minimum=0,
    maximum=86_400,
    effect="Seconds that a request may take; then it ends with `LIMIT_EXCEEDED`; `0`: no limit.",
)
QUERY_LENGTH_LIMIT = variables.limit(
    "QUERY_LENGTH_LIMIT",
    default=500_000,
    effect="Characters that a document may have.",
)
QUERY_TOKEN_LIMIT = variables.limit(
    "QUERY_TOKEN_LIMIT",
    default=12_000,
    effect="Tokens that a document may have, comments included.",
)
QUERY_DEPTH_LIMIT = variables.limit(
    "QUERY_DEPTH_LIMIT",
    default=50,
    effect="How deep the selections of a document may nest, fragments expanded, and so its values "
    "and those of its variables.",
)
QUERY_ALIAS_LIMIT = variables.limit(
    "QUERY_ALIAS_LIMIT",
    default=500,
    effect="Aliases that a document may have, fragments expanded.",
)
QUERY_COMPLEXITY_LIMIT = variables.limit(
    "QUERY_COMPLEXITY_LIMIT",
    default=500_000,
    effect="Fields that a document may ask for, fragments expanded and each list counted as ten "
    "rows, or as `first` or `last` where they say fewer.",
)
QUERY_FILTER_LIMIT = variables.limit(
    "QUERY_FILTER_LIMIT",
    default=200,
    effect="Entries that one list of filters, or of orders, may have.",
)
QUERY_VALUE_LIMIT = variables.limit(
    "QUERY_VALUE_LIMIT",
    default=10_000,
    effect="Values that the variables of a document may hold, those in lists and objects counted "
    "one by one.",
)
MAX_PAGE_SIZE = variables.limit(
    "MAX_PAGE_SIZE",
    default=0,
    effect="The most rows that a page of a list has, whatever `first` and `last` ask for.",
)
DISABLE_INTROSPECTION = variables.switch(
    "DISABLE_INTROSPECTION",
    default=True,
    dev=False,
    effect="Keeps the schema from clients: `__schema` and `__type` are refused, and errors suggest "
    "no names.",
)

variables.section("Languages and time", guide="how-to/translate-names.md")
LANGUAGE_CODE = variables.language(
    "LANGUAGE_CODE",
    default="en",
    effect="The language of names and descriptions, and what others fall back to. "
    "Changing it later relabels what is stored.",
)
LANGUAGES = variables.languages(
    "LANGUAGES",
    including=LANGUAGE_CODE,
    effect="The languages that names and descriptions may be in, `LANGUAGE_CODE` among them; "
    "`Accept-Language` chooses one.",
)
TIME_ZONE = variables.time_zone(
    "TIME_ZONE",
    default="UTC",
    effect="The zone of local time; whatever is stored and sent carries its offset anyway.",
)

variables.section("Pages of other origins", guide="how-to/deploy.md")
CORS_ORIGIN_ALLOW_ALL = variables.switch(
    "CORS_ORIGIN_ALLOW_ALL",
    default=False,
    dev=False,
    effect="Lets pages of every origin call the service.",
)
CORS_ORIGIN_WHITELIST = variables.origins(
    "CORS_ORIGIN_WHITELIST",
    effect="The origins whose pages may call the service, like `https://portal.example.org`.",
)
CORS_ALLOW_CREDENTIALS = variables.switch(
    "CORS_ALLOW_CREDENTIALS",
    default=True,
    dev=True,
    effect="Whether those pages may send what the browser keeps for the service. Off, if any "
    "origin may call it and a proxy before it knows users by cookies.",
)
CORS_ALLOW_HEADERS = variables.tokens(
    "CORS_ALLOW_HEADERS",
    default="accept, accept-language, authorization, content-type, language, user-agent, "
    "x-csrftoken, x-requested-with",
    effect="The headers that those pages may send.",
)
CORS_ALLOW_METHODS = variables.tokens(
    "CORS_ALLOW_METHODS",
    default="OPTIONS, GET, POST",
    effect="The methods that those pages may use.",
)

variables.section("Logs", guide="how-to/observe.md")
LOG_LEVEL = variables.text(
    "LOG_LEVEL",
    default="INFO",
    choices=("DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL"),
    effect="The least severe level that is logged, to standard error.",
)
ENABLE_ACCESS_LOG = variables.switch(
    "ENABLE_ACCESS_LOG",
    default=False,
    dev=False,
    effect="Writes a line of JSON for each GraphQL request to standard output, without values.",
)

ENABLE_METRICS = variables.switch(
    "ENABLE_METRICS",
    default=False,
    dev=True,
    effect="Answers `/metrics` for Prometheus: deliveries that are due or dead.",
)

variables.section("Server", guide="how-to/deploy.md")
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
ENABLE_ADMIN = variables.switch(
    "ENABLE_ADMIN",
    default=False,
    dev=True,
    effect="Serves Django's admin site under `/admin/`, for the event log and the deliveries.",
)

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
# A lost connection is noticed without a statement (events/lost_connections.py).
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
    "workflow_events.workflow",
    "workflow_events",
]
# Tables of the engine; procrastinate's can be made on PostgreSQL only.
if EVENT_ENGINE.startswith("django_tasks_db."):
    INSTALLED_APPS.insert(0, "django_tasks_db")
elif EVENT_ENGINE.endswith(".ProcrastinateBackend") and "sqlite3" not in _database["ENGINE"]:
    INSTALLED_APPS.insert(0, "procrastinate.contrib.django")
TASKS = {"default": {"BACKEND": EVENT_ENGINE, "QUEUES": ["workflow_events"]}}
# It would import the modules named "tasks" of all apps.
PROCRASTINATE_AUTODISCOVER_MODULE_NAME = ""
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
