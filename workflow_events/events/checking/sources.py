"""The source of functions as syntax trees, one file read once; nothing is imported or run."""

from __future__ import annotations

import ast
import functools
import inspect
import linecache
import re
from collections.abc import Iterator
from types import CodeType, FunctionType, MethodType
from typing import Any, Final

from workflow_events.events.checking.problems import Problem
from workflow_events.events.registration.calls import CALL
from workflow_events.events.registration.definitions import Place
from workflow_events.events.registration.receivers import Receiver

UNKNOWN: Final = object()
"""What a name stands for, where only running the code would tell."""
Definition = ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda
_IGNORED: Final = re.compile(r"#\s*workflow_events:\s*ignore\[([\w\s,.]+)\]")


class Sources:
    """Where the functions of a process are written, as far as their files can be read."""

    def __init__(self) -> None:
        self._files: dict[str, dict[tuple[str, int], list[Definition]]] = {}

    def definition(self, function: FunctionType) -> Definition | None:
        """Return the definition of a function; None where there is no source of it."""
        code = function.__code__
        if code.co_filename not in self._files:
            self._files[code.co_filename] = _definitions(function)
        found = self._files[code.co_filename].get((code.co_name, code.co_firstlineno), [])
        fitting = [node for node in found if len(found) == 1 or _covers(node, code)]
        return fitting[0] if len(fitting) == 1 else None


def is_ignored(problem: Problem) -> bool:
    """Tell whether the line says that it is meant: ``# workflow_events: ignore[W002]``."""
    if problem.place is None or problem.id.is_error:
        return False
    said = _IGNORED.search(linecache.getline(problem.place.file, problem.place.line))
    number = problem.id.rpartition(".")[2]
    return said is not None and number in re.split(r"[\s,]+", said[1])


def functions_of(receiver: Receiver) -> Iterator[tuple[FunctionType, Any]]:
    """Give the functions that a receiver and its filters run, and what each is bound to.

    Not of what is not written in Python. Where it is bound to nothing, that is `UNKNOWN`.
    """
    for function in (receiver.function, *(p.function for p in receiver.predicates)):
        found = _in_python(function)
        if found is not None:
            yield found


def _in_python(function: Any) -> tuple[FunctionType, Any] | None:
    while isinstance(function, functools.partial):
        function = function.func
    if isinstance(function, MethodType) and isinstance(function.__func__, FunctionType):
        return function.__func__, function.__self__
    if isinstance(function, FunctionType):
        return function, UNKNOWN
    called = inspect.getattr_static(type(function), CALL, None)
    return (called, function) if isinstance(called, FunctionType) else None


def _definitions(function: FunctionType) -> dict[tuple[str, int], list[Definition]]:
    lines = linecache.getlines(function.__code__.co_filename, function.__globals__)
    try:
        tree = ast.parse("".join(lines))
    except (SyntaxError, ValueError):  # a template or a page that was compiled as Python
        return {}
    found: dict[tuple[str, int], list[Definition]] = {}
    for node in ast.walk(tree):
        if isinstance(node, Definition):
            found.setdefault(_key(node), []).append(node)
    return found


def _key(node: Definition) -> tuple[str, int]:
    """Return name and first line of the code that is made of a definition."""
    if isinstance(node, ast.Lambda):
        return "<lambda>", node.lineno
    return node.name, min([node.lineno, *(item.lineno for item in node.decorator_list)])


def _covers(node: Definition, code: CodeType) -> bool:
    """Tell whether all instructions of the code come from within the definition."""
    if not isinstance(node, ast.Lambda):
        return True
    begin = (node.lineno, node.col_offset)
    end = (node.end_lineno or node.lineno, node.end_col_offset or 0)
    for line, _, column, _ in code.co_positions():
        if line is None or column is None or (line, column) == (code.co_firstlineno, 0):
            continue
        if not begin <= (line, column) < end:
            return False
    return True


def place_in(function: FunctionType, node: ast.expr) -> Place:
    """Return the line of an expression within a function."""
    return Place(function.__code__.co_filename, node.lineno)
