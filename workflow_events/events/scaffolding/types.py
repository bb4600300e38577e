"""The types of a new event's attributes, as they are given on the command line."""

from __future__ import annotations

import ast
from dataclasses import dataclass
from typing import Final

from django.db.models import Model
from django.utils.module_loading import import_string

from workflow_events.events.scaffolding.errors import CannotWrite

KNOWN: Final = {
    "Any": ("typing", "None"),
    "Decimal": ("decimal", 'Decimal("1.50")'),
    "UUID": ("uuid", "UUID(int=1)"),
    "bool": ("", "True"),
    "bytes": ("", 'b"bytes"'),
    "date": ("datetime", "date(2026, 1, 2)"),
    "datetime": ("datetime", "datetime(2026, 1, 2, tzinfo=UTC)"),
    "dict": ("", "{}"),
    "float": ("", "1.5"),
    "frozenset": ("", "frozenset()"),
    "int": ("", "1"),
    "list": ("", "[]"),
    "set": ("", "set()"),
    "str": ("", '"text"'),
    "time": ("datetime", "time(12, 30)"),
    "timedelta": ("datetime", "timedelta(hours=1)"),
    "tuple": ("", "()"),
}
"""By the name of a type, where it is imported from (empty: a built-in one), and a value of it."""


@dataclass(frozen=True, slots=True)
class GivenType:
    """A type as it is written in the module, with what must be imported for it, and a value."""

    text: str
    imports: frozenset[tuple[str, str]]
    sample: str
    sample_imports: frozenset[tuple[str, str]]


def given_type(text: str) -> GivenType:
    """Return the type that is meant: a known name, a dotted path, `list[…]`, `… | None`.

    Raises `CannotWrite` for what is none of these.
    """
    try:
        tree = ast.parse(text.strip(), mode="eval").body
    except SyntaxError:
        raise _no_type(text) from None
    reading = _Reading(text)
    written = ast.unparse(reading.visit(tree))
    sample, needed = _sample(tree)
    return GivenType(written, frozenset(reading.imports), sample, needed)


class _Reading(ast.NodeTransformer):
    """Collects what is to be imported, and leaves of dotted paths the last name."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.imports: set[tuple[str, str]] = set()

    def visit_Name(self, node: ast.Name) -> ast.AST:
        if node.id not in KNOWN:
            raise _no_type(self.text, node.id)
        if KNOWN[node.id][0]:
            self.imports.add((KNOWN[node.id][0], node.id))
        return node

    def visit_Attribute(self, node: ast.Attribute) -> ast.AST:
        path = ast.unparse(node)
        _class_at(path, self.text)
        module, _, name = path.rpartition(".")
        self.imports.add((module, name))
        return ast.Name(name)

    def visit_Constant(self, node: ast.Constant) -> ast.AST:
        if node.value is not None and node.value is not Ellipsis:
            raise _no_type(self.text)
        return node

    def generic_visit(self, node: ast.AST) -> ast.AST:
        allowed = (ast.Subscript, ast.Tuple, ast.Load)
        is_union = isinstance(node, ast.BinOp) and isinstance(node.op, ast.BitOr)
        if not (isinstance(node, allowed) or is_union or isinstance(node, ast.BitOr)):
            raise _no_type(self.text)
        return super().generic_visit(node)


def _sample(tree: ast.expr) -> tuple[str, frozenset[tuple[str, str]]]:
    if isinstance(tree, ast.BinOp):
        members = ast.unparse(tree).split(" | ")
        return ("None", frozenset()) if "None" in members else _sample(tree.left)
    if isinstance(tree, ast.Subscript):
        return _sample(tree.value)
    if isinstance(tree, ast.Name):
        module, sample = KNOWN[tree.id]
        needed = {(module, tree.id)} if module and sample != "None" else set()
        return sample, frozenset(needed | ({("datetime", "UTC")} if "UTC" in sample else set()))
    path = ast.unparse(tree)
    if isinstance(tree, ast.Attribute) and issubclass(_class_at(path, path), Model):
        module, _, name = path.rpartition(".")
        return f"stand_in({name})", frozenset(
            {(module, name), ("workflow_events.testing", "stand_in")}
        )
    return "None", frozenset()


def _class_at(path: str, text: str) -> type:
    try:
        found = import_string(path)
    except ImportError:
        found = None
    if not isinstance(found, type):
        raise _no_type(text, path)
    return found


def _no_type(text: str, part: str = "") -> CannotWrite:
    what = f"{text!r}: {part!r} is no type" if part and part != text else f"{text!r} is no type"
    return CannotWrite(
        f"{what}; there are {', '.join(sorted(KNOWN))}, and classes by their dotted paths. "
        "Combine them as in list[str] or Decimal | None."
    )
