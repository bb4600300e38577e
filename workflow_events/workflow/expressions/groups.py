"""Group expressions: whom a work item is addressed to, and who controls it (facts 2.5 and 2.7)."""

from collections.abc import Mapping
from typing import Any

from pyjexl import parser as jexl

from workflow_events.workflow import dynamic
from workflow_events.workflow.expressions.compiler import (
    NO_ATTRIBUTES,
    Scope,
    Transform,
    walk,
)
from workflow_events.workflow.expressions.language import (
    Language,
    StaticFinding,
    require_names,
)
from workflow_events.workflow.expressions.variables import (
    case_attributes,
    new_work_item_attributes,
    user_attributes,
    work_item_attributes,
)
from workflow_events.workflow.models import Case, Task, WorkItem
from workflow_events.workflow.users import User


def evaluate_groups(
    expression: str | None,
    *,
    task: Task,
    case: Case,
    user: User | None,
    previous_work_item: WorkItem | None,
    context: Any,
) -> list[str]:
    """The groups that an expression names: sorted, unique, dynamic groups resolved.

    No expression, and null, mean no groups (facts 0); null within a list is dropped. Raises
    ``BadExpression``; an exception of a dynamic group passes.
    """
    if expression is None:
        return []

    def variables() -> Mapping[str, Any]:
        return {
            "info": {
                "case": case_attributes(case),
                "work_item": new_work_item_attributes(task, user),
                "prev_work_item": work_item_attributes(previous_work_item)
                if previous_work_item is not None
                else NO_ATTRIBUTES,
                "user": user_attributes(user) if user is not None else NO_ATTRIBUTES,
                "context": NO_ATTRIBUTES if context is None else context,
            }
        }

    def resolve(name: str) -> list[str]:
        return dynamic.resolve_group(name, task, case, user, previous_work_item, context)

    names = _LANGUAGE.names(expression, Scope(variables, resolve))
    return sorted({name for name in names if name is not None})


def check(expression: str) -> None:
    """Refuse an expression that must not be saved (facts 2.1). Raises ``BadExpression``."""
    finding = _LANGUAGE.compile(expression).finding
    if finding.fault:
        raise _LANGUAGE.bad(expression, finding.fault)


def _groups(scope: Scope, subject: Any) -> list[str] | None:
    if subject is None:
        return None
    if isinstance(subject, list):
        subject = [name for name in subject if name is not None]
    names = require_names("groups", subject)
    return sorted({group for name in names for group in scope.resolve(name)})


def _inspect(tree: jexl.Node) -> StaticFinding:
    for node in walk(tree):
        if (
            isinstance(node, jexl.Transform)
            and node.name == "groups"
            and isinstance(node.subject, (jexl.Literal, jexl.ObjectLiteral))
        ):
            return StaticFinding(
                fault="the subject of `groups` must be a list: `['a', 'b']|groups`"
            )
    return StaticFinding()


_LANGUAGE = Language("group", (Transform("groups", _groups),), _inspect)
