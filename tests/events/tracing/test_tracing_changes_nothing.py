"""A trace changes nothing: order, isolation and failures are those of an untraced emission."""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext
from typing import Any

import pytest
from django.db import transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.events.tables import Note, Tables
from tests.properties.profile import PROFILE
from workflow_events.events import Event, emit, filter_events, on
from workflow_events.events.registration.registry import registry
from workflow_events.events.tracing.explanation import explained
from workflow_events.events.tracing.traced import traced

pytestmark = [
    pytest.mark.usefixtures("tables"),
    # The first nested emission raises Python's limit (`frames.check_depth`), for good.
    pytest.mark.filterwarnings("ignore:The recursion limit will not be reset"),
]

# The fixture is of one test: each example empties the tables itself.
ONE_TABLE = settings(PROFILE, suppress_health_check=[HealthCheck.function_scoped_fixture])
DOINGS = ["nothing", "write", "write twice", "fail", "write and fail", "assign", "append", "emit"]
RECEIVERS = st.lists(
    st.fixed_dictionaries(
        {
            "does": st.sampled_from(DOINGS),
            "order": st.integers(0, 2),
            "raise_exception": st.booleans(),
            "atomic": st.booleans(),
            "filtered": st.sampled_from([None, True, False, "fails"]),
            "delivery": st.sampled_from(["transaction", "transaction", "commit"]),
            "sender": st.sampled_from([None, int, str]),
        }
    ),
    max_size=6,
)


class TracedOrNot(Event):
    text: str
    many: Any


class TracedInside(Event):
    text: str


def register(number: int, log: list[Any], wanted: dict[str, Any]) -> None:
    """Register a receiver that does what is wanted, and puts down what it sees."""
    does, filtered, sender = wanted["does"], wanted["filtered"], wanted["sender"]

    def receiver(event: TracedOrNot, text: str, many: Any, **rest: Any) -> None:
        log.append((number, text, list(many)))
        if "write" in does:
            log.append(Note.all_by())
            Note.write(f"{number}")
        if does == "write twice":
            Note.write(f"{number}")
        if "fail" in does:
            raise ValueError(number)
        if does == "assign":
            event.text = f"{text}{number}"
        if does == "append":
            many.append(number)
        if does == "emit":
            emit(TracedInside, sender=int, text=text)

    def holds(text: str) -> Any:
        return 1 / 0 if filtered == "fails" else filtered

    on(
        TracedOrNot,
        order=wanted["order"],
        atomic=wanted["atomic"],
        delivery=wanted["delivery"],
        sender=sender,
        raise_exception=wanted["raise_exception"] and wanted["delivery"] == "transaction",
    )(receiver if filtered is None else filter_events(holds)(receiver))


def happens(
    receivers: list[dict[str, Any]], robust: bool, inside: bool, around: AbstractContextManager[Any]
) -> tuple[Any, ...]:
    """What an emission to these receivers leaves, and what its emitter gets."""
    Tables.empty()
    log: list[Any] = []
    error = None
    with registry.scoped(), around:
        for number, wanted in enumerate(receivers):
            register(number, log, wanted)
        on(TracedInside)(lambda text: log.append(f"{text} inside"))
        on(TracedInside, raise_exception=True)(lambda text: Note.write(f"in {text}"))
        event = None
        try:
            with transaction.atomic() if inside else nullcontext():
                event = emit(TracedOrNot, sender=int, robust=robust, text="x", many=[])
        except Exception as raised:
            error = repr(raised)
    return log, Note.all_by(), error, event and vars(event)


@given(receivers=RECEIVERS, robust=st.booleans(), inside=st.booleans())
@ONE_TABLE
def test_a_trace_changes_nothing(
    receivers: list[dict[str, Any]], robust: bool, inside: bool
) -> None:
    untraced = happens(receivers, robust, inside, nullcontext())
    assert happens(receivers, robust, inside, traced()) == untraced


@given(receivers=RECEIVERS, robust=st.booleans())
@ONE_TABLE
def test_whoever_was_called_is_told_so(receivers: list[dict[str, Any]], robust: bool) -> None:
    with traced() as trace:
        log, *_ = happens(receivers, robust, True, nullcontext())
    [told] = explained(trace)["events"]
    ran = {"ran", "failed"}
    outcomes = [found["outcome"] for found in told["receivers"]]
    called = [entry for entry in log if isinstance(entry, tuple)]
    assert len(outcomes) == len(receivers)
    filters_that_fail = [r for r in receivers if r["filtered"] == "fails"]
    number = sum(outcome in ran for outcome in outcomes)
    assert len(called) <= number <= len(called) + len(filters_that_fail)
