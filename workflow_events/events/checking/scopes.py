"""What names in a function stand for, found out without running anything."""

from __future__ import annotations

import ast
import builtins
import functools
import inspect
import sys
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from types import BuiltinFunctionType, FunctionType, MethodType, ModuleType
from typing import Any, Final

from workflow_events.events.checking.sources import UNKNOWN, Definition

_NAMED: Final = (
    ast.FunctionDef,
    ast.AsyncFunctionDef,
    ast.ClassDef,
    ast.ExceptHandler,
    ast.MatchAs,
    ast.MatchStar,
)
FUNCTIONS: Final = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)


@dataclass(frozen=True, slots=True)
class Meaning:
    """What an expression stands for: the module, the name in it, and the thing itself if known."""

    module: str
    name: str = ""
    value: Any = UNKNOWN
    is_instance: bool = False
    """Whether it is an instance of what is named."""
    owner: Any = UNKNOWN
    """What a method is bound to."""

    @property
    def path(self) -> str:
        """The dotted path, as it would be imported."""
        return f"{self.module}.{self.name}" if self.name else self.module

    def attribute(self, name: str) -> Meaning | None:
        """Return what an attribute of it stands for; properties are not asked."""
        if self.value is UNKNOWN:
            return replace(self, name=f"{self.name}.{name}" if self.name else name)
        found = inspect.getattr_static(self.value, name, UNKNOWN)
        if isinstance(found, staticmethod | classmethod):
            found = found.__func__
        if found is UNKNOWN or hasattr(type(found), "__set__"):  # made when asked for
            return None if self.name else Meaning(self.module, name)
        meant = meaning_of(found)
        return replace(meant, owner=self.value) if self.is_instance else meant

    def call(self) -> Meaning | None:
        """Return what comes of calling it: an instance, if it is a class."""
        if self.value is UNKNOWN:
            is_class = self.name.rpartition(".")[2][:1].isupper() and not self.is_instance
        else:
            is_class = issubclass(type(self.value), type) and not self.is_instance
        # The class has the methods of the instance that nobody makes here.
        return replace(self, is_instance=True) if is_class else None


def meaning_of(thing: Any) -> Meaning:
    """Return what a thing stands for."""
    kind = type(thing)  # isinstance would ask a lazy object what it is, and so make it
    if issubclass(kind, functools.partial):
        return meaning_of(thing.func)
    if issubclass(kind, MethodType):
        return replace(meaning_of(thing.__func__), owner=thing.__self__)
    if issubclass(kind, ModuleType):
        return Meaning(thing.__name__, value=thing)
    if issubclass(kind, type | FunctionType | BuiltinFunctionType):
        return Meaning(thing.__module__ or "builtins", thing.__qualname__, thing)
    return Meaning(kind.__module__, kind.__qualname__, thing, is_instance=True)


class Scope:
    """The names of one function, or of one that is defined inside of it."""

    def __init__(
        self, function: FunctionType, node: Definition, owner: Any = UNKNOWN, outer: Any = None
    ) -> None:
        self._function = function
        self._outer: Scope | None = outer
        self._bound = Counter(names_bound(node))
        self._values = dict(_values_bound(node))
        self.functions = {
            item.name: item
            for item in own_nodes(node)
            if isinstance(item, ast.FunctionDef | ast.AsyncFunctionDef)
        }
        parameters = [p.arg for p in [*node.args.posonlyargs, *node.args.args]]
        self._own = {parameters[0]: owner} if parameters and owner is not UNKNOWN else {}

    def meaning(self, node: ast.expr) -> Meaning | None:
        """Return what an expression stands for; None where only running it would tell."""
        if isinstance(node, ast.Await):
            return self.meaning(node.value)
        if isinstance(node, ast.Call):
            called = self.meaning(node.func)
            return called.call() if called else None
        if isinstance(node, ast.Attribute):
            base = self.meaning(node.value)
            return base.attribute(node.attr) if base else None
        return self._of_name(node.id) if isinstance(node, ast.Name) else None

    def _of_name(self, name: str) -> Meaning | None:
        if name in self._own and self._bound[name] == 1:
            return meaning_of(self._own[name])
        if name in self._bound:
            value = self._values.get(name) if self._bound[name] == 1 else None
            if isinstance(value, Meaning) or value is None:
                return value
            del self._values[name]  # x = x.y stands for nothing that could be known
            try:
                return self.meaning(value)
            finally:
                self._values[name] = value
        return self._outer._of_name(name) if self._outer else self._from_outside(name)

    def _from_outside(self, name: str) -> Meaning | None:
        code = self._function.__code__
        if name in code.co_freevars:
            cell = (self._function.__closure__ or ())[code.co_freevars.index(name)]
            try:
                return meaning_of(cell.cell_contents)
            except ValueError:  # the cell is empty still
                return None
        found = self._function.__globals__.get(name, getattr(builtins, name, UNKNOWN))
        return None if found is UNKNOWN else meaning_of(found)


def calls_in(node: Definition) -> Iterator[ast.Call]:
    """Give the calls that running a function makes; not those of functions that it defines."""
    return (found for found in own_nodes(node) if isinstance(found, ast.Call))


def own_nodes(node: Definition) -> Iterator[ast.AST]:
    """Give the nodes of a function's body, without those of what is defined inside of it."""
    queue: list[ast.AST] = list(node.body) if isinstance(node.body, list) else [node.body]
    while queue:
        found = queue.pop(0)
        yield found
        if not isinstance(found, (*FUNCTIONS, ast.ClassDef)):
            queue.extend(ast.iter_child_nodes(found))


def names_bound(node: Definition) -> Iterator[str]:
    """Give the names that belong to a function itself, each as often as it gets a value."""
    arguments = node.args
    for parameter in [
        *arguments.posonlyargs,
        *arguments.args,
        *arguments.kwonlyargs,
        *filter(None, [arguments.vararg, arguments.kwarg]),
    ]:
        yield parameter.arg
    for item in own_nodes(node):
        if isinstance(item, ast.Name) and isinstance(item.ctx, ast.Store | ast.Del):
            yield item.id
        elif isinstance(item, _NAMED) and item.name:
            yield item.name
        elif isinstance(item, ast.Import | ast.ImportFrom):
            yield from (alias.asname or alias.name.partition(".")[0] for alias in item.names)


def _values_bound(node: Definition) -> Iterator[tuple[str, ast.expr | Meaning]]:
    for item in own_nodes(node):
        if isinstance(item, ast.Import | ast.ImportFrom):
            yield from _imported(item)
            continue
        pairs: Iterable[tuple[ast.expr | None, ast.expr | None]] = ()
        if isinstance(item, ast.Assign):
            pairs = [(target, item.value) for target in item.targets]
        elif isinstance(item, ast.AnnAssign | ast.NamedExpr):
            pairs = [(item.target, item.value)]
        elif isinstance(item, ast.withitem):
            # What lets itself be entered usually gives itself.
            pairs = [(item.optional_vars, item.context_expr)]
        for target, value in pairs:
            if isinstance(target, ast.Name) and value is not None:
                yield target.id, value


def _imported(item: ast.Import | ast.ImportFrom) -> Iterator[tuple[str, Meaning]]:
    for alias in item.names:
        if isinstance(item, ast.Import):
            module = alias.name if alias.asname else alias.name.partition(".")[0]
            yield alias.asname or module, _module(module)
        elif item.module and not item.level:
            meant = _module(item.module).attribute(alias.name)
            if meant is not None:
                yield alias.asname or alias.name, meant


def _module(name: str) -> Meaning:
    return Meaning(name, value=sys.modules.get(name, UNKNOWN))
