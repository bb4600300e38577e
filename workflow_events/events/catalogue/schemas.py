"""JSON Schemas (draft 7, as AsyncAPI has them) of what events carry.

`Schemas` is the form without tags, for projects that emit events and store none. Who stores them
has a form of its own, a subclass (`Recorder.schemas`).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence, Set
from dataclasses import fields, is_dataclass
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from enum import Enum
from pathlib import PurePath
from types import NoneType, UnionType
from typing import (
    Annotated,
    Any,
    Final,
    Literal,
    TypeVar,
    Union,
    get_args,
    get_origin,
    is_typeddict,
)
from uuid import UUID

from django.db import models

from workflow_events.events.catalogue.annotations import resolved, type_text
from workflow_events.events.catalogue.entries import EventEntry
from workflow_events.events.registration.senders import with_subclasses

Schema = dict[str, Any]

SCALARS: Final[Mapping[type, Schema]] = {
    NoneType: {"type": "null"},
    bool: {"type": "boolean"},
    int: {"type": "integer"},
    float: {"type": "number"},
    str: {"type": "string"},
    bytes: {"type": "string", "contentEncoding": "base64"},
    datetime: {"type": "string", "format": "date-time"},
    date: {"type": "string", "format": "date"},
    time: {"type": "string", "format": "time"},
    timedelta: {"type": "string", "format": "duration"},
    Decimal: {"type": "string", "format": "decimal"},
    UUID: {"type": "string", "format": "uuid"},
    PurePath: {"type": "string"},
}
UUID_TEXT: Final[Schema] = SCALARS[UUID]


class Schemas:
    """Makes schemas of annotations; classes with a name are made once, in ``components``."""

    def __init__(self) -> None:
        self.components: dict[str, Schema] = {}
        self._names: dict[type, str] = {}

    def envelope(self) -> Schema:
        """Return the schema of what is known of an occurrence besides its payload."""
        return object_of(
            {
                "name": {"type": "string"},
                "id": {**UUID_TEXT, "description": "UUIDv7: later ones are greater."},
                "time": {**SCALARS[datetime], "description": "When it was emitted."},
                "cause": {
                    "anyOf": [UUID_TEXT, SCALARS[NoneType]],
                    "description": "The id of the event whose receiver emitted this one.",
                },
            }
        )

    def payload(self, entry: EventEntry) -> Schema:
        """Return the schema of what an event carries."""
        return object_of(self.properties(entry))

    def properties(self, entry: EventEntry) -> dict[str, Schema]:
        """Return the schema of each argument, by its name."""
        found = {}
        for argument in entry.arguments:
            schema = self.of(argument.annotation)
            if argument.doc:
                schema = {"allOf": [schema], "description": " ".join(argument.doc.split())}
            found[argument.name] = schema
        return found

    def of(self, annotation: Any) -> Schema:
        """Return the schema of a type; of one that says nothing, as Any does, one that takes all.

        So is that of a type that could not be resolved: its text is the description.
        """
        annotation = _bare(annotation)
        origin, arguments = get_origin(annotation), get_args(annotation)
        if annotation is Any or annotation is object:
            return {}
        if origin in (Union, UnionType):
            return one_of(map(self.of, arguments))
        if origin is Literal:
            return self.literal(arguments)
        kind = origin or annotation
        if not isinstance(kind, type):
            return {"description": type_text(annotation)}
        return self.of_class(kind, arguments)

    def of_class(self, kind: type, arguments: tuple[Any, ...]) -> Schema:
        """Return the schema of a class, with the arguments that it was given in brackets."""
        named = self._named(kind)
        if named is not None:
            return self.component(kind, named)
        if issubclass(kind, type):
            return self.path(kind)
        if issubclass(kind, models.QuerySet):
            return self.rows(arguments)
        scalar = next((base for base in kind.__mro__ if base in SCALARS), None)
        return self._container(kind, arguments) if scalar is None else self.scalar(scalar)

    def _named(self, kind: Any) -> Callable[[Any], Schema] | None:
        """Return what makes the schema of a class that has one of its own; None of others."""
        makers: dict[Callable[[Any], Schema], bool] = {
            self._typed_dict: is_typeddict(kind),
            self.enumeration: issubclass(kind, Enum),
            self.row: issubclass(kind, models.Model),
            self.data_class: is_dataclass(kind),
            self.named_tuple: issubclass(kind, tuple) and hasattr(kind, "_fields"),
        }
        return next((make for make, fits in makers.items() if fits), None)

    def _container(self, kind: type, arguments: tuple[Any, ...]) -> Schema:
        if issubclass(kind, tuple):
            return self.tuple_of(arguments)
        if issubclass(kind, Mapping):
            return self.mapping(kind, arguments)
        if issubclass(kind, Iterable):
            return self.array(kind, self.of(arguments[0]) if arguments else {})
        return {"description": f"{kind.__module__}.{kind.__qualname__}"}

    def component(self, kind: type, make: Callable[[Any], Schema]) -> Schema:
        """Return a reference to the schema of a class with a name, made at the first time."""
        if kind not in self._names:
            name = component_name(kind.__qualname__)
            if name in self.components:
                name = component_name(f"{kind.__module__}.{kind.__qualname__}")
            self._names[kind] = name
            self.components[name] = {}  # it may contain itself
            self.components[name] = make(kind)
        return reference_to("schemas", self._names[kind])

    def scalar(self, kind: type) -> Schema:
        """Return the schema of one of `SCALARS`."""
        return dict(SCALARS[kind])

    def literal(self, values: tuple[Any, ...]) -> Schema:
        """Return the schema of a few values."""
        plain = [value.value if isinstance(value, Enum) else value for value in values]
        return {"enum": plain}

    def enumeration(self, kind: type[Enum]) -> Schema:
        """Return the schema of the members of an enumeration."""
        values = [member.value for member in kind]
        if all(isinstance(value, str | int | float | None) for value in values):
            return {"enum": values}
        return {"enum": [member.name for member in kind], "description": "By name."}

    def row(self, model: type[models.Model]) -> Schema:
        """Return the schema of an instance: which row it is."""
        return object_of({"model": label_schema(model), "pk": _key(model)})

    def rows(self, arguments: tuple[Any, ...]) -> Schema:
        """Return the schema of a queryset: which rows it has."""
        model = arguments[0] if arguments and isinstance(arguments[0], type) else None
        key = {} if model is None else _key(model)
        label = SCALARS[str] if model is None else label_schema(model)
        return object_of({"model": label, "pks": {"type": "array", "items": key}})

    def path(self, kind: type) -> Schema:
        """Return the schema of a class that is a value itself: its dotted path."""
        return {"type": "string", "description": "Dotted path of a class."}

    def data_class(self, kind: type) -> Schema:
        """Return the schema of a dataclass."""
        return object_of({f.name: self.of(resolved(f.type, kind)) for f in fields(kind)})

    def named_tuple(self, kind: Any) -> Schema:
        """Return the schema of a named tuple."""
        return self.tuple_of(self.members(kind))

    def members(self, kind: Any) -> tuple[Any, ...]:
        """Return the types of what a named tuple holds."""
        hints = vars(kind).get("__annotations__", {})
        return tuple(resolved(hints.get(name, Any), kind) for name in kind._fields)

    def _typed_dict(self, kind: Any) -> Schema:
        properties = {
            name: self.of(resolved(hint, kind)) for name, hint in kind.__annotations__.items()
        }
        return object_of(properties, required=sorted(kind.__required_keys__))

    def tuple_of(self, members: tuple[Any, ...]) -> Schema:
        """Return the schema of a tuple: of one type throughout, or of one type at each place."""
        if len(members) == 2 and members[1] is Ellipsis:  # noqa: PLR2004 (as in tuple[int, ...])
            return {"type": "array", "items": self.of(members[0])}
        if not members:
            return {"type": "array"}
        return array_of(list(map(self.of, members)))

    def array(self, kind: type, item: Schema) -> Schema:
        """Return the schema of a list, a set, or what else is iterated."""
        unique = {"uniqueItems": True} if issubclass(kind, Set) else {}
        return {"type": "array", "items": item, **unique}

    def mapping(self, kind: type, arguments: tuple[Any, ...]) -> Schema:
        """Return the schema of a dict; its keys are texts in JSON."""
        value = self.of(arguments[-1]) if arguments else {}
        return {"type": "object", "additionalProperties": value}


def object_of(properties: Mapping[str, Schema], required: Sequence[str] | None = None) -> Schema:
    """Return the schema of an object that has all of these keys, or those that are required."""
    needed = sorted(properties) if required is None else list(required)
    return {"type": "object", "properties": dict(properties), "required": needed}


def array_of(items: Sequence[Schema]) -> Schema:
    """Return the schema of an array with one item of each of these."""
    return {"type": "array", "items": list(items), "minItems": len(items), "maxItems": len(items)}


def one_of(schemas: Iterable[Schema]) -> Schema:
    """Return the schema of what any of these takes."""
    found: list[Schema] = []
    for schema in schemas:
        if schema not in found:
            found.append(schema)
    return found[0] if len(found) == 1 else {"anyOf": found}


def component_name(text: str) -> str:
    """Return a text as AsyncAPI, and whatever makes code of it, takes it as a component's name."""
    return re.sub(r"[^a-zA-Z0-9_-]", "_", text.replace("<locals>.", ""))


