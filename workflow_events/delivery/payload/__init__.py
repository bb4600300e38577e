"""What is stored of an event for receivers in the background: a versioned envelope in JSON."""

from workflow_events.delivery.payload.codecs import register
from workflow_events.delivery.payload.decoding import decode
from workflow_events.delivery.payload.encoding import encode
from workflow_events.delivery.payload.errors import (
    Gone,
    NotEncodable,
    Undeliverable,
    UnknownEvent,
    UnknownModel,
    UnknownName,
    UnknownSender,
    UnknownTag,
    UnknownVersion,
    Unreadable,
)
from workflow_events.delivery.payload.references import register_model

__all__ = [
    "Gone",
    "NotEncodable",
    "Undeliverable",
    "UnknownEvent",
    "UnknownModel",
    "UnknownName",
    "UnknownSender",
    "UnknownTag",
    "UnknownVersion",
    "Unreadable",
    "decode",
    "encode",
    "register",
    "register_model",
]
