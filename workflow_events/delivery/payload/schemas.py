"""JSON Schemas of what is stored of events: each value as `codecs` has it encoded."""

from __future__ import annotations

from collections import Counter, OrderedDict, defaultdict
from collections.abc import Mapping, Sequence
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from enum import Enum, Flag
from pathlib import PurePath
from types import NoneType
from typing import Any, Final
from uuid import UUID

from django.db import models
from django.utils.datastructures import MultiValueDict

from workflow_events.delivery.payload.codecs import MARK, tag_of
from workflow_events.delivery.payload.containers import ORDER
from workflow_events.delivery.payload.encoding import BESIDE_PAYLOAD, VERSION
from workflow_events.delivery.payload.references import ROW
from workflow_events.events.catalogue.entries import EventEntry
from workflow_events.events.catalogue.schemas import (
    SCALARS,
    Schema,
    Schemas,
    array_of,
    label_schema,
    object_of,
    one_of,
    reference_to,
)

TEXT: Final[Schema] = {"type": "string"}
NULL: Final[Schema] = SCALARS[NoneType]


def tagged_schema(tag: str, inner: Schema) -> Schema:
    """Return the schema of what JSON cannot express: an object whose only key is the tag."""
    return {**object_of({MARK + tag: inner}), "additionalProperties": False}


ANY_TEXT: Final = one_of([TEXT, tagged_schema("text", TEXT)])
_TAGGED: Final[Mapping[type, Schema]] = {
    NoneType: NULL,
    bool: SCALARS[bool],
    # What not all readers of JSON get right is in a text.
    int: one_of([SCALARS[int], tagged_schema("int", TEXT)]),
    float: one_of([SCALARS[float], tagged_schema("float", TEXT)]),
    str: ANY_TEXT,
    bytes: tagged_schema("bytes", SCALARS[bytes]),
    datetime: tagged_schema("datetime", SCALARS[datetime]),
    date: tagged_schema("date", SCALARS[date]),
    time: tagged_schema("time", SCALARS[time]),
    timedelta: tagged_schema("timedelta", array_of([SCALARS[int]] * 3)),
    Decimal: tagged_schema("decimal", SCALARS[Decimal]),
    UUID: tagged_schema("uuid", SCALARS[UUID]),
    PurePath: one_of([tagged_schema("purepath", ANY_TEXT), tagged_schema("path", ANY_TEXT)]),
}
_SHARED: Final[Mapping[type, str]] = {int: "Integer", float: "Number", str: "Text"}
_PAIRS: Final[Mapping[type, str]] = {
    OrderedDict: "ordereddict",
    Counter: "counter",
    MultiValueDict: "multivaluedict",
}
_SEQUENCES: Final[Sequence[type]] = (list, tuple)
_SETS: Final[Sequence[type]] = (set, frozenset)


