"""Mail that a dry run does not send."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.conf import settings
from django.core.mail import EmailMessage
from django.core.mail.backends.base import BaseEmailBackend
from django.utils.module_loading import import_string

from workflow_events.events.tracing import traces


class EmailBackend(BaseEmailBackend):
    """Sends mail by another backend; what is sent in a dry run goes to its trace instead.

    ``backend`` is the dotted path of the other one (in the ``OPTIONS`` of Django's ``MAILERS``),
    without it that of the setting ``SENDING_EMAIL_BACKEND``; all other options are for that one.
    """

    def __init__(self, *, backend: str | None = None, **options: Any) -> None:
        super().__init__()
        self.alias = options.get("alias")
        self._backend = backend or settings.SENDING_EMAIL_BACKEND
        self._options = options
        self._sending: BaseEmailBackend | None = None

    def open(self) -> bool | None:
        """Connect for several messages; not in a dry run."""
        return None if _dry_run() else self._connection().open()

    def close(self) -> None:
        """End the connection, if there is one."""
        if self._sending is not None:
            self._sending.close()

    def send_messages(self, email_messages: Sequence[EmailMessage]) -> int:
        """Send messages, or keep them; returns how many. Raises as the other backend does."""
        trace = _dry_run()
        if trace is None:
            return self._connection().send_messages(email_messages) or 0
        for message in email_messages:
            message.message()  # refuses what no backend could send
        trace.mails.extend(email_messages)
        return len(email_messages)

    def _connection(self) -> BaseEmailBackend:
        if self._sending is None:
            self._sending = import_string(self._backend)(**self._options)
        return self._sending


def _dry_run() -> traces.Trace | None:
    trace = traces.current.get()
    return trace if trace is not None and trace.dry_run else None
