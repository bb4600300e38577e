"""What the event log and the ledger have of the small world, as `EVENT_LOG=all` stores it.

Of secret cases, of one that is gone, and of none at all; and about visible cases, but because of
what must not be known.
"""

from typing import Final
from uuid import UUID

from tests.contract.secret_world import CASES, ITEMS, LONG_AGO, SECRET, SECRET_MOMENT
from tests.graphql.rows import make_delivery, make_event
from workflow_events.delivery.models import Delivery, LoggedEvent, State
from workflow_events.workflow.models import Case, WorkItem
from workflow_events.workflow.users import BaseUser

EVENTS: Final = {
    name: UUID(int=0x300 + number)
    for number, name in enumerate(
        (
            "of_root",
            "of_alone",
            "of_child",
            "of_other",
            "of_gone",
            "of_nothing",
            "of_secret_item",
            "of_closed",
            "of_orphan",
            "unlogged",
            "missing",
        )
    )
}
SECRET_EVENTS: Final = [
    EVENTS[name] for name in ("of_alone", "of_child", "of_other", "of_gone", "of_nothing")
]
DELIVERIES: Final = {
    "of_root": 1,
    "of_alone": 2,
    "of_secret_item": 3,
    "of_nothing": 4,
    "missing": 9,
}


def build() -> None:
    """Make it, in a world that is built."""
    _event("of_root", "root", "first")
    _event("of_alone", "alone", "alone_first", by=SECRET)
    _event("of_child", "child", "inner", by=SECRET, cause="of_root")
    _event("of_other", "other", "of_other", by=SECRET, cause="of_child")
    _event("of_gone", "root", by=SECRET, about=CASES["missing"])
    _event("of_nothing", by=SECRET, cause="of_root")
    _event("of_secret_item", "root", "inner", about=CASES["root"], cause="of_child")
    _event("of_closed", "closed", "of_closed", cause="of_root")
    _event("of_orphan", "orphan", cause="unlogged")
    _delivery("of_root", State.DEAD)
    _delivery("of_alone", State.DEAD, by=SECRET)
    _delivery("of_secret_item", State.PENDING)
    _delivery("of_nothing", State.DONE, by=SECRET)


def without_secrets() -> None:
    """Make it the history of the world in which the secret cases have never existed."""
    LoggedEvent.objects.filter(pk__in=SECRET_EVENTS).delete()
    unknown = [*SECRET_EVENTS, EVENTS["unlogged"]]
    LoggedEvent.objects.filter(cause__in=unknown).update(cause=None)
    assert LoggedEvent.objects.count() == 4
    assert Delivery.objects.count() == 2


def _event(
    name: str,
    case: str | None = None,
    item: str | None = None,
    *,
    about: UUID | None = None,
    by: str = "clerk",
    cause: str | None = None,
) -> None:
    make_event(
        case and Case.objects.get(pk=CASES[case]),
        item and WorkItem.objects.select_related("case").get(pk=ITEMS[item]),
        user=BaseUser(by, [by]),
        context={"k": by},
        id=EVENTS[name],
        name=by,
        username=by,
        time=SECRET_MOMENT if by == SECRET else LONG_AGO,
        cause=cause and EVENTS[cause],
        about=about,
    )


def _delivery(event: str, state: State, *, by: str = "clerk") -> None:
    make_delivery(
        LoggedEvent.objects.get(pk=EVENTS[event]),
        by,
        pk=DELIVERIES[event],
        state=state,
        error=by,
        traceback=by,
        worker=by,
    )