class StoredSchemas(Schemas):
    """The form of a row of the event log: the envelope in columns, the payload in ``content``."""

    def __init__(self) -> None:
        super().__init__()
        self.components |= {name: _TAGGED[kind] for kind, name in _SHARED.items()}

    def envelope(self) -> Schema:
        """Return the schema of the columns besides ``content``."""
        schema = super().envelope()
        text_or_null = one_of([TEXT, NULL])
        schema["properties"] |= {
            "sender": {**TEXT, "description": "Dotted path; empty where nobody can import it."},
            "case": {**one_of([SCALARS[UUID], NULL]), "description": "What it is in order of."},
            "username": {**text_or_null, "description": "Of the user in the payload."},
        }
        return schema

    def payload(self, entry: EventEntry) -> Schema:
        """Return the schema of ``content``."""
        properties = {
            name: schema
            for name, schema in self.properties(entry).items()
            if name not in entry.event.not_stored
        }
        beside: dict[str, Schema] = {
            name: properties.pop(name) for name in BESIDE_PAYLOAD if name in properties
        }
        version = {"const": VERSION}
        return object_of({"version": version, "payload": object_of(properties), **beside})

    def of_class(self, kind: type, arguments: tuple[Any, ...]) -> Schema:
        """Return the schema of a class; of one with an encoder of its own, its tag."""
        tag = next(filter(None, map(tag_of, kind.__mro__)), None)
        return super().of_class(kind, arguments) if tag is None else tagged_schema(tag, {})

    def scalar(self, kind: type) -> Schema:
        """Return the schema of a value without parts."""
        return reference_to("schemas", _SHARED[kind]) if kind in _SHARED else dict(_TAGGED[kind])

    def literal(self, values: tuple[Any, ...]) -> Schema:
        """Return the schema of a few values."""
        members = [value for value in values if isinstance(value, Enum)]
        plain = [value for value in values if not isinstance(value, Enum)]
        schemas = [_member(type(member), [member.name]) for member in members]
        return one_of([*schemas, *([{"enum": plain}] if plain else [])])

    def enumeration(self, kind: type[Enum]) -> Schema:
        """Return the schema of the members of an enumeration: by name."""
        members = _member(kind, [member.name for member in kind])
        if not issubclass(kind, Flag):
            return members
        combined = tagged_schema("flag", array_of([{"const": _path(kind)}, _TAGGED[int]]))
        return one_of([members, combined])

    def row(self, model: type[models.Model]) -> Schema:
        """Return the schema of an instance."""
        return tagged_schema(ROW, _place(model, pk=TEXT))

    def rows(self, arguments: tuple[Any, ...]) -> Schema:
        """Return the schema of a queryset."""
        model = arguments[0] if arguments and isinstance(arguments[0], type) else None
        return tagged_schema("rows", _place(model, pks={"type": "array", "items": ANY_TEXT}))

    def path(self, kind: type) -> Schema:
        """Return the schema of a class that is a value itself."""
        return one_of([tagged_schema("name", TEXT), tagged_schema("model", TEXT)])

    def data_class(self, kind: type) -> Schema:
        """Return what is said of a class that cannot be stored before it has an encoder."""
        return {"description": f"{_path(kind)}, which has no encoder: it cannot be stored."}

    def named_tuple(self, kind: Any) -> Schema:
        """Return the schema of a named tuple."""
        members = array_of([self.of(member) for member in self.members(kind)])
        return tagged_schema("namedtuple", array_of([{"const": _path(kind)}, members]))

    def tuple_of(self, members: tuple[Any, ...]) -> Schema:
        """Return the schema of a tuple."""
        return tagged_schema("tuple", super().tuple_of(members))

    def array(self, kind: type, item: Schema) -> Schema:
        """Return the schema of a list or set, or of all that an abstract class stands for."""
        kinds = [one for one in (*_SEQUENCES, *_SETS) if issubclass(one, kind)]
        items = {"type": "array", "items": item}
        if not kinds:
            return {"description": _path(kind)}
        tagged = [tagged_schema(one.__name__, items) for one in kinds if one is not list]
        return one_of([items, *tagged] if list in kinds else tagged)

    def mapping(self, kind: type, arguments: tuple[Any, ...]) -> Schema:
        """Return the schema of a dict: an object where all keys are texts, else its pairs."""
        key, value = (
            map(self.of, arguments) if len(arguments) == len(("key", "value")) else ({}, {})
        )
        if issubclass(kind, MultiValueDict):
            value = {"type": "array", "items": value}
        pairs = {"type": "array", "items": array_of([key, value])}
        if issubclass(kind, defaultdict):
            return tagged_schema("defaultdict", array_of([{}, pairs]))
        for base, tag in _PAIRS.items():
            if issubclass(kind, base):
                return tagged_schema(tag, pairs)
        as_object = {
            "type": "object",
            "properties": {ORDER: {"type": "array", "items": TEXT}},
            "patternProperties": {rf"^[^{MARK}]|^$": value},
            "additionalProperties": False,
        }
        as_pairs = tagged_schema("dict", pairs)
        if arguments and isinstance(arguments[0], type) and not issubclass(str, arguments[0]):
            return as_pairs
        return one_of([as_object, as_pairs])


def _place(model: type[models.Model] | None, **keys: Schema) -> Schema:
    """Return the schema of where rows are; which database only stands there if it is another."""
    label = TEXT if model is None else label_schema(model)
    place = object_of({"model": label, **keys})
    place["properties"]["using"] = TEXT
    return place


def _member(kind: type, names: Sequence[str]) -> Schema:
    return tagged_schema("enum", array_of([{"const": _path(kind)}, {"enum": list(names)}]))


def _path(kind: type) -> str:
    return f"{kind.__module__}.{kind.__qualname__}"
