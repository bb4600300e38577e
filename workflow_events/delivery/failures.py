"""What is kept of an exception: texts that any database takes, bounded in length."""

import traceback
from typing import Final

from workflow_events.events.errors import message_of as message_for_people

MESSAGE_LENGTH: Final = 2_000
TRACEBACK_LENGTH: Final = 20_000


def message_of(error: BaseException) -> str:
    """Return the class and the message of an exception, the beginning if it is long."""
    name, message = type(error).__name__, message_for_people(error)
    return _storable(f"{name}: {message}" if message else name)[:MESSAGE_LENGTH]


def traceback_of(error: BaseException) -> str:
    """Return the traceback of an exception, the end if it is long; empty if it was not raised."""
    if error.__traceback__ is None:
        return ""
    return _storable("".join(traceback.format_exception(error)))[-TRACEBACK_LENGTH:]


def _storable(text: str) -> str:
    # PostgreSQL takes no NUL, and neither database a lone surrogate.
    return text.replace("\0", "\\x00").encode(errors="backslashreplace").decode()
