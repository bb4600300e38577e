"""What the service tells of itself."""

from workflow_events.environment.reading import variables

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
