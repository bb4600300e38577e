"""What listens, and serves."""

from workflow_events.environment.reading import variables

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
