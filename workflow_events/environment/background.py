"""The event log, the engine and the workers."""

from workflow_events.environment.database import DATABASES
from workflow_events.environment.reading import variables

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
