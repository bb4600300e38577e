"""What a logged event says to people: read out of its content, with nothing called or loaded."""

from typing import Any

from django.db.models import Model

from workflow_events.delivery.models import LoggedEvent
from workflow_events.delivery.payload.codecs import MARK
from workflow_events.delivery.payload.containers import ORDER
from workflow_events.delivery.payload.references import ROW


def context_of(event: LoggedEvent) -> Any:
    """Return the ``context`` as JSON; None where the event has none.

    What receivers put there beyond JSON is shown in the words in which it is stored, and rows of
    the database are null.
    """
    return _plain(event.content.get("context"))


def group_of(event: LoggedEvent) -> str | None:
    """Return the acting group of the user; None where there is none."""
    user = _untagged(event.content.get("user"))
    group = user.get("group") if isinstance(user, dict) else None
    return group if isinstance(group, str) else None


def key_of(event: LoggedEvent, model: type[Model], *attributes: str) -> Any:
    """Return the key of the first instance of that model in these attributes of the payload.

    None where none of them holds one.
    """
    for attribute in attributes:
        stored = event.content["payload"].get(attribute)
        row = stored.get(MARK + ROW) if isinstance(stored, dict) else None
        if row is not None and row["model"] == model._meta.label:
            return model._meta.pk.to_python(row["pk"])
    return None


def _plain(stored: Any) -> Any:
    if isinstance(stored, list):
        return [_plain(member) for member in stored]
    if not isinstance(stored, dict):
        return stored
    if MARK + ROW in stored:
        return None
    if f"{MARK}dict" in stored:
        return {str(_plain(key)): _plain(member) for key, member in stored[f"{MARK}dict"]}
    inner = _untagged(stored)
    if inner is not stored:
        return _plain(inner)
    return {key: _plain(stored[key]) for key in stored.get(ORDER, stored)}


def _untagged(stored: Any) -> Any:
    """Return what stands behind the tag, if there is one."""
    if isinstance(stored, dict) and len(stored) == 1:
        [(key, inner)] = stored.items()
        if key.startswith(MARK):
            return inner
    return stored
