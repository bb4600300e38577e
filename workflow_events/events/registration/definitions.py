"""Where a receiver or a filter is defined: file and line, for messages."""

from __future__ import annotations

import functools
import inspect
from dataclasses import dataclass
from types import CodeType, FunctionType, MethodType
from typing import Any

from workflow_events.events.registration.calls import CALL


@dataclass(frozen=True, slots=True)
class Place:
    """A line of a file; written as editors and terminals open it."""

    file: str
    line: int

    def __str__(self) -> str:
        return f"{self.file}:{self.line}"


class Placed:
    """Base of callable objects that are made for an author, whose own code is written elsewhere."""

    place: Place
    """What the author has written."""


def place_of(function: Any) -> Place | None:
    """Return where a callable is defined; None for what is not written in Python."""
    found = plain(function)
    if isinstance(found, Placed):
        return found.place
    code = code_of(inspect.unwrap(found))
    return Place(code.co_filename, code.co_firstlineno) if code else None


def code_of(function: Any) -> CodeType | None:
    """Return the code of a function, or of what a callable object is called by."""
    if not isinstance(function, FunctionType):
        function = inspect.getattr_static(type(function), CALL, None)
    return function.__code__ if isinstance(function, FunctionType) else None


def given_to(function: FunctionType) -> dict[str, Any]:
    """Return the variables of what made a function that it refers to."""
    given = {}
    cells = zip(function.__code__.co_freevars, function.__closure__ or (), strict=True)
    for name, cell in cells:
        try:
            given[name] = cell.cell_contents
        except ValueError:  # not assigned yet, or deleted
            continue
    return given


def plain(function: Any) -> Any:
    """Return the function inside partials and bound methods."""
    while isinstance(function, functools.partial | MethodType):
        function = function.func if isinstance(function, functools.partial) else function.__func__
    return function
