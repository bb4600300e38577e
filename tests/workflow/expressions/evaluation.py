"""How the tests of expressions get at any value: a language whose result is not restricted."""

from typing import Any

from workflow_events.workflow.expressions.budget import ExpressionFault
from workflow_events.workflow.expressions.compiler import Scope, compile_tree
from workflow_events.workflow.expressions.parser import parse
from workflow_events.workflow.expressions.transforms import COMMON

__all__ = ["ExpressionFault", "evaluate"]


def evaluate(text: str, **variables: Any) -> Any:
    return compile_tree(parse(text), COMMON)(Scope(lambda: variables, lambda name: [name]))
