"""The operators of the expression language, with their precedence (facts 2.7).

Each takes the budget of the evaluation and its operands. ``&&``, ``||`` and ``!`` are evaluated by
the compiler, the first two because they need not evaluate their right side.
"""

import operator
from collections.abc import Callable
from typing import Any

from pyjexl.operators import Operator

from workflow_events.workflow.expressions import limits
from workflow_events.workflow.expressions.budget import Budget, ExpressionFault

Number = int | float


def type_name(value: Any) -> str:
    """What an author of expressions calls the type of a value."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "a boolean"
    if isinstance(value, (int, float)):
        return "a number"
    if isinstance(value, str):
        return "a string"
    if isinstance(value, list):
        return "a list"
    return "an object"


def _mismatch(symbol: str, left: Any, right: Any) -> ExpressionFault:
    return ExpressionFault(
        f"`{symbol}` cannot be applied to {type_name(left)} and {type_name(right)}"
    )


def bounded_number(symbol: str, value: Any) -> Any:
    """The result of arithmetic, when it is real and of a reasonable size.

    Raises ``ExpressionFault`` when it is not, naming the operator or transform.
    """
    if isinstance(value, int) and value.bit_length() > limits.MAX_INTEGER_BITS:
        raise ExpressionFault(f"the result of `{symbol}` is too large a number")
    if isinstance(value, complex):
        raise ExpressionFault(f"the result of `{symbol}` is not a real number")
    return value


def _arithmetic(
    symbol: str, compute: Callable[[Any, Any], Any]
) -> Callable[[Budget, Any, Any], Any]:
    def evaluate(budget: Budget, left: Any, right: Any) -> Any:
        if not isinstance(left, (int, float)) or not isinstance(right, (int, float)):
            raise _mismatch(symbol, left, right)
        try:
            return bounded_number(symbol, compute(left, right))
        except ZeroDivisionError:
            raise ExpressionFault(f"`{symbol}` divides by zero") from None
        except OverflowError:
            raise ExpressionFault(f"the result of `{symbol}` is too large a number") from None

    return evaluate


_add_numbers = _arithmetic("+", operator.add)
_multiply_numbers = _arithmetic("*", operator.mul)


def _add(budget: Budget, left: Any, right: Any) -> Any:
    if _are(str, left, right) or _are(list, left, right):
        budget.spend_on(left)
        budget.spend_on(right)
        return left + right
    return _add_numbers(budget, left, right)


def _are(kind: type, left: Any, right: Any) -> bool:
    return isinstance(left, kind) and isinstance(right, kind)


def _multiply(budget: Budget, left: Any, right: Any) -> Any:
    """Multiply numbers, or repeat a string or list after paying for all its copies."""
    if isinstance(left, int) and isinstance(right, (str, list)):
        left, right = right, left
    if not isinstance(left, (str, list)) or not isinstance(right, int):
        return _multiply_numbers(budget, left, right)
    copies = max(right, 0)
    if isinstance(left, str):
        budget.spend(len(left) * copies // limits.CHARACTERS_PER_STEP)
    else:
        before = budget.left
        budget.spend_on(left)
        budget.spend((before - budget.left) * copies)
    return left * copies


def _power(base: Number, exponent: Number) -> Any:
    if isinstance(base, int) and isinstance(exponent, int) and exponent > 0:
        size = base.bit_length()
        if size > 1 and (size - 1) * exponent > limits.MAX_INTEGER_BITS:
            raise OverflowError
    return base**exponent


def _compare(symbol: str, compare: Callable[[Any, Any], bool]) -> Callable[[Budget, Any, Any], Any]:
    def evaluate(budget: Budget, left: Any, right: Any) -> bool:
        budget.spend_on(left)
        budget.spend_on(right)
        try:
            return compare(left, right)
        except TypeError:
            raise _mismatch(symbol, left, right) from None
        except RecursionError:
            raise ExpressionFault(f"`{symbol}` compares values that are nested too deep") from None

    return evaluate


def _is_in(left: Any, right: Any) -> bool:
    if not isinstance(right, (str, list, dict)):
        raise TypeError
    return left in right


def _intersects(budget: Budget, left: Any, right: Any) -> bool:
    if not isinstance(left, list) or not isinstance(right, list):
        raise _mismatch("intersects", left, right)
    return any(_contains(budget, value, right) for value in left)


_contains = _compare("in", _is_in)


def _lazy(*_: Any) -> Any:
    raise NotImplementedError("the compiler evaluates this operator")


def _binary(symbol: str, precedence: int, evaluate: Callable[..., Any]) -> Operator:
    return Operator(symbol, precedence, evaluate)


BINARY: dict[str, Operator] = {
    one.symbol: one
    for one in (
        _binary("||", 10, _lazy),
        _binary("&&", 10, _lazy),
        _binary("==", 20, _compare("==", operator.eq)),
        _binary("!=", 20, _compare("!=", operator.ne)),
        _binary(">=", 20, _compare(">=", operator.ge)),
        _binary(">", 20, _compare(">", operator.gt)),
        _binary("<=", 20, _compare("<=", operator.le)),
        _binary("<", 20, _compare("<", operator.lt)),
        _binary("in", 20, _contains),
        _binary("intersects", 20, _intersects),
        _binary("+", 30, _add),
        _binary("-", 30, _arithmetic("-", operator.sub)),
        _binary("*", 40, _multiply),
        _binary("/", 40, _arithmetic("/", operator.truediv)),
        _binary("//", 40, _arithmetic("//", operator.floordiv)),
        _binary("%", 50, _arithmetic("%", operator.mod)),
        _binary("^", 50, _arithmetic("^", _power)),
    )
}

UNARY: dict[str, Operator] = {"!": Operator("!", 1000, _lazy)}
