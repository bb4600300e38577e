"""Relay global ids: base64 of ``Type:key``; every ID input takes one, or the bare key."""

import base64
import binascii
import re
from dataclasses import dataclass
from enum import Enum
from uuid import UUID

from workflow_events.workflow.errors import InvalidInput

MAX_SLUG_LENGTH = 127
SLUG = re.compile(r"[-A-Za-z0-9_]+")
NUMBER = re.compile(r"[1-9][0-9]{0,17}")


class KeyedBy(Enum):
    """What the rows of a kind are keyed by, in the words of messages."""

    UUID = "a UUID"
    SLUG = "a slug"
    NUMBER = "a number"


@dataclass(frozen=True)
class Kind:
    """A kind of node: its name, the GraphQL types that its ids may carry, and its key."""

    name: str
    type_names: frozenset[str]
    keyed_by: KeyedBy = KeyedBy.UUID

    def key(self, text: str) -> UUID | str | int | None:
        """Return the primary key that the text spells, or None if it spells none."""
        if self.keyed_by is KeyedBy.SLUG:
            return text if SLUG.fullmatch(text) and len(text) <= MAX_SLUG_LENGTH else None
        if self.keyed_by is KeyedBy.NUMBER:
            return int(text) if NUMBER.fullmatch(text) else None
        try:
            return UUID(text)
        except ValueError:
            return None


CASE = Kind("Case", frozenset({"Case"}))
WORK_ITEM = Kind("WorkItem", frozenset({"WorkItem"}))
FLOW = Kind("Flow", frozenset({"Flow"}))
WORKFLOW = Kind("Workflow", frozenset({"Workflow"}), keyed_by=KeyedBy.SLUG)
TASK = Kind(
    "Task",
    frozenset({"Task", "SimpleTask", "CompleteWorkflowFormTask", "CompleteTaskFormTask"}),
    keyed_by=KeyedBy.SLUG,
)
EVENT = Kind("Event", frozenset({"Event"}))
DELIVERY = Kind("Delivery", frozenset({"Delivery"}), keyed_by=KeyedBy.NUMBER)
KIND_BY_TYPE_NAME = {
    type_name: kind
    for kind in (CASE, WORK_ITEM, FLOW, WORKFLOW, TASK, EVENT, DELIVERY)
    for type_name in kind.type_names
}


def to_global_id(type_name: str, key: object) -> str:
    """Return the global id of the node of that GraphQL type with that primary key."""
    return base64.b64encode(f"{type_name}:{key}".encode()).decode()


def unpack(text: str) -> tuple[str, str] | None:
    """Return (type name, key) of a global id of a known type, or None if the text is none."""
    try:
        type_name, _, key = base64.b64decode(text, validate=True).decode().partition(":")
    except (binascii.Error, ValueError):
        return None
    return (type_name, key) if type_name in KIND_BY_TYPE_NAME else None


def parse_id(value: str, kind: Kind, member: str) -> UUID | str | int:
    """Return the primary key that an ID input names (facts 1.1).

    Takes a global id or the bare key; ``member`` is the name of the input in messages.
    Raises `InvalidInput` if it is no id, or the id of another type.
    """
    type_name, text = unpack(value) or (None, value)
    if type_name is not None and type_name not in kind.type_names:
        raise InvalidInput(f'"{member}": expected the id of a {kind.name}, got a {type_name}\'s.')
    key = kind.key(text)
    if key is None:
        raise InvalidInput(
            f'"{member}": {shortened(value)} is no id of a {kind.name}: '
            f"give its global id, or {kind.keyed_by.value}."
        )
    return key


def parse_global_id(value: str) -> tuple[Kind, UUID | str | int]:
    """Return the kind and the primary key of a node; `InvalidInput` if it is no global id."""
    parts = unpack(value)
    if parts is None:
        raise InvalidInput(f'"id": {shortened(value)} is no global id, as the field "id" gives it.')
    kind = KIND_BY_TYPE_NAME[parts[0]]
    return kind, parse_id(value, kind, "id")


def shortened(value: str, length: int = 80) -> str:
    """Return the value quoted for a message, cut where it gets long."""
    return repr(value if len(value) <= length else value[:length] + "…")
