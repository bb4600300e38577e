"""Traces of what is undone afterwards: what runs in them, and what is listed only."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.events.notebook import Notebook
from tests.events.tracing.explanations import (
    Other,
    Reported,
    Sender,
    outcomes,
    sent,
)
from workflow_events.events import Event, emit, on
from workflow_events.events.emission.dispatch import is_heard
from workflow_events.events.tracing.explanation import explained
from workflow_events.events.tracing.traced import traced

pytestmark = pytest.mark.usefixtures("tables")


def test_dry_run(notebook: Notebook) -> None:
    ran: list[str] = []
    envelopes = []

    def noting(name: str) -> Callable[..., None]:
        def note(event: Event) -> None:
            ran.append(name)
            envelopes.append(event.envelope)

        return note

    on(Reported)(noting("ordinary"))
    on(Reported, atomic=False)(noting("not atomic"))
    on(Reported, dry_run=False)(noting("dry_run=False"))
    on(Reported, atomic=False, dry_run=False)(noting("both"))
    on(Reported, delivery="commit")(noting("after commit"))
    on(Reported, background=True, name="b", dry_run=False)(noting("background"))
    with traced(dry_run=True) as trace:
        emit(Reported, sender=None)
    assert ran == ["ordinary"]
    assert outcomes(trace) == [
        "ran",
        *["not run"] * 3,
        "after commit",
        "in the background",
    ]
    found = explained(trace)
    assert [r["reason"] for r in found["events"][0]["receivers"]] == [
        *("", "atomic=False", "dry_run=False", "atomic=False, dry_run=False", "", "b")
    ]
    assert found["dry_run"] is True
    assert [e.dry_run for e in envelopes] == [True]
    assert str(envelopes[0].id) == found["events"][0]["id"]
    assert found["events"][0]["stored"] is True
    assert notebook.stored == []
    assert emit(Reported, sender=None).envelope.dry_run is False
    assert sorted(ran[1:]) == ["after commit", "both", "dry_run=False", "not atomic", "ordinary"]
    assert len(notebook.stored) == 1


def test_in_a_dry_run_a_signal_is_sent_as_in_earnest() -> None:
    on(sent, sender=Sender, atomic=False)(lambda: None)
    with traced(dry_run=True):
        assert is_heard(sent, Sender)
        assert not is_heard(sent, Other)
