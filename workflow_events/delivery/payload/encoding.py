"""From an occurrence to the row of the event log."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final

from workflow_events.delivery.models import LoggedEvent
from workflow_events.delivery.payload.codecs import encoder_for
from workflow_events.delivery.payload.errors import NotEncodable
from workflow_events.delivery.payload.names import path_of
from workflow_events.delivery.payload.scalars import UNSTORABLE
from workflow_events.events.declaration.event import Event, case_of

VERSION: Final = 1
"""Of what is stored. A release that stores something else reads all lower versions, too."""
BESIDE_PAYLOAD: Final = ("user", "context")
"""Attributes that stand beside the payload, where those who read the log look for them."""
MAX_DEPTH: Final = 100
"""How deep values may nest: far from where Python, or SQLite's JSON, gives up."""

_MAX_USERNAME: Final = LoggedEvent._meta.get_field("username").max_length or 0
_MAX_SENDER: Final = LoggedEvent._meta.get_field("sender").max_length or 0
_SHOWN: Final = 10
"""Steps of a path that a message shows."""
_ADVICE: Final = (
    "Emit something that can be stored instead, such as its key, name or text; or register an "
    "encoder (docs/reference/payload.md)."
)


class Encoding:
    """One pass over the payload of an event; knows where it is, for the messages."""

    __slots__ = ("_open", "_path", "_where")

    def __init__(self, where: str) -> None:
        self._where = where
        self._path: list[Any] = []
        self._open: set[int] = set()

    def value(self, value: Any) -> Any:
        """Return the JSON of a value; raises `NotEncodable`."""
        encoder = encoder_for(value)
        if encoder is None:
            kind = type(value)
            raise self.refusal(f"nobody knows how to store a {kind.__module__}.{kind.__qualname__}")
        if not encoder.nests:
            return encoder.encode(value, self)
        if id(value) in self._open:
            raise self.refusal("it contains itself")
        if len(self._open) >= MAX_DEPTH:
            raise self.refusal(f"it is nested more than {MAX_DEPTH} deep")
        self._open.add(id(value))
        encoded = encoder.encode(value, self)
        self._open.discard(id(value))
        return encoded

    def member(self, step: Any, value: Any) -> Any:
        """Return the JSON of what a container holds under this key or at this place."""
        self._path.append(step)
        encoded = self.value(value)
        self._path.pop()
        return encoded

    def members(self, values: Iterable[Any]) -> list[Any]:
        """Return the JSON of all of these, in their order."""
        encoded = []
        for place, value in enumerate(values):  # without `member`, which costs stack
            self._path.append(place)
            encoded.append(self.value(value))
            self._path.pop()
        return encoded

    def refusal(self, reason: str) -> NotEncodable:
        """Return the error for the value at which this pass is."""
        steps = [f"[{step!r}]" for step in self._path]
        path = "".join(steps if len(steps) <= _SHOWN else [*steps[:_SHOWN], "…"])
        return NotEncodable(
            f"{self._where}{path} cannot be stored for receivers in the background: {reason}. "
            f"{_ADVICE}"
        )


def encode(event: Event) -> LoggedEvent:
    """Return the row of an occurrence, not stored yet.

    Raises `NotEncodable` for what cannot be stored. Querysets cost one statement each.
    """
    payload = {
        name: _attribute(event, name, value)
        for name, value in vars(event).items()
        if name not in event.not_stored
    }
    beside = {name: payload.pop(name) for name in BESIDE_PAYLOAD if name in payload}
    envelope = event.envelope
    sender = path_of(event.sender) or ""
    return LoggedEvent(
        id=envelope.id,
        name=envelope.name,
        time=envelope.time,
        sender=sender if len(sender) <= _MAX_SENDER else "",
        cause=envelope.cause,
        case=case_of(event),
        username=_username(event),
        content={"version": VERSION, "payload": payload, **beside},
    )


def _attribute(event: Event, name: str, value: Any) -> Any:
    encoding = Encoding(f"{event.event_name}.{name}")
    try:
        return encoding.value(value)
    except RecursionError as error:
        raise encoding.refusal("it is nested too deep for Python's stack") from error


def _username(event: Event) -> str | None:
    name = getattr(vars(event).get("user"), "username", None)
    if not isinstance(name, str):
        return None
    if len(name) > _MAX_USERNAME or UNSTORABLE.search(name):
        raise NotEncodable(
            f"{event.event_name}.user.username cannot be stored: it must be a text of at most "
            f"{_MAX_USERNAME} characters that the database can hold."
        )
    return name
