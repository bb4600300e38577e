"""What an event class is annotated with: resolved where it can be, else as it is written."""

from __future__ import annotations

import ast
import inspect
import linecache
import sys
import types
from collections.abc import Callable
from functools import lru_cache
from itertools import pairwise
from typing import (
    Any,
    ClassVar,
    ForwardRef,
    Literal,
    TypeVar,
    Union,
    get_args,
    get_origin,
    get_type_hints,
)

from workflow_events.events.declaration.event import Event


def annotations_of(event: type[Event]) -> dict[str, Any]:
    """Return the type of each argument, those of base classes first, as they are written.

    One that cannot be resolved, as its name is imported for type checkers only, is its text.
    """
    found: dict[str, Any] = {}
    for base in reversed(event.__mro__):
        for name, hint in vars(base).get("__annotations__", {}).items():
            if name in event.attributes and get_origin(hint) is not ClassVar:
                found[name] = resolved(hint, base)
    return found | dict.fromkeys(sorted(event.attributes - found.keys()), Any)


def resolved(hint: Any, owner: type) -> Any:
    """Return an annotation of a class as a type; as it is written where that fails."""
    carrier = type("Carrier", (), {"__annotations__": {"hint": hint}})
    names = vars(sys.modules.get(owner.__module__, types.ModuleType("")))
    try:
        return get_type_hints(carrier, dict(names), dict(vars(owner)), include_extras=True)["hint"]
    # Whatever people write can fail in its own way; what they wrote is still worth showing.
    except Exception:
        return hint


def docs_of(event: type[Event]) -> dict[str, str]:
    """Return the text under each annotation that has one, by the name of the argument."""
    found: dict[str, str] = {}
    for base in reversed(event.__mro__):
        if issubclass(base, Event) and base is not Event:
            found |= _docs_in(base)
    return {name: doc for name, doc in found.items() if name in event.attributes}


def _docs_in(owner: type) -> dict[str, str]:
    try:
        file = inspect.getsourcefile(owner)
    except (OSError, TypeError):
        file = None
    # Typed at a prompt, made by a function, or compiled: there is no text to read.
    source = "".join(linecache.getlines(file)) if file else ""
    declaration = _classes_in(source).get(owner.__qualname__)
    body = [] if declaration is None else declaration.body
    return {
        statement.target.id: inspect.cleandoc(after.value.value)
        for statement, after in pairwise(body)
        if isinstance(statement, ast.AnnAssign)
        and isinstance(statement.target, ast.Name)
        and isinstance(after, ast.Expr)
        and isinstance(after.value, ast.Constant)
        and isinstance(after.value.value, str)
    }


@lru_cache(maxsize=128)
def _classes_in(source: str) -> dict[str, ast.ClassDef]:
    """Return the classes of a module by their ``__qualname__``, the last of a name; read once."""
    found: dict[str, ast.ClassDef] = {}

    def walk(node: ast.AST, prefix: str) -> None:
        for child in ast.iter_child_nodes(node):
            if isinstance(child, ast.ClassDef):
                found[f"{prefix}{child.name}"] = child
                walk(child, f"{prefix}{child.name}.")
            elif isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef):
                walk(child, f"{prefix}{child.name}.<locals>.")
            elif isinstance(child, ast.stmt | ast.excepthandler | ast.match_case):
                walk(child, prefix)

    try:
        walk(ast.parse(source), "")
    except (SyntaxError, ValueError):  # a file that is not Python, or was changed meanwhile
        return {}
    return found


def type_text(annotation: Any) -> str:
    """Return a type as people write it, without the modules of its names."""
    if isinstance(annotation, str):
        return annotation
    if isinstance(annotation, ForwardRef):
        return annotation.__forward_arg__
    if isinstance(annotation, list):  # the arguments of a Callable
        return f"[{', '.join(map(type_text, annotation))}]"
    origin = get_origin(annotation)
    return _short(annotation) if origin is None else _generic_text(origin, get_args(annotation))


def _generic_text(origin: Any, arguments: tuple[Any, ...]) -> str:
    if origin in (Union, types.UnionType):
        return " | ".join(map(type_text, arguments))
    shown: Callable[[Any], str] = repr if origin is Literal else type_text
    return f"{_short(origin)}[{', '.join(map(shown, arguments))}]"


def _short(kind: Any) -> str:
    if kind in (None, types.NoneType):
        return "None"
    if kind is Ellipsis:
        return "..."
    if isinstance(kind, TypeVar) and kind.__bound__ is not None:
        return type_text(kind.__bound__)
    name = getattr(kind, "__qualname__", None) or getattr(kind, "__name__", None) or str(kind)
    return str(name).rpartition("<locals>.")[2]
