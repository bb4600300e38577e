"""The catalogue as an AsyncAPI 3 document: each event is a channel, a message and an operation."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from workflow_events.events.catalogue.entries import EventEntry
from workflow_events.events.catalogue.schemas import Schemas, component_name, reference_to
from workflow_events.events.registration.registry import registry

VERSION: Final = "3.0.0"
JSON: Final = "application/json"
ENVELOPE: Final = "EventEnvelope"


def asyncapi_of(
    entries: Sequence[EventEntry], *, title: str, version: str, form: type[Schemas] | None = None
) -> dict[str, Any]:
    """Return the document of these events, in the form in which they are stored, if they are.

    What an occurrence is known by, its envelope, are the headers of its message.
    """
    schemas = (form or _form_in_use())()
    schemas.components[ENVELOPE] = schemas.envelope()
    channels: dict[str, Any] = {}
    operations: dict[str, Any] = {}
    messages: dict[str, Any] = {}
    for entry in entries:
        key = _key(entry, messages)
        payload = f"{key}-payload"
        schemas.components[payload] = schemas.payload(entry)
        messages[key] = _message(entry, payload)
        channels[key] = {
            "address": entry.name,
            "messages": {key: reference_to("messages", key)},
        }
        channel = {"$ref": f"#/channels/{key}"}
        operations[key] = {
            "action": "send",
            "channel": channel,
            "messages": [{"$ref": f"#/channels/{key}/messages/{key}"}],
            **({"summary": entry.summary} if entry.summary else {}),
        }
    return {
        "asyncapi": VERSION,
        "info": {"title": title, "version": version},
        "defaultContentType": JSON,
        "channels": channels,
        "operations": operations,
        "components": {"messages": messages, "schemas": schemas.components},
    }


def _form_in_use() -> type[Schemas]:
    return Schemas if registry.recorder is None else registry.recorder.schemas()


def _key(entry: EventEntry, taken: dict[str, Any]) -> str:
    """Return a name that components may have; `::` and spaces may not be in one."""
    key = wanted = component_name(entry.name)
    number = 1
    while key in taken:
        number += 1
        key = f"{wanted}-{number}"
    return key


def _message(entry: EventEntry, payload: str) -> dict[str, Any]:
    senders = entry.sender_names
    said = {
        "summary": entry.summary,
        "description": entry.doc,
        "x-senders": None if senders is None else list(senders),
    }
    return {
        "name": entry.name,
        "title": entry.event.__name__,
        **{name: value for name, value in said.items() if value},
        "contentType": JSON,
        "headers": reference_to("schemas", ENVELOPE),
        "payload": reference_to("schemas", payload),
    }
