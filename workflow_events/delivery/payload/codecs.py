"""Which types can be stored, and how: one table for encoding, one for decoding.

What JSON cannot express is an object with one key, the tag: ``{"$date": "2026-11-21"}``.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING, Any

from django.db import DatabaseError
from django.utils.functional import LazyObject

from workflow_events.delivery.payload.errors import NotEncodable, Undeliverable, Unreadable

if TYPE_CHECKING:
    from workflow_events.delivery.payload.decoding import Decoding
    from workflow_events.delivery.payload.encoding import Encoding

MARK = "$"
"""What a tag begins with; keys of dicts that do so, too, are stored in another way."""
ORDER_TAG = "order"
"""Stands beside the keys of an object, for their order."""

Encode = Callable[[Any, "Encoding"], Any]
"""Takes a value and the pass that it belongs to, which encodes its parts; returns JSON."""
Decode = Callable[[Any, "Decoding"], Any]
"""Takes what stands behind the tag, and the pass that it belongs to; returns the value."""


@dataclass(frozen=True, slots=True)
class Encoder:
    """How values of a type are encoded; whether they may contain others; who has declared it."""

    encode: Encode
    nests: bool
    registered: bool = False


_encoders: dict[type, Encoder] = {}
_shapes: dict[type, Encoder] = {}
"""Protocols: what has these attributes, whatever its type."""
_decoders: dict[str, Decode] = {}
_owners: dict[str, tuple[str, ...]] = {}
"""By tag, the names of the types that it was registered for."""


def tagged(tag: str, value: Any) -> dict[str, Any]:
    """Return the JSON of a value that JSON itself cannot express."""
    return {MARK + tag: value}


def encodes(*kinds: type, nests: bool = False) -> Callable[[Encode], Encode]:
    """Declare the decorated function as encoder of these types and their subclasses."""

    def declare(encode: Encode) -> Encode:
        for kind in kinds:
            _encoders[kind] = Encoder(encode, nests)
        return encode

    return declare


def decodes(tag: str) -> Callable[[Decode], Decode]:
    """Declare the decorated function as decoder of this tag."""

    def declare(decode: Decode) -> Decode:
        _decoders[tag] = decode
        return decode

    return declare


def register(
    kinds: type | tuple[type, ...],
    tag: str,
    *,
    encode: Callable[[Any], Any],
    decode: Callable[[Any], Any],
) -> None:
    """Register how values of a type of your own, or of several, are stored.

    Values of their subclasses are, too. A type may be a runtime-checkable protocol. ``tag`` stands
    for the type in what is stored, so it must stay the same. ``encode`` returns what can be encoded
    itself, such as a dict of text, dates and model instances; ``decode`` gets this back and returns
    the value. Raises ``ValueError`` for a tag of others, or one that is no word.
    """
    kinds = kinds if isinstance(kinds, tuple) else (kinds,)
    owners = tuple(f"{kind.__module__}.{kind.__qualname__}" for kind in kinds)
    if not tag.isidentifier():
        raise ValueError(f"The tag {tag!r} is no word of letters, digits and underscores.")
    if tag == ORDER_TAG or (tag in _decoders and _owners.get(tag) != owners):
        raise ValueError(f"The tag {tag!r} is taken; choose another one for {', '.join(owners)}.")
    _owners[tag] = owners
    _decoders[tag] = _own_decoder(tag, decode)
    encoder = Encoder(_own_encoder(tag, encode), nests=True, registered=True)
    for kind in kinds:
        if getattr(kind, "_is_protocol", False):
            _shapes[kind] = encoder
        else:
            _encoders[kind] = encoder


def _own_encoder(tag: str, encode: Callable[[Any], Any]) -> Encode:
    def encode_own(value: Any, encoding: Encoding) -> Any:
        try:
            parts = encode(value)
        except (NotEncodable, DatabaseError):
            raise
        except Exception as error:
            raise encoding.refusal(f"its encoder failed: {error!r}") from error
        return tagged(tag, encoding.value(parts))

    return encode_own


def _own_decoder(tag: str, decode: Callable[[Any], Any]) -> Decode:
    def decode_own(stored: Any, decoding: Decoding) -> Any:
        parts = decoding.value(stored)
        try:
            return decode(parts)
        except (Undeliverable, DatabaseError):
            raise
        except Exception as error:
            raise Unreadable(f"The decoder of {tag!r} failed: {error!r}") from error

    return decode_own


def encoder_for(value: Any) -> Encoder | None:
    """Return the encoder of the nearest type of a value, or of the first shape that it has.

    A shape comes before the containers of Python, and after all other types.
    """
    kind = type(value)
    if kind in _encoders:
        return _encoders[kind]
    # Before the types that they are mixed with, as str of TextChoices.
    for first in (Enum, LazyObject):
        if issubclass(kind, first):
            return _encoders[first]
    nearest = next((_encoders[base] for base in kind.__mro__ if base in _encoders), None)
    if nearest is not None and (nearest.registered or not nearest.nests):
        return nearest
    # Before what would store all that it holds: a named tuple may be a user with a token.
    shaped = (encoder for shape, encoder in _shapes.items() if isinstance(value, shape))
    return next(shaped, nearest)


def tag_of(kind: type) -> str | None:
    """Return the tag that was registered for a type itself; None if there is none."""
    path = f"{kind.__module__}.{kind.__qualname__}"
    return next((tag for tag, owners in _owners.items() if path in owners), None)


def decoder_for(tag: str) -> Decode | None:
    """Return the decoder of a tag."""
    return _decoders.get(tag)
