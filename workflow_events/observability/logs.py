"""The log: one line per record, coloured by severity on a terminal."""

import logging
from typing import Final

RESET: Final = "\x1b[0m"
COLOURS: Final = {
    logging.WARNING: "\x1b[33m",
    logging.ERROR: "\x1b[31m",
    logging.CRITICAL: "\x1b[1;31m",
}

MAX_REASON: Final = 300
"""Characters of a reason that are logged."""


class LineFormatter(logging.Formatter):
    """Time, level, logger, message; takes whether to colour warnings and errors."""

    def __init__(self, *, colour: bool) -> None:
        super().__init__("%(asctime)s %(levelname)-7s %(name)s: %(message)s")
        self.colour = colour

    def format(self, record: logging.LogRecord) -> str:
        """Return the line, with the traceback below it where there is one."""
        line = super().format(record)
        start = COLOURS.get(record.levelno, "") if self.colour else ""
        return f"{start}{line}{RESET}" if start else line


class WithoutTraceback(logging.Filter):
    """Drops the traceback of records whose message says it all."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Let the record pass, without its traceback."""
        record.exc_info = None
        return True


class WithReason(logging.Filter):
    """Adds to Django's line about a refused request why it was refused, if the view said so."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Let the record pass, with the reason in it; what clients sent cannot break the line."""
        reason = getattr(getattr(record, "request", None), "refusal", None)
        if reason:
            printable = "".join(char if char.isprintable() else " " for char in reason)
            record.msg, record.args = "%s: %s", (record.getMessage(), printable[:MAX_REASON])
        return True
