"""From the row of the event log back to an occurrence, with fresh instances."""

from __future__ import annotations

from collections.abc import Mapping
from copy import deepcopy
from typing import Any
from uuid import UUID

from django.db import DatabaseError
from django.db.models import Model

from workflow_events.delivery.models import LoggedEvent
from workflow_events.delivery.payload.codecs import MARK, decoder_for
from workflow_events.delivery.payload.containers import ORDER, restore_object
from workflow_events.delivery.payload.encoding import BESIDE_PAYLOAD, VERSION
from workflow_events.delivery.payload.errors import (
    Gone,
    Undeliverable,
    UnknownEvent,
    UnknownName,
    UnknownSender,
    UnknownTag,
    UnknownVersion,
    Unreadable,
)
from workflow_events.delivery.payload.names import resolve
from workflow_events.delivery.payload.references import Reference, load, references_in
from workflow_events.events.declaration.envelope import Envelope
from workflow_events.events.declaration.event import Event, restore
from workflow_events.events.emission.restoring import source_named
from workflow_events.events.registration.signals import SignalSent


class Decoding:
    """One pass over a stored payload, whose rows are loaded already; notes which are gone."""

    __slots__ = ("_rows", "gone")

    def __init__(self, rows: Mapping[Reference, Model]) -> None:
        self._rows = rows
        self.gone: list[Reference] = []

    def value(self, stored: Any) -> Any:
        """Return the value that was encoded as this JSON."""
        if isinstance(stored, list):
            return [self.value(member) for member in stored]
        if not isinstance(stored, dict):
            return stored
        marked = [key for key in stored if key.startswith(MARK)]
        if not marked or marked == [ORDER]:
            return restore_object(stored, self)
        if len(stored) != 1:
            raise Unreadable(f"{', '.join(sorted(stored))} cannot stand together.")
        [(key, inner)] = stored.items()
        decode = decoder_for(key.removeprefix(MARK))
        if decode is None:
            raise UnknownTag(f"This process has no decoder for {key.removeprefix(MARK)!r}.")
        return decode(inner, self)

    def members(self, stored: list[Any]) -> list[Any]:
        """Return the values of a list."""
        return [self.value(member) for member in stored]

    def row(self, reference: Reference) -> Model | None:
        """Return the instance of a row, None if it is gone."""
        row = self._rows.get(reference)
        if row is None:
            self.gone.append(reference)
        return row


def decode(logged: LoggedEvent, delivery_id: UUID, *, gone_as_none: bool = False) -> Event:
    """Return the occurrence as it was emitted, with its rows as they are now.

    ``delivery_id`` becomes that of its envelope. A row that is gone raises `Gone`, or is None with
    ``gone_as_none=True``; rows of a queryset that are gone are just not in it. Raises
    `Undeliverable` for what cannot be restored in this process.
    """
    event_class = source_named(logged.name)
    if event_class is None:
        raise UnknownEvent(f"There is no event {logged.name} any more.")
    stored = _attributes(logged.content)
    payload, gone = _restored(stored)
    if gone and not gone_as_none:
        raise Gone(gone, dict.fromkeys(str(one) for found in gone.values() for one in found))
    envelope = Envelope(
        name=logged.name,
        id=logged.pk,
        time=logged.time,
        cause=logged.cause,
        delivery_id=delivery_id,
    )
    sender = _sender(logged.sender)
    payload |= event_class.rebuilt(sender, payload)
    payload = _completed(event_class, payload)
    return restore(event_class, payload, sender, envelope)


def _attributes(content: Any) -> dict[str, Any]:
    version = content.get("version") if isinstance(content, dict) else None
    if version != VERSION:
        raise UnknownVersion(
            f"It was stored in version {version}; this release reads version {VERSION}."
        )
    beside = {name: content[name] for name in BESIDE_PAYLOAD if name in content}
    return {**content["payload"], **beside}


def _restored(stored: dict[str, Any]) -> tuple[dict[str, Any], dict[str, list[Reference]]]:
    """Return the payload, and by attribute the rows that are gone."""
    try:
        references = list(references_in(list(stored.values())))
    except Undeliverable:
        raise
    except Exception as error:
        raise Unreadable(f"A reference to a row cannot be read: {error!r}") from error
    rows = load(references)
    payload, gone = {}, {}
    for name, value in stored.items():
        decoding = Decoding(rows)
        payload[name] = _read(value, decoding, name)
        if decoding.gone:
            gone[name] = decoding.gone
    return payload, gone


def _read(stored: Any, decoding: Decoding, name: str) -> Any:
    try:
        return decoding.value(stored)
    except (Undeliverable, DatabaseError):
        raise
    except Exception as error:
        raise Unreadable(f"{name} cannot be read: {error!r}") from error


def _completed(event_class: type[Event], payload: dict[str, Any]) -> dict[str, Any]:
    """Give attributes that the event has got since their defaults."""
    if issubclass(event_class, SignalSent):
        return payload
    new = event_class.attributes - payload.keys()
    if without := sorted(new - event_class.defaults.keys()):
        raise Unreadable(
            f"{event_class.event_name} has got {', '.join(without)} since, without a default."
        )
    return {**payload, **{name: deepcopy(event_class.defaults[name]) for name in new}}


def _sender(path: str) -> Any:
    if not path:
        return None
    try:
        return resolve(path)
    except UnknownName as error:
        raise UnknownSender(f"The sender {path} cannot be imported any more: {error}") from error