def reference_to(part: str, name: str) -> Schema:
    """Return a reference to a component."""
    return {"$ref": f"#/components/{part}/{name}"}


def label_schema(model: type[models.Model]) -> Schema:
    """Return the schema of the label of a model, or of one that derives from it."""
    if model is models.Model:
        return dict(SCALARS[str])
    family = with_subclasses([model])
    # Those of other registries are none of the project, but made for migrations or tests.
    labels = {
        one._meta.label
        for one in family
        if one._meta.apps is model._meta.apps and not one._meta.abstract
    }
    return {"enum": sorted(labels)} if labels else dict(SCALARS[str])


def _key(model: type[models.Model]) -> Schema:
    field = None if model is models.Model else model._meta.pk
    if isinstance(field, models.UUIDField):
        return dict(UUID_TEXT)
    if isinstance(field, models.IntegerField):
        return {"type": "integer"}
    return {"type": "string"} if field is not None else {}


def _bare(annotation: Any) -> Any:
    """Return what a type is about, without what only type checkers want to know."""
    while True:
        if isinstance(annotation, TypeVar):
            annotation = Any if annotation.__bound__ is None else annotation.__bound__
        elif get_origin(annotation) is Annotated:
            annotation = annotation.__origin__
        elif str(get_origin(annotation)).rpartition(".")[2] in WRAPPERS:
            [annotation] = get_args(annotation)
        elif hasattr(annotation, "__supertype__"):  # a NewType
            annotation = annotation.__supertype__
        elif type(annotation).__name__ == "TypeAliasType":  # since Python 3.12
            annotation = annotation.__value__
        else:
            return annotation


WRAPPERS: Final = frozenset({"Final", "Required", "NotRequired", "ReadOnly"})
