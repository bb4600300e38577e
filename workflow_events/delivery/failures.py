"""What is kept of an exception: texts that any database takes, bounded in length."""

import traceback
from typing import Final

from workflow_events.events.errors import message_of as message_for_people

MESSAGE_LENGTH: Final = 2_000
TRACEBACK_LENGTH: Final = 20_000
CALLERS: Final = (
    "workflow_events.events.emission.restoring",
    "workflow_events.delivery.running.interruption",
)
"""The modules that call receivers in the background."""


def message_of(error: BaseException) -> str:
    """Return the class and the message of an exception, the beginning if it is long."""
    name, message = type(error).__name__, message_for_people(error)
    return _storable(f"{name}: {message}" if message else name)[:MESSAGE_LENGTH]


def traceback_of(error: BaseException) -> str:
    """Return the traceback of an exception, the end if it is long; empty if it was not raised."""
    if error.__traceback__ is None:
        return ""
    return _storable("".join(traceback.format_exception(error)))[-TRACEBACK_LENGTH:]


def as_receivers_see_it(error: BaseException) -> BaseException:
    """Return an exception with a traceback that begins in the receiver, if it was raised in one."""
    frame, within = error.__traceback__, None
    while frame is not None:
        if frame.tb_frame.f_globals.get("__name__") in CALLERS:
            within = frame.tb_next
        frame = frame.tb_next
    return error if within is None else error.with_traceback(within)


def _storable(text: str) -> str:
    # PostgreSQL takes no NUL, and neither database a lone surrogate.
    return text.replace("\0", "\\x00").encode(errors="backslashreplace").decode()
