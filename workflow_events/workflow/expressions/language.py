"""A language: its transforms, and the expressions in it that are compiled and kept."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from pyjexl import parser as jexl

from workflow_events.workflow.errors import BadExpression
from workflow_events.workflow.expressions import limits
from workflow_events.workflow.expressions.budget import ExpressionFault
from workflow_events.workflow.expressions.compiler import (
    Evaluate,
    Scope,
    Transform,
    compile_tree,
)
from workflow_events.workflow.expressions.operators import type_name
from workflow_events.workflow.expressions.parser import is_storable, parse
from workflow_events.workflow.expressions.transforms import COMMON


@dataclass(frozen=True, slots=True)
class StaticFinding:
    """What is known of an expression without evaluating it.

    ``names`` are the tasks that it names literally; ``fault`` says why it must not be saved.
    """

    names: tuple[str, ...] = ()
    fault: str | None = None


@dataclass(frozen=True, slots=True)
class Compiled:
    """An expression ready to be evaluated, by any thread."""

    evaluate: Evaluate
    finding: StaticFinding


class Language:
    """The common language with transforms of its own; keeps ``limits.CACHE_SIZE`` expressions."""

    def __init__(
        self,
        noun: str,
        transforms: tuple[Transform, ...],
        inspect: Callable[[jexl.Node], StaticFinding],
    ) -> None:
        self.noun = noun
        self.transforms: Mapping[str, Transform] = {
            **COMMON,
            **{transform.name: transform for transform in transforms},
        }
        self._inspect = inspect
        self.compile = lru_cache(maxsize=limits.CACHE_SIZE)(self._compile)

    def _compile(self, text: str) -> Compiled:
        """Parse and compile; raises ``BadExpression``. Failures are not kept."""
        try:
            tree = parse(text)
            return Compiled(compile_tree(tree, self.transforms), self._inspect(tree))
        except ExpressionFault as fault:
            raise self.bad(text, fault) from None

    def names(self, text: str, scope: Scope) -> list[str | None]:
        """Evaluate to the names of tasks or groups, lists flattened, null within lists kept.

        Raises ``BadExpression`` when the evaluation fails or gives anything else.
        """
        compiled = self.compile(text)
        try:
            return _flat_names(compiled.evaluate(scope), scope)
        except ExpressionFault as fault:
            raise self.bad(text, fault) from fault

    def bad(self, text: str, fault: ExpressionFault | str) -> BadExpression:
        """The error for an expression: quotes it, says where and what is wrong."""
        quoted = text if len(text) <= limits.QUOTED_LENGTH else text[: limits.QUOTED_LENGTH] + "…"
        position = getattr(fault, "position", None)
        where = f" (at character {position})" if position else ""
        return BadExpression(
            f"The {self.noun} expression {quoted!r} cannot be used: {fault}{where}."
        )


def _flat_names(value: Any, scope: Scope) -> list[str | None]:
    names: list[str | None] = []
    pending = [value]
    while pending:
        one = pending.pop()
        if isinstance(one, list):
            scope.budget.spend(len(one))
            pending.extend(reversed(one))
        elif one is None or (isinstance(one, str) and is_storable(one)):
            names.append(one)
        else:
            raise ExpressionFault(
                f"it must give a string or a list of strings, and gives {type_name(one)}"
            )
    return names


def require_names(transform: str, subject: Any) -> list[str]:
    """The subject of ``tasks`` or ``groups``, flattened.

    Raises ``ExpressionFault`` when it is no list of strings.
    """
    if not isinstance(subject, list):
        raise ExpressionFault(
            f"`{transform}` needs a list, and its subject is {type_name(subject)}"
        )
    names: list[str] = []
    pending = list(reversed(subject))
    while pending:
        one = pending.pop()
        if isinstance(one, list):
            pending.extend(reversed(one))
        elif isinstance(one, str):
            names.append(one)
        else:
            raise ExpressionFault(f"`{transform}` needs strings, and its list has {type_name(one)}")
    return names
