"""The service itself."""

from workflow_events.configuration import REQUIRED
from workflow_events.environment.reading import variables

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
