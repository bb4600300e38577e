"""Values that hold others. They come back as what they were, dicts in their order."""

from __future__ import annotations

from collections import Counter, OrderedDict, defaultdict
from typing import Any, Final

from django.utils.datastructures import MultiValueDict

from workflow_events.delivery.payload.codecs import MARK, ORDER_TAG, decodes, encodes, tagged
from workflow_events.delivery.payload.errors import Unreadable
from workflow_events.delivery.payload.names import path_of, resolve
from workflow_events.delivery.payload.scalars import UNSTORABLE

ORDER: Final = MARK + ORDER_TAG
"""Key of an object for the order of its other keys, which jsonb does not keep."""


@encodes(list, nests=True)
def _list(value: list[Any], encoding: Any) -> Any:
    return encoding.members(value)


@encodes(tuple, nests=True)
def _tuple(value: tuple[Any, ...], encoding: Any) -> Any:
    kind = type(value)
    if hasattr(kind, "_fields") and kind is not tuple:
        return _named_tuple(kind, value, encoding)
    return tagged("tuple", encoding.members(value))


def _named_tuple(kind: type, value: tuple[Any, ...], encoding: Any) -> Any:
    path = path_of(kind)
    if path is None:
        raise encoding.refusal(f"its class {kind.__qualname__} cannot be imported by its name")
    return tagged("namedtuple", [path, encoding.members(value)])


@decodes("tuple")
def _restore_tuple(stored: list[Any], decoding: Any) -> tuple[Any, ...]:
    return tuple(decoding.members(stored))


@decodes("namedtuple")
def _restore_named_tuple(stored: list[Any], decoding: Any) -> Any:
    path, members = stored
    kind: Any = resolve(path)
    if not (isinstance(kind, type) and issubclass(kind, tuple) and hasattr(kind, "_fields")):
        raise Unreadable(f"{path} is no named tuple.")
    if len(kind._fields) != len(members):
        raise Unreadable(f"{path} has {len(kind._fields)} fields now, not {len(members)}.")
    return tuple.__new__(kind, decoding.members(members))


@encodes(set, nests=True)
def _set(value: set[Any], encoding: Any) -> Any:
    return tagged("set", encoding.members(value))


@decodes("set")
def _restore_set(stored: list[Any], decoding: Any) -> set[Any]:
    return set(decoding.members(stored))


@encodes(frozenset, nests=True)
def _frozenset(value: frozenset[Any], encoding: Any) -> Any:
    return tagged("frozenset", encoding.members(value))


@decodes("frozenset")
def _restore_frozenset(stored: list[Any], decoding: Any) -> frozenset[Any]:
    return frozenset(decoding.members(stored))


@encodes(dict, nests=True)
def _dict(value: dict[Any, Any], encoding: Any) -> Any:
    if not all(map(_is_plain_key, value)):
        return tagged("dict", _pairs(value, encoding))
    encoded = {}
    for key, member in value.items():
        encoded[key] = encoding.member(key, member)
    keys = list(encoded)
    if keys != sorted(keys, key=_as_jsonb_sorts):
        encoded[ORDER] = keys
    return encoded


@decodes("dict")
def _restore_dict(stored: list[Any], decoding: Any) -> dict[Any, Any]:
    return dict(_restored_pairs(stored, decoding))


def restore_object(stored: dict[str, Any], decoding: Any) -> dict[str, Any]:
    """Return the dict that was stored as a plain object."""
    keys = stored.get(ORDER, stored)
    return {key: decoding.value(stored[key]) for key in keys}


def _declare(tag: str, kind: Any) -> None:
    @encodes(kind, nests=True)
    def _encode(value: dict[Any, Any], encoding: Any) -> Any:
        return tagged(tag, _pairs(value, encoding))

    @decodes(tag)
    def _restore(stored: list[Any], decoding: Any) -> Any:
        return kind(dict(_restored_pairs(stored, decoding)))


_declare("ordereddict", OrderedDict)
_declare("counter", Counter)


@encodes(defaultdict, nests=True)
def _default_dict(value: defaultdict[Any, Any], encoding: Any) -> Any:
    factory = encoding.member("default_factory", value.default_factory)
    return tagged("defaultdict", [factory, _pairs(value, encoding)])


@decodes("defaultdict")
def _restore_default_dict(stored: list[Any], decoding: Any) -> defaultdict[Any, Any]:
    factory, pairs = stored
    return defaultdict(decoding.value(factory), _restored_pairs(pairs, decoding))


@encodes(MultiValueDict, nests=True)
def _multi_value_dict(value: MultiValueDict[Any, Any], encoding: Any) -> Any:
    return tagged("multivaluedict", _pairs(dict(value.lists()), encoding))


@decodes("multivaluedict")
def _restore_multi_value_dict(stored: list[Any], decoding: Any) -> MultiValueDict[Any, Any]:
    return MultiValueDict(dict(_restored_pairs(stored, decoding)))


def _pairs(value: dict[Any, Any], encoding: Any) -> list[list[Any]]:
    return [[encoding.member(key, key), encoding.member(key, value[key])] for key in value]


def _restored_pairs(stored: list[Any], decoding: Any) -> list[tuple[Any, Any]]:
    return [(decoding.value(key), decoding.value(member)) for key, member in stored]


def _is_plain_key(key: Any) -> bool:
    return type(key) is str and not key.startswith(MARK) and UNSTORABLE.search(key) is None


def _as_jsonb_sorts(key: str) -> tuple[int, bytes]:
    written = key.encode()
    return len(written), written
