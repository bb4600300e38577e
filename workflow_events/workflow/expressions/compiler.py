"""Tree to function: each part of an expression becomes a function of the scope, once.

The functions hold no state, so one compiled expression serves all threads.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from pyjexl import parser as jexl

from workflow_events.workflow.expressions.budget import Budget, ExpressionFault
from workflow_events.workflow.expressions.operators import type_name
from workflow_events.workflow.expressions.parser import children_of

NO_ATTRIBUTES: Mapping[str, Any] = {}


class Scope:
    """What one evaluation sees: its budget, its variables, and how it resolves names.

    ``variables`` is called when the expression first asks for one, ``resolve`` turns the name of
    a task or group into those that it stands for, ``relative`` is the element that a filter looks
    at.
    """

    __slots__ = ("_values", "_variables", "budget", "relative", "resolve")

    def __init__(
        self,
        variables: Callable[[], Mapping[str, Any]],
        resolve: Callable[[str], list[str]],
        budget: Budget | None = None,
        relative: Any = NO_ATTRIBUTES,
    ) -> None:
        self._variables = variables
        self._values: Mapping[str, Any] | None = None
        self.resolve = resolve
        self.budget = budget or Budget()
        self.relative = relative

    def variables(self) -> Mapping[str, Any]:
        """The variables by name; made once per evaluation."""
        if self._values is None:
            self._values = self._variables()
        return self._values

    def around(self, element: Any) -> "Scope":
        """The scope of a relative filter while it looks at one element."""
        return Scope(self.variables, self.resolve, self.budget, element)

    def of_arguments(self) -> "Scope":
        """The scope of the arguments of a transform: no variables, no element (facts 2.7)."""
        return Scope(lambda: NO_ATTRIBUTES, self.resolve, self.budget)


Evaluate = Callable[[Scope], Any]


@dataclass(frozen=True, slots=True)
class Transform:
    """A transform: its name, what it does, and with how many arguments it may be called.

    ``apply`` takes the scope, the subject and the arguments; ``most`` None means any number.
    """

    name: str
    apply: Callable[..., Any]
    fewest: int = 0
    most: int | None = 0


def walk(tree: jexl.Node) -> Iterator[jexl.Node]:
    """Every node of the tree, the tree itself first, then from left to right."""
    pending = [tree]
    while pending:
        node = pending.pop()
        yield node
        pending.extend(reversed(_in_order(node)))


def _in_order(node: jexl.Node) -> list[jexl.Node]:
    if isinstance(node, jexl.FilterExpression):
        return [node.subject, node.expression]
    return children_of(node)


def compile_tree(node: jexl.Node, transforms: Mapping[str, Transform]) -> Evaluate:
    """Turn a parsed tree into a function of the scope.

    Raises ``ExpressionFault`` for an unknown transform or a wrong number of arguments.
    """
    compile_node = _COMPILERS[type(node)]
    return compile_node(node, transforms)


def _literal(node: jexl.Literal, transforms: Mapping[str, Transform]) -> Evaluate:
    value = node.value
    return lambda scope: value


def _array(node: jexl.ArrayLiteral, transforms: Mapping[str, Transform]) -> Evaluate:
    elements = [compile_tree(element, transforms) for element in node.value]
    return lambda scope: [element(scope) for element in elements]


def _object(node: jexl.ObjectLiteral, transforms: Mapping[str, Transform]) -> Evaluate:
    members = [(key, compile_tree(value, transforms)) for key, value in node.value.items()]
    return lambda scope: {key: member(scope) for key, member in members}


def _identifier(node: jexl.Identifier, transforms: Mapping[str, Transform]) -> Evaluate:
    name = node.value
    if node.subject is not None:
        subject = compile_tree(node.subject, transforms)
        return lambda scope: attribute(subject(scope), name)
    if node.relative:
        return lambda scope: attribute(scope.relative, name)
    return lambda scope: scope.variables().get(name)


def attribute(subject: Any, name: str) -> Any:
    """The attribute of an object, null when it has no such attribute.

    Raises ``ExpressionFault`` when the subject is no object.
    """
    if isinstance(subject, Mapping):
        return subject.get(name)
    raise ExpressionFault(f"`.{name}` asks {type_name(subject)} for an attribute")


def _unary(node: jexl.UnaryExpression, transforms: Mapping[str, Transform]) -> Evaluate:
    operand = compile_tree(node.right, transforms)
    return lambda scope: not operand(scope)


def _binary(node: jexl.BinaryExpression, transforms: Mapping[str, Transform]) -> Evaluate:
    left = compile_tree(node.left, transforms)
    right = compile_tree(node.right, transforms)
    if node.operator.symbol == "&&":
        return lambda scope: left(scope) and right(scope)
    if node.operator.symbol == "||":
        return lambda scope: left(scope) or right(scope)
    apply = node.operator.evaluate
    return lambda scope: apply(scope.budget, left(scope), right(scope))


def _conditional(node: jexl.ConditionalExpression, transforms: Mapping[str, Transform]) -> Evaluate:
    test = compile_tree(node.test, transforms)
    consequent = compile_tree(node.consequent, transforms)
    alternate = compile_tree(node.alternate, transforms)
    return lambda scope: consequent(scope) if test(scope) else alternate(scope)


def _transform(node: jexl.Transform, transforms: Mapping[str, Transform]) -> Evaluate:
    transform = transforms.get(node.name)
    if transform is None:
        raise ExpressionFault(
            f"there is no transform `{node.name}` here; there are {', '.join(sorted(transforms))}"
        )
    count = len(node.args)
    if count < transform.fewest or (transform.most is not None and count > transform.most):
        raise ExpressionFault(f"the transform `{node.name}` does not take {count} arguments")
    subject = compile_tree(node.subject, transforms)
    apply = transform.apply
    if not count:
        return lambda scope: apply(scope, subject(scope))
    arguments = [compile_tree(argument, transforms) for argument in node.args]

    def evaluate(scope: Scope) -> Any:
        bare = scope.of_arguments()
        return apply(scope, subject(scope), *[argument(bare) for argument in arguments])

    return evaluate


def _filter(node: jexl.FilterExpression, transforms: Mapping[str, Transform]) -> Evaluate:
    subject = compile_tree(node.subject, transforms)
    expression = compile_tree(node.expression, transforms)
    if not _is_relative(node.expression):
        return lambda scope: _select(subject(scope), expression(scope))
    cost = sum(1 for _ in walk(node.expression))

    def evaluate(scope: Scope) -> list[Any]:
        elements = subject(scope)
        if not isinstance(elements, list):
            raise ExpressionFault(f"a relative filter is applied to {type_name(elements)}")
        scope.budget.spend(cost * len(elements))
        return [element for element in elements if expression(scope.around(element))]

    return evaluate


def _is_relative(expression: jexl.Node) -> bool:
    """Whether a filter asks for its element, as in ``[.a > 1]``; an inner one asks for its own."""
    pending = [expression]
    while pending:
        node = pending.pop()
        if isinstance(node, jexl.Identifier) and node.relative:
            return True
        if isinstance(node, jexl.FilterExpression):
            pending.append(node.subject)
        elif isinstance(node, jexl.Transform):
            pending.append(node.subject)  # its arguments see no element
        else:
            pending.extend(children_of(node))
    return False


def _select(subject: Any, key: Any) -> Any:
    """``subject[key]``: true keeps all, false nothing; what is not there is null."""
    if key is True:
        return subject
    if key is False:
        return None
    if isinstance(subject, Mapping) and isinstance(key, str):
        return subject.get(key)
    if isinstance(subject, (list, str)) and isinstance(key, int):
        return subject[key] if -len(subject) <= key < len(subject) else None
    raise ExpressionFault(f"{type_name(subject)} cannot be indexed with {type_name(key)}")


_COMPILERS: dict[type, Callable[[Any, Mapping[str, Transform]], Evaluate]] = {
    jexl.Literal: _literal,
    jexl.ArrayLiteral: _array,
    jexl.ObjectLiteral: _object,
    jexl.Identifier: _identifier,
    jexl.UnaryExpression: _unary,
    jexl.BinaryExpression: _binary,
    jexl.ConditionalExpression: _conditional,
    jexl.Transform: _transform,
    jexl.FilterExpression: _filter,
}
