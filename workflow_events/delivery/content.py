"""What a logged event says to people: read out of its content, without calling anything back."""

from typing import Any

from django.db.models import Model

from workflow_events.delivery.models import LoggedEvent


def context_of(event: LoggedEvent) -> Any:
    """Return the client's ``context``; None where the event has none."""
    return event.content.get("payload", {}).get("context")


def group_of(event: LoggedEvent) -> str | None:
    """Return the acting group of the user; None where there is none."""
    user = event.content.get("user") or {}
    group: str | None = user.get("group")
    return group


def key_of(event: LoggedEvent, attribute: str, model: type[Model]) -> Any:
    """Return the primary key of the instance in that attribute of the payload.

    None where it holds no instance of that model.
    """
    reference = event.content.get("payload", {}).get(attribute)
    if not isinstance(reference, dict) or reference.get("model") != model._meta.label_lower:
        return None
    return model._meta.pk.to_python(reference["pk"])
