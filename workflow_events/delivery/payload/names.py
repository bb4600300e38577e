"""Classes, functions, modules, signals and members of enumerations: stored by dotted path."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from enum import Enum, Flag
from functools import cache
from importlib import import_module
from types import BuiltinFunctionType, FunctionType, ModuleType
from typing import Any

from django.apps import apps
from django.db.models import Model
from django.db.models.base import ModelBase
from django.dispatch import Signal

from workflow_events.delivery.payload.codecs import decodes, encodes, tagged
from workflow_events.delivery.payload.errors import UnknownModel, UnknownName, Unreadable
from workflow_events.events.registration.signals import name_of_signal

_NAMED = (type, FunctionType, BuiltinFunctionType, ModuleType, Signal)
_NOWHERE = object()


def path_of(value: Any) -> str | None:
    """Return the dotted path under which another process finds a class, function or module.

    None if there is none: what is made inside a function, a lambda, anything of a script.
    """
    if isinstance(value, ModuleType):
        return value.__name__ if sys.modules.get(value.__name__) is value else None
    module = getattr(value, "__module__", None)
    qualname = getattr(value, "__qualname__", None)
    if not isinstance(module, str) or not isinstance(qualname, str) or module == "__main__":
        return None
    found = _attribute(sys.modules.get(module, _NOWHERE), qualname.split("."))
    return f"{module}.{qualname}" if found is value else None


def resolve(path: str) -> Any:
    """Return what has this dotted path, importing its module; nothing is called.

    Raises `UnknownName` if it cannot be imported, or is no class, function, module or signal.
    """
    names = path.split(".")
    if not all(name.isidentifier() for name in names):
        raise UnknownName(f"{path!r} is no dotted path.")
    for cut in range(len(names), 0, -1):
        module = _imported(".".join(names[:cut]))
        found = _attribute(module, names[cut:])
        if isinstance(found, _NAMED):
            return found
    raise UnknownName(f"There is no class, function or module {path} any more.")


def _attribute(owner: Any, names: Iterable[str]) -> Any:
    for name in names:
        if owner is _NOWHERE:
            break
        owner = getattr(owner, name, _NOWHERE)
    return owner


def _imported(name: str) -> Any:
    if name in sys.modules:
        return sys.modules[name]
    try:
        return import_module(name)
    except ModuleNotFoundError as error:
        if error.name is not None and f"{name}.".startswith(f"{error.name}."):
            return _NOWHERE
        raise UnknownName(f"Importing {name} failed: {error}") from error
    except Exception as error:
        raise UnknownName(f"Importing {name} failed: {error!r}") from error


@encodes(type, FunctionType, BuiltinFunctionType, ModuleType)
def _named(value: Any, encoding: Any) -> Any:
    path = path_of(value)
    if path is None:
        shown = getattr(value, "__qualname__", value)
        raise encoding.refusal(f"{shown} cannot be imported by its name")
    return tagged("name", path)


@encodes(Signal)
def _signal(value: Signal, encoding: Any) -> Any:
    path = _path_of_signal(value)
    if not path[0].isidentifier():
        raise encoding.refusal("no module has this signal under a name")
    return tagged("name", path)


_path_of_signal = cache(name_of_signal)


@decodes("name")
def _restore_named(stored: str, _: Any) -> Any:
    return resolve(stored)


@encodes(ModelBase)
def _model(value: type[Model], encoding: Any) -> Any:
    return tagged("model", label_of(value, encoding))


@decodes("model")
def _restore_model(stored: str, _: Any) -> type[Model]:
    return model_of(stored)


def label_of(model: type[Model], encoding: Any) -> str:
    """Return the label by which another process finds a model; raises `NotEncodable`."""
    label = model._meta.label
    try:
        apps.get_model(label)
    except (LookupError, ValueError):
        raise encoding.refusal(f"the model {label} is not among the installed ones") from None
    return label


def model_of(label: str) -> type[Model]:
    """Return the model with this label; raises `UnknownModel`."""
    try:
        return apps.get_model(label)
    except (LookupError, ValueError) as error:
        raise UnknownModel(f"There is no model {label} any more.") from error


@encodes(Enum)
def _member(value: Enum, encoding: Any) -> Any:
    path = path_of(type(value))
    if path is None:
        kind = type(value).__qualname__
        raise encoding.refusal(f"its class {kind} cannot be imported by its name")
    if type(value).__members__.get(value.name) is value:
        return tagged("enum", [path, value.name])
    return tagged("flag", [path, encoding.value(value.value)])


@decodes("enum")
def _restore_member(stored: list[str], _: Any) -> Enum:
    path, name = stored
    kind = resolve(path)
    if not (isinstance(kind, type) and issubclass(kind, Enum)):
        raise Unreadable(f"{path} is no enumeration.")
    if name not in kind.__members__:
        raise UnknownName(f"{path} has no member {name} any more.")
    return kind.__members__[name]


@decodes("flag")
def _restore_flags(stored: list[Any], decoding: Any) -> Flag:
    path, value = stored
    kind = resolve(path)
    if not (isinstance(kind, type) and issubclass(kind, Flag)):
        raise Unreadable(f"{path} is no enumeration of flags.")
    return kind(decoding.value(value))
