"""Whatever the text: a value or a fault, within the steps; and arithmetic is that of Python."""

import contextlib
import operator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.workflow.expressions.evaluation import ExpressionFault
from workflow_events.workflow.errors import BadExpression
from workflow_events.workflow.expressions import flow, limits
from workflow_events.workflow.expressions.budget import Budget
from workflow_events.workflow.expressions.compiler import Scope, compile_tree
from workflow_events.workflow.expressions.parser import parse
from workflow_events.workflow.expressions.transforms import COMMON

TOKENS = st.sampled_from(
    [
        *["(", ")", "[", "]", "{", "}", "{a:", "[1,", "!", "?", ":", ",", ".", "'", '"', "\\"],
        *["x|f(", "|length", "|stringify", "|mapby('a')", "|flatten", "|round(", "|sum", "|max"],
        *["+", "-", "*", "/", "//", "%", "^", "==", "!=", "<", "&&", "||", " in ", "intersects"],
        *["'a'", '"b"', "1", "-1", "0.5", "99999999", "true", "false", "null", "|task", "|tasks"],
        *[".a", "[.a", "[0]", "x", "info", "rows", "rows[.a", "info.case", "info.case.meta"],
    ]
)
TOKEN_TEXT = st.lists(TOKENS, max_size=60).map(" ".join)
PATTERN = st.tuples(st.lists(TOKENS, min_size=1, max_size=4).map("".join), st.integers(1, 600)).map(
    lambda pair: pair[0] * pair[1]
)

ORACLE = {
    "+": (30, operator.add),
    "-": (30, operator.sub),
    "*": (40, operator.mul),
    "//": (40, operator.floordiv),
    "/": (40, operator.truediv),
    "%": (50, operator.mod),
    "==": (20, operator.eq),
    "!=": (20, operator.ne),
    "<": (20, operator.lt),
    "<=": (20, operator.le),
    ">": (20, operator.gt),
    ">=": (20, operator.ge),
    "&&": (10, lambda left, right: left and right),
    "||": (10, lambda left, right: left or right),
}

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from("abk"), inner, max_size=3)
    ),
    max_leaves=15,
)


def parts(text: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    binary = st.sampled_from(["^", "%", "in", "intersects", *ORACLE])
    transforms = st.sampled_from([*(name for name in COMMON if name not in ("debug", "mapby"))])
    return (
        st.tuples(text, binary, text).map(" ".join)
        | text.map("!{}".format)
        | text.map("({})".format)
        | st.tuples(text, text, text).map(lambda three: "({} ? {} : {})".format(*three))
        | st.lists(text, max_size=3).map(lambda some: f"[{', '.join(some)}]")
        | text.map("{{a: {}}}".format)
        | st.tuples(text, text).map(lambda two: "({})[{}]".format(*two))
        | st.tuples(text, text).map(lambda two: "({})[.a == {}]".format(*two))
        | st.tuples(text, transforms).map("|".join)
        | text.map("({})|mapby('a', 'k')".format)
    )


EXPRESSION = st.recursive(
    st.sampled_from(["1", "0", "-2", "0.5", "300", "'a'", "''", "true", "false", "null", "x", ".a"])
    | st.sampled_from(["rows", "rows|mapby('a')", "rows[.a]"]),
    parts,
    max_leaves=20,
)


@given(text=TOKEN_TEXT | PATTERN | st.text(max_size=80))
@settings(max_examples=300, deadline=None)
def test_any_text_gives_slugs_or_a_bad_expression(text):
    for use in (flow.static_tasks, lambda text: flow.check(text, lambda slugs: slugs)):
        with contextlib.suppress(BadExpression):
            use(text)


@given(text=EXPRESSION | TOKEN_TEXT, rows=JSON, x=JSON)
@settings(max_examples=400, deadline=None)
def test_evaluation_ends_within_its_steps_with_a_value_or_a_fault(text, rows, x):
    budget = Budget()
    scope = Scope(lambda: {"rows": rows, "x": x}, lambda name: [name], budget)
    try:
        compiled = compile_tree(parse(text), COMMON)
    except ExpressionFault:
        return
    try:
        value = compiled(scope)
    except ExpressionFault:
        return
    assert 0 <= budget.left <= limits.MAX_STEPS
    assert isinstance(value, (str, int, float, bool, list, dict, type(None)))


def by_precedence(operands: list, operators: list[str]) -> object:
    """Evaluate by splitting at the last operator of the lowest precedence."""
    if not operators:
        return operands[0]
    lowest = min(ORACLE[symbol][0] for symbol in operators)
    at = max(i for i, symbol in enumerate(operators) if ORACLE[symbol][0] == lowest)
    left = by_precedence(operands[: at + 1], operators[:at])
    right = by_precedence(operands[at + 1 :], operators[at + 1 :])
    return ORACLE[operators[at]][1](left, right)


@given(
    first=st.integers(-50, 50),
    rest=st.lists(
        st.tuples(st.sampled_from(sorted(ORACLE)), st.integers(-50, 50)), min_size=1, max_size=8
    ),
)
@settings(max_examples=400, deadline=None)
def test_arithmetic_comparison_and_logic_are_those_of_python(first, rest):
    text = str(first) + "".join(f" {symbol} {operand}" for symbol, operand in rest)
    compiled = compile_tree(parse(text), COMMON)
    scope = Scope(dict, lambda name: [name])
    try:
        expected = by_precedence([first, *(one for _, one in rest)], [one for one, _ in rest])
    except ZeroDivisionError:
        # a short circuit may have spared the division only where Python's is spared too
        if not any(symbol in ("&&", "||") for symbol, _ in rest):
            with pytest.raises(ExpressionFault, match="divides by zero"):
                compiled(scope)
        return
    result = compiled(scope)
    assert result == expected
    assert type(result) is type(expected)
