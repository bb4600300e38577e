"""The log: one line per record, coloured by severity on a terminal."""

import logging
import sys
from typing import Any, Final

RESET: Final = "\x1b[0m"
COLOURS: Final = {
    logging.WARNING: "\x1b[33m",
    logging.ERROR: "\x1b[31m",
    logging.CRITICAL: "\x1b[1;31m",
}

MAX_REASON: Final = 300
"""Characters of a reason that are logged."""


class LineFormatter(logging.Formatter):
    """Time, level, logger, message; takes whether to colour warnings and errors.

    Django's line about a refused request gets the reason, if the view said so.
    """

    def __init__(self, *, colour: bool) -> None:
        super().__init__("%(asctime)s %(levelname)-7s %(name)s: %(message)s")
        self.colour = colour

    def format(self, record: logging.LogRecord) -> str:
        """Return the line, with the traceback below it where there is one."""
        line = super().format(record)
        start = COLOURS.get(record.levelno, "") if self.colour else ""
        return f"{start}{line}{RESET}" if start else line

    def formatMessage(self, record: logging.LogRecord) -> str:  # noqa: N802 (logging's name)
        """Return the line without a traceback; what clients sent cannot break it."""
        line = super().formatMessage(record)
        reason = getattr(getattr(record, "request", None), "refusal", None)
        if not reason:
            return line
        printable = (char if char.isprintable() else " " for char in reason[:MAX_REASON])
        return f"{line}: {''.join(printable)}"


class WithoutTraceback(logging.Filter):
    """Drops the traceback of records whose message says it all."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Let the record pass, without its traceback."""
        record.exc_info = None
        return True


def _quiet_engines(level: str) -> dict[str, Any]:
    """Keep the engines' news of every job out of the log; what fails there, the worker says."""
    if level == "DEBUG":
        return {}
    return {
        "django.tasks": {"level": "WARNING"},
        "django_tasks": {"level": "WARNING"},
        "procrastinate": {"level": "CRITICAL"},
        "psycopg.pool": {"level": "ERROR"},
    }


def logging_with(level: str) -> dict[str, Any]:
    """Return Django's ``LOGGING``: to standard error from this level on, accesses to the output."""
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {
            "lines": {
                "()": LineFormatter,
                "colour": sys.stderr.isatty(),
            },
            "bare": {"format": "%(message)s"},
        },
        "handlers": {
            "standard_error": {"class": "logging.StreamHandler", "formatter": "lines"},
            "standard_output": {
                "class": "logging.StreamHandler",
                "formatter": "bare",
                "stream": "ext://sys.stdout",
            },
        },
        "root": {"handlers": ["standard_error"], "level": level},
        "filters": {
            "without_traceback": {"()": WithoutTraceback},
        },
        "loggers": {
            # Without handlers of its own, Django's records reach the root's, once.
            "django": {"handlers": [], "propagate": True},
            # Whoever asks for a host that is not ours fills no log.
            "django.security.DisallowedHost": {"filters": ["without_traceback"]},
            **_quiet_engines(level),
            "workflow_events.access": {
                "handlers": ["standard_output"],
                "level": "INFO",
                "propagate": False,
            },
        },
    }
