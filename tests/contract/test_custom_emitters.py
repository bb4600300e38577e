"""An event of a deployment gets all that those of the workflow get.

The module below is what a deployment writes into ``extensions/``; nothing else knows of it.
"""

import io
import json
import re
import sys
from collections.abc import Iterator
from types import ModuleType
from typing import Any

import pytest
from django.core.management import call_command

from tests.workflow.builders import ANN, item, workflow
from workflow_events.delivery.models import LoggedEvent
from workflow_events.events import ReceiverError, emit, filter_events, on
from workflow_events.events.errors import RegistrationError
from workflow_events.events.registration.registry import registry
from workflow_events.testing import Deliveries, Emissions, mute
from workflow_events.workflow import api
from workflow_events.workflow.events import filter_by_workflow, post_complete_work_item
from workflow_events.workflow.models import Case

MODULE = "extensions.letters"
SOURCE = '''
from workflow_events.events import Event, emit, on
from workflow_events.workflow.events import post_complete_work_item
from workflow_events.workflow.models import Case


class Mailroom:
    """Who sends letters."""


class PostSendLetter(Event, senders=lambda: [Mailroom], case=lambda case: case.pk):
    """Emitted when a letter has left the house; not for e-mails."""

    case: Case
    pages: int = 1


@on(post_complete_work_item)
def send_letter(work_item):
    emit(PostSendLetter, sender=Mailroom, case=work_item.case, pages=2)
'''


@pytest.fixture
def letters(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """Load the module as a start does; after the test, all that it declared is forgotten."""
    module = ModuleType(MODULE)
    monkeypatch.setitem(sys.modules, MODULE, module)
    exec(compile(SOURCE, f"{MODULE}.py", "exec"), vars(module))
    return module


@pytest.fixture
def case(db: None, letters: Any) -> Case:
    workflow("a")
    return api.start_case("flow", ANN)


@pytest.fixture
def heard() -> list[str]:
    return []


@pytest.mark.parametrize(
    "target",
    ["PostSendLetter", "post_send_letter", "post_send_*", re.compile(r"post_\w+_letter")],
)
def test_it_is_heard_by_class_name_and_pattern(
    letters: Any, case: Case, heard: list[str], target: Any
) -> None:
    @on(vars(letters).get(target, target) if isinstance(target, str) else target)
    def hear(event: Any, sender: Any, pages: int) -> None:
        heard.append(f"{event.event_name} {sender.__name__} {pages}")

    api.complete_work_item(item(case, "a"), ANN)
    assert heard == ["post_send_letter Mailroom 2"]


def test_its_filters_and_senders_are_those_of_all(
    letters: Any, case: Case, heard: list[str]
) -> None:
    on("post_send_letter", sender="Mailroom")(lambda: heard.append("by sender"))
    on("post_send_letter")(filter_by_workflow("flow")(lambda: heard.append("by workflow")))
    on("post_send_letter")(filter_by_workflow("other")(lambda: heard.append("of another")))
    on("post_send_letter")(filter_events(lambda pages: pages > 2)(lambda: heard.append("thick")))
    emit(letters.PostSendLetter, sender=letters.Mailroom, case=case)
    assert heard == ["by sender", "by workflow"]


def test_what_could_never_work_is_refused(letters: Any) -> None:
    before = list(registry.receivers)
    with pytest.raises(RegistrationError, match="stamp"):
        on("post_send_letter")(lambda stamp: None)
    with pytest.raises(RegistrationError, match="Mailroom"):
        on("post_send_letter", sender=Case)(lambda: None)
    assert list(registry.receivers) == before


def test_its_receivers_fail_alone_or_with_the_operation(letters: Any, case: Case) -> None:
    @on("post_send_letter")
    def spoil(case: Case) -> None:
        Case.objects.update(meta={"spoilt": True})
        raise ValueError("alone")

    api.complete_work_item(item(case, "a"), ANN)
    case.refresh_from_db()
    assert (case.status, case.meta) == ("completed", {})

    @on("post_send_letter", raise_exception=True)
    def refuse() -> None:
        raise ValueError("no stamps")

    second = api.start_case("flow", ANN)
    with pytest.raises(ReceiverError, match="no stamps"):
        emit(letters.PostSendLetter, sender=letters.Mailroom, case=second)


def test_it_goes_to_the_background_in_the_order_of_its_case_with_its_cause(
    letters: Any, case: Case, heard: list[str], deliveries: Deliveries, events: Emissions
) -> None:
    @on("post_send_letter", background=True, name="file")
    def file(case: Case, pages: int, event: Any) -> None:
        heard.append(f"{case.pk} {pages} {event.sender.__name__}")

    api.complete_work_item(item(case, "a"), ANN)
    assert heard == []
    [delivery] = deliveries.assert_queued("file", event="post_send_letter", pages=2)
    assert delivery.stream == str(case.pk)
    logged = LoggedEvent.objects.get(name="post_send_letter")
    [completed] = events.of(post_complete_work_item)
    assert (logged.case, logged.cause) == (case.pk, completed.envelope.id)
    assert logged.sender == f"{MODULE}.Mailroom"
    assert deliveries.run() == 1
    assert heard == [f"{case.pk} 2 Mailroom"]


def test_it_stands_in_the_history_of_its_case(letters: Any, case: Case, settings: Any) -> None:
    settings.EVENT_LOG = "all"
    emit(letters.PostSendLetter, sender=letters.Mailroom, case=case, pages=3)
    [logged] = LoggedEvent.objects.filter(case=case.pk, name="post_send_letter")
    assert logged.content["payload"]["pages"] == 3


def test_the_test_kit_knows_it(letters: Any, case: Case, events: Emissions) -> None:
    with mute(letters.send_letter):
        emit(letters.PostSendLetter, sender=letters.Mailroom, case=case)
    events.assert_emitted(letters.PostSendLetter, sender=letters.Mailroom, case=case, pages=1)


def test_it_is_documented_with_its_receivers(letters: Any) -> None:
    def printed(*command: str) -> str:
        output = io.StringIO()
        call_command(*command, stdout=output)
        return output.getvalue()

    @on("post_send_letter")
    def file(pages: int) -> None: ...

    assert "Emitted when a letter has left the house; not for e-mails." in printed("events")
    page = printed("events", "post_send_letter", "--markdown")
    assert "post_send_letter" in page
    assert "pages" in page
    [described] = json.loads(printed("events", "post_send_letter", "--json"))["events"]
    assert described["name"] == "post_send_letter"
    assert "post_send_letter" in printed("events", "post_send_letter", "--asyncapi")
    assert "<locals>.file" in printed("receivers", "post_send_letter")
