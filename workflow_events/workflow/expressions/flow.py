"""Flow expressions: which tasks come next, and to which one may jump back (facts 2.1 and 2.7)."""

from collections.abc import Callable, Mapping
from typing import Any

from pyjexl import parser as jexl

from workflow_events.workflow import dynamic
from workflow_events.workflow.expressions.budget import ExpressionFault
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
from workflow_events.workflow.expressions.operators import type_name
from workflow_events.workflow.expressions.variables import (
    case_attributes,
    user_attributes,
    work_item_attributes,
)
from workflow_events.workflow.models import Case, WorkItem
from workflow_events.workflow.users import User


def evaluate_next(
    expression: str, *, case: Case, user: User, work_item: WorkItem, context: Any
) -> list[str]:
    """The slugs that a flow names after the work item: flat, unique, dynamic tasks resolved.

    Slugs that are no tasks are included. An expression without ``info`` and dynamic tasks runs no
    SQL. Raises ``BadExpression``; an exception of a dynamic task passes.
    """
    return _evaluate(expression, case, user, work_item, context)


def evaluate_redoable(expression: str, *, case: Case, work_item: WorkItem) -> list[str]:
    """The slugs of the tasks to which one may jump back while the work item is ready.

    There is no user and no context (facts 2.7): their attributes are null. Raises as
    ``evaluate_next``.
    """
    return _evaluate(expression, case, None, work_item, None)


def static_tasks(expression: str) -> list[str]:
    """The slugs that the expression names literally, in its order, names of dynamic tasks included.

    Raises ``BadExpression`` for what does not parse.
    """
    return list(_LANGUAGE.compile(expression).finding.names)


def check(expression: str, known: Callable[[set[str]], set[str]]) -> None:
    """Refuse an expression that must not be saved (facts 2.1).

    ``known`` is given slugs and returns those that are existing tasks; it is called once, and only
    when there is a slug that no dynamic task has. Raises ``BadExpression``.
    """
    finding = _LANGUAGE.compile(expression).finding
    if finding.fault:
        raise _LANGUAGE.bad(expression, finding.fault)
    slugs = {name for name in finding.names if not dynamic.is_dynamic_task(name)}
    if unknown := sorted(slugs - known(slugs)) if slugs else []:
        raise _LANGUAGE.bad(
            expression,
            f"there is no task and no dynamic task {', '.join(map(repr, unknown))}; "
            "save the task first",
        )


def _evaluate(
    expression: str, case: Case, user: User | None, work_item: WorkItem, context: Any
) -> list[str]:
    def variables() -> Mapping[str, Any]:
        return {
            "info": {
                "case": case_attributes(case),
                "work_item": work_item_attributes(work_item),
                "user": user_attributes(user) if user is not None else NO_ATTRIBUTES,
                "context": NO_ATTRIBUTES if context is None else context,
            }
        }

    def resolve(name: str) -> list[str]:
        return dynamic.resolve_task(name, case, user, work_item, context)

    names: dict[str, None] = {}
    for name in _LANGUAGE.names(expression, Scope(variables, resolve)):
        if name is None:
            raise _LANGUAGE.bad(expression, "it gives null; write `[]|tasks` for no task")
        names[name] = None
    return list(names)


def _task(scope: Scope, subject: Any) -> list[str]:
    if not isinstance(subject, str):
        raise ExpressionFault(f"`task` needs a string, and its subject is {type_name(subject)}")
    resolved = scope.resolve(subject)
    if len(resolved) > 1:
        raise ExpressionFault(
            f"the dynamic task {subject!r} gives {len(resolved)} tasks, and `task` stands for one; "
            f"write `[{subject!r}]|tasks`"
        )
    return resolved


def _tasks(scope: Scope, subject: Any) -> list[str]:
    names = require_names("tasks", subject)
    return sorted({slug for name in names for slug in scope.resolve(name)})


def _inspect(tree: jexl.Node) -> StaticFinding:
    names: dict[str, None] = {}
    faults: list[str] = []
    for node in walk(tree):
        if isinstance(node, jexl.Transform) and node.name in ("task", "tasks"):
            found = _static_string(node.subject) if node.name == "task" else _static(node.subject)
            if found is None:
                faults.append(_NOT_STATIC[node.name])
            names.update(dict.fromkeys(found or ()))
    return StaticFinding(tuple(names), faults[0] if faults else None)


_NOT_STATIC = {
    "task": "the subject of `task` must be a string in quotes, or a choice of such: "
    "`'a'|task`, `test ? 'a'|task : 'b'|task`",
    "tasks": "the subject of `tasks` must be a list of strings in quotes: `['a', 'b']|tasks`",
}


def _static_string(node: jexl.Node) -> list[str] | None:
    if isinstance(node, jexl.Literal) and isinstance(node.value, str):
        return [node.value]
    if isinstance(node, jexl.ConditionalExpression):
        return _joined([_static_string(node.consequent), _static_string(node.alternate)])
    return None


def _static(node: jexl.Node) -> list[str] | None:
    if isinstance(node, jexl.ArrayLiteral):
        return _joined([_static_string(one) or _static(one) for one in node.value])
    if isinstance(node, jexl.ConditionalExpression):
        return _joined([_static(node.consequent), _static(node.alternate)])
    return None


def _joined(parts: list[list[str] | None]) -> list[str] | None:
    """All the parts in one list; None when one of them is not static."""
    names: list[str] = []
    for part in parts:
        if part is None:
            return None
        names.extend(part)
    return names


_LANGUAGE = Language("flow", (Transform("task", _task), Transform("tasks", _tasks)), _inspect)
