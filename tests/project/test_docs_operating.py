"""docs/how-to/operate-deliveries.md shows what its commands print; numbers may differ."""

import io
import re
import shlex
import sys

import pytest

from tests.delivery.conftest import nudges
from tests.delivery.deliveries import ago, deliveries
from tests.project.pages import blocks_of
from tests.project.processes import ROOT
from workflow_events.cli.commands import operate
from workflow_events.cli.example import load_example
from workflow_events.delivery.models import Delivery, LoggedEvent, State
from workflow_events.delivery.running.runner import run_due
from workflow_events.events import on
from workflow_events.workflow import api
from workflow_events.workflow.events import filter_by_task, post_complete_work_item
from workflow_events.workflow.users import BaseUser

pytestmark = pytest.mark.django_db(transaction=True)

__all__ = ["nudges"]

ANN = BaseUser("ann")
TYPED = re.compile(r"^\$ workflow-events (.*)\n((?:(?!\$ ).*\n)*)", re.MULTILINE)
LIST, REDELIVER, CANCEL, GIVE_UP, REPLAY, PRUNE = (
    TYPED.findall(block.text)
    for block in blocks_of(ROOT / "docs/how-to/operate-deliveries.md")
    if block.language == "console"
)


@pytest.fixture
def typed(capsys, monkeypatch):
    """Run a command as on a terminal, where whoever is asked says yes; returns what is seen."""

    def typed(line):
        answers = io.StringIO("y\n")
        monkeypatch.setattr(answers, "isatty", lambda: True)
        monkeypatch.setattr(sys, "stdin", answers)
        for output in (sys.stdout, sys.stderr):
            monkeypatch.setattr(output, "isatty", lambda: True)
        monkeypatch.setenv("COLUMNS", "200")
        command, *options = shlex.split(line)
        assert operate(command, options) == 0
        written = capsys.readouterr()
        asked = written.err.endswith("[y/N] ")
        seen = f"{written.err}y\n{written.out}" if asked else f"{written.out}{written.err}"
        return re.sub(r"\x1b\[\d*m", "", seen)

    return typed


def alike(text: str) -> str:
    """Replace numbers, times, and what a page has cut."""
    text = re.sub(r"[0-9a-f]{8}-(?:[0-9a-f-]{27}|…)", "ID", text)
    text = re.sub(r"\d{4}-\d\d-\d\d \d\d:\d\d", "TIME", text)
    text = re.sub(r"\d[\d,]*", "N", text)
    return "\n".join(" ".join(line.split()) for line in text.splitlines())


def complete(times: int) -> None:
    """Complete the first item of as many cases, and one of their reviews."""
    for _ in range(times):
        case = api.start_case("application", ANN)
        api.complete_work_item(case.work_items.get(), ANN)
        api.complete_work_item(case.work_items.get(task="review-legal"), ANN)


def store(state: State, receiver: str = "extensions.mail.send", times: int = 1, **values) -> None:
    stored = deliveries(
        *[None] * times, state=state, receiver=receiver, name="post_complete_work_item", **values
    )
    LoggedEvent.objects.filter(pk__in=[d.event_id for d in stored]).update(case=stored[0].event_id)


@pytest.fixture(autouse=True)
def _mail(nudges):
    @on(post_complete_work_item, background=True, name="extensions.mail.send")
    def send(): ...


def test_the_list(typed):
    store(State.DEAD, attempts=12, error="ConnectionError: …", finished_at=ago(10_000))
    Delivery.objects.update(event=LoggedEvent.objects.get())
    LoggedEvent.objects.update(name="post_create_case")
    store(State.PENDING, receiver="extensions.mail.post", due=ago(7_200))
    store(State.RUNNING, attempts=1, started_at=ago(2), lease=ago(-60))
    store(State.PENDING, due=ago(4))
    store(State.DONE, times=2)
    [(line, shown)] = LIST
    assert alike(typed(line)) == alike(shown)


def test_after_an_outage(typed):
    store(State.DEAD, times=2)
    [(line, shown)] = REDELIVER
    assert alike(typed(line)) == alike(shown)
    assert set(Delivery.objects.values_list("state", flat=True)) == {"pending"}


def test_giving_up(typed):
    store(State.DEAD)
    store(State.PENDING, receiver="extensions.mail.post")
    [(line, shown)] = CANCEL
    key = str(Delivery.objects.get(state="dead").pk)
    assert alike(typed(line.replace("863", key))) == alike(shown)
    [(line, shown)] = GIVE_UP
    assert alike(typed(line)) == alike(shown)
    assert set(Delivery.objects.values_list("state", flat=True)) == {"canceled"}


def test_a_replay(typed, settings):
    settings.EVENT_LOG = "all"
    load_example()
    complete(2)

    @on(post_complete_work_item, background=True, name="search.index")
    @filter_by_task("file-application")
    def index(): ...

    complete(2)
    run_due()
    dry, done = (typed(line.replace("2026-11-01", "1h")) for line, _ in REPLAY)
    assert [alike(dry), alike(done)] == [alike(shown) for _, shown in REPLAY]
    assert "Delivers 4 events to search.index: 2 for the first time, 2 again.\n" in done


def test_pruning(typed):
    store(State.DONE, times=2)
    store(State.PENDING, times=3)
    LoggedEvent.objects.update(time=ago(31 * 86_400))
    [(line, shown)] = PRUNE
    assert alike(typed(line)) == alike(shown)
    assert Delivery.objects.count() == 5
