"""`EmailBackend`: what a dry run sends is kept, everything else goes its way."""

from typing import Any

import pytest
from django.conf import settings
from django.core import mail
from django.core.mail import EmailMessage, send_mail, send_mass_mail
from django.test import override_settings

from tests.events.tables import Note
from workflow_events.events import Event, emit, on
from workflow_events.events.tracing.dry_runs import dry_run
from workflow_events.events.tracing.explanation import explained
from workflow_events.events.tracing.mail import EmailBackend
from workflow_events.events.tracing.traced import traced

OURS = "workflow_events.events.tracing.mail.EmailBackend"
IN_MEMORY = "django.core.mail.backends.locmem.EmailBackend"
MAILERS = {"default": {"BACKEND": OURS, "OPTIONS": {"backend": IN_MEMORY}}}

pytestmark = pytest.mark.usefixtures("tables")


class Mailed(Event):
    pass


@pytest.fixture(autouse=True)
def _ours() -> Any:
    older: dict[str, Any] = {"EMAIL_BACKEND": OURS, "SENDING_EMAIL_BACKEND": IN_MEMORY}
    with override_settings(**({"MAILERS": MAILERS} if hasattr(settings, "MAILERS") else older)):
        yield


def send(subject: str = "Hello") -> int:
    return send_mail(subject, "Text", "me@example.com", ["you@example.com"])


def test_mail_is_sent_by_the_other_backend() -> None:
    with traced() as trace:
        assert send() == 1
    assert [message.subject for message in mail.outbox] == ["Hello"]
    assert trace.mails == []


def test_mail_of_a_dry_run_is_kept() -> None:
    @on(Mailed)
    def writes() -> None:
        Note.write("a")
        assert send() == 1
        mass = [(f"{n}", "Text", "me@example.com", [f"{n}@example.com"]) for n in (1, 2)]
        assert send_mass_mail(mass) == 2
        EmailMessage("Copies", to=["a@x.org"], cc=["b@x.org"], bcc=["c@x.org"]).send()

    with dry_run() as trace:
        emit(Mailed, sender=None)
    assert mail.outbox == []
    assert explained(trace)["mails"] == [
        {"to": ["you@example.com"], "subject": "Hello"},
        {"to": ["1@example.com"], "subject": "1"},
        {"to": ["2@example.com"], "subject": "2"},
        {"to": ["a@x.org", "b@x.org", "c@x.org"], "subject": "Copies"},
    ]
    assert Note.all_by() == []
    assert send() == 1
    assert len(mail.outbox) == 1


def test_what_no_backend_could_send_is_refused_in_a_dry_run_too() -> None:
    with dry_run() as trace, pytest.raises(ValueError, match=r"line|feed"):
        send("two\nlines")
    assert trace.mails == []


def test_a_connection_is_opened_in_earnest_only() -> None:
    connection = EmailBackend(backend=IN_MEMORY)
    with dry_run():
        assert connection.open() is None
        assert connection.send_messages([EmailMessage("Kept", to=["a@x.org"])]) == 1
        connection.close()
    assert mail.outbox == []
    with connection:
        connection.send_messages([EmailMessage("Sent", to=["a@x.org"])])
    assert [message.subject for message in mail.outbox] == ["Sent"]
