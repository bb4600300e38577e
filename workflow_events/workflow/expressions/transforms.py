"""The transforms that flow and group expressions share (facts 2.7).

A subject of the wrong type gives null, as an expression may look at data that is not there yet.
"""

import json
import logging
import math
import reprlib
from collections.abc import Callable, Mapping
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation, localcontext
from typing import Any

from workflow_events.workflow.expressions import limits
from workflow_events.workflow.expressions.budget import ExpressionFault
from workflow_events.workflow.expressions.compiler import Scope, Transform
from workflow_events.workflow.expressions.operators import bounded_number

logger = logging.getLogger("workflow_events.workflow.expressions")

_DECIMAL_PRECISION = 400  # the largest float has 309 digits before the point


def _is_number(value: Any) -> bool:
    if isinstance(value, float):
        return math.isfinite(value)
    return isinstance(value, int) and not isinstance(value, bool)


def _mapby(scope: Scope, subject: Any, *keys: Any) -> Any:
    """Of each object its value under the key; several keys give a list of their values."""
    if not isinstance(subject, list):
        return None
    scope.budget.spend(len(subject) * len(keys))
    names = [key if isinstance(key, str) else None for key in keys]
    rows = [
        [element.get(name) if isinstance(element, Mapping) else None for name in names]
        for element in subject
    ]
    result = rows if len(names) > 1 else [row[0] for row in rows]
    scope.budget.spend_on(result)
    return result


def _not_serializable(value: Any) -> Any:
    raise ExpressionFault(f"`stringify` cannot write {value!r}; name one of its attributes")


def _stringify(scope: Scope, subject: Any) -> str:
    scope.budget.spend_on(subject)
    try:
        return json.dumps(subject, separators=(",", ":"), default=_not_serializable)
    except RecursionError:
        raise ExpressionFault("`stringify` is applied to what is nested too deep") from None


def _flatten(scope: Scope, subject: Any) -> Any:
    """Lists within the list are replaced by their elements, one level deep."""
    if not isinstance(subject, list):
        return None
    result: list[Any] = []
    for element in subject:
        scope.budget.spend(len(element) if isinstance(element, list) else 1)
        result.extend(element if isinstance(element, list) else [element])
    return result


def _length(scope: Scope, subject: Any) -> int | None:
    return len(subject) if isinstance(subject, (str, list, dict)) else None


def _of_numbers(name: str, compute: Callable[[list[Any]], Any]) -> Callable[[Scope, Any], Any]:
    def apply(scope: Scope, subject: Any) -> Any:
        if not isinstance(subject, list):
            return None
        scope.budget.spend(len(subject))
        try:
            result = compute([value for value in subject if _is_number(value)])
            return bounded_number(name, result)
        except OverflowError:
            return None

    return apply


def _of_number(compute: Callable[[Any], Any]) -> Callable[[Scope, Any], Any]:
    return lambda scope, subject: compute(subject) if _is_number(subject) else None


def _average(numbers: list[Any]) -> float | None:
    return sum(numbers) / len(numbers) if numbers else None


def _round(scope: Scope, subject: Any, digits: Any = 0) -> Any:
    """Rounded to so many digits after the point, half away from zero; whole for up to 0 digits."""
    if not _is_number(subject) or not _is_number(digits) or not isinstance(digits, int):
        return None
    if abs(digits) > limits.MAX_ROUND_DIGITS:
        raise ExpressionFault(f"`round` takes at most {limits.MAX_ROUND_DIGITS} digits")
    with localcontext() as decimals:
        decimals.prec = _DECIMAL_PRECISION
        try:
            # through its text, because 2.675 as a float is a little less than that
            rounded = Decimal(str(subject)).quantize(Decimal(1).scaleb(-digits), ROUND_HALF_UP)
        except (InvalidOperation, ValueError):
            return None
    return float(rounded) if digits > 0 else int(rounded)


def _debug(scope: Scope, subject: Any, label: Any = None) -> Any:
    logger.info("debug %s: %s", reprlib.repr(label), reprlib.repr(subject))
    return subject


COMMON: dict[str, Transform] = {
    transform.name: transform
    for transform in (
        Transform("mapby", _mapby, fewest=1, most=None),
        Transform("stringify", _stringify),
        Transform("flatten", _flatten),
        Transform("length", _length),
        Transform("min", _of_numbers("min", lambda numbers: min(numbers, default=None))),
        Transform("max", _of_numbers("max", lambda numbers: max(numbers, default=None))),
        Transform("sum", _of_numbers("sum", sum)),
        Transform("avg", _of_numbers("avg", _average)),
        Transform("ceil", _of_number(math.ceil)),
        Transform("floor", _of_number(math.floor)),
        Transform("round", _round, most=1),
        Transform("debug", _debug, most=1),
    )
}
