"""Which class sends the events of a verb: the mutation of that name (contract section 5).

Mutation classes register themselves here, so that the domain can name a sender without
importing GraphQL.
"""

from collections.abc import Callable, Iterable
from typing import Final

VERBS: Final = frozenset(
    {
        "start_case",
        "save_case",
        "cancel_case",
        "suspend_case",
        "resume_case",
        "reopen_case",
        "create_work_item",
        "save_work_item",
        "complete_work_item",
        "skip_work_item",
        "cancel_work_item",
        "suspend_work_item",
        "resume_work_item",
        "redo_work_item",
    }
)

_senders: dict[str, type] = {}


def register_sender(verb: str, sender: type) -> None:
    """Make this class the sender of a verb's events.

    Raises `ValueError` for a verb that the workflow does not have, or that another class of a
    different name has taken.
    """
    if verb not in VERBS:
        raise ValueError(f"{verb!r} is no verb of the workflow; there are {sorted(VERBS)}.")
    known = _senders.get(verb, sender)
    if known is not sender:
        raise ValueError(
            f"The events of {verb!r} are sent by {known.__module__}.{known.__qualname__} already; "
            f"{sender.__module__}.{sender.__qualname__} cannot send them as well."
        )
    _senders[verb] = sender


def sender_for(verb: str) -> type:
    """Return the class that sends a verb's events.

    Raises `LookupError` while no class was registered for it.
    """
    try:
        return _senders[verb]
    except KeyError:
        raise LookupError(
            f"No sender is registered for {verb!r}: import the mutation classes, or call "
            "workflow_events.workflow.senders.register_sender, before the first operation."
        ) from None


def sent_by(*verbs: str) -> Callable[[], Iterable[type]]:
    """Return what an event class declares as ``senders=``: the classes of these verbs.

    It looks them up when called, at start-up, as mutations register after the events exist.
    Its ``verbs`` are what documentation and tests read.
    """

    def senders() -> list[type]:
        return [sender_for(verb) for verb in verbs]

    senders.verbs = frozenset(verbs)  # type: ignore[attr-defined]
    return senders
