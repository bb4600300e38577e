"""The figures of the ledger that probes and metrics give."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from tests.delivery.deliveries import ago, deliveries
from workflow_events.delivery import operating
from workflow_events.delivery.models import State
from workflow_events.delivery.operating import bounded_figures

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("receiver")]


def test_nothing_is_due_where_there_is_nothing() -> None:
    assert operating.figures() == operating.Figures(
        pending=0, running=0, dead=0, due=0, oldest_due_seconds=None, unknown={}
    )
    assert bounded_figures(5) == {"due": 0, "oldest_due_seconds": None, "dead": 0}


def test_every_state() -> None:
    later = timezone.now() + timedelta(hours=1)
    deliveries(None, None, due=ago(120))
    deliveries(None, due=later)
    deliveries(None, receiver="renamed", due=later)
    deliveries(None, state=State.RUNNING, due=later, lease=later)
    deliveries(None, state=State.RUNNING, due=ago(3_600), lease=ago(3_600))
    for state in (State.DEAD, State.DEAD, State.DONE, State.CANCELED):
        deliveries(None, state=state, due=ago(9_999))

    figures = operating.figures()

    assert (figures.pending, figures.running, figures.dead) == (4, 2, 2)
    # Two are pending and due, one has been left by its worker.
    assert figures.due == 3
    assert figures.oldest_due_seconds == pytest.approx(3_600, abs=30)
    assert figures.unknown == {"renamed": 1}
    assert bounded_figures(5) == {
        "due": 3,
        "oldest_due_seconds": pytest.approx(3_600, abs=30),
        "dead": 2,
    }


def test_bounded_figures_count_no_further() -> None:
    deliveries(*[None] * 4, due=ago(60))
    deliveries(*[None] * 4, state=State.DEAD)
    assert bounded_figures(3) == {
        "due": 3,
        "oldest_due_seconds": pytest.approx(60, abs=30),
        "dead": 3,
    }


def test_how_many_statements_that_takes() -> None:
    with CaptureQueriesContext(connection) as captured:
        operating.figures()
        bounded_figures(5)
    assert len(captured) == 6
