"""One limit: a number of something, named by the setting that allows it."""

from django.conf import settings

from workflow_events.workflow.errors import LimitExceeded

MANY = 10**12
"""Larger numbers, which fragments of fragments reach, are told as "more than" this one."""


def check(found: int, setting: str, what: str) -> None:
    """Raise `LimitExceeded` when more is found than the setting allows; 0 there means no limit.

    ``what`` is the sentence with ``{}`` for the number.
    """
    allowed = getattr(settings, setting)
    if allowed and found > allowed:
        number = f"{found:,}" if found <= MANY else f"more than {MANY:,}"
        raise LimitExceeded(f"{what.format(number)}; {setting} allows {allowed:,}.")
