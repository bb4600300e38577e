"""No expression hangs, exhausts the memory or the stack: it is refused instead."""

import sys
import threading

import pytest

from tests.workflow.expressions.evaluation import ExpressionFault, evaluate
from workflow_events.workflow.expressions import limits
from workflow_events.workflow.expressions.parser import parse


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("'" + "a" * limits.MAX_LENGTH + "'", "characters"),
        ("1" * 3_999, "too many digits"),
        ("(" * 3_000, "nested more than"),
        ("[" * 1_000 + "]" * 1_000, "nested more than"),
        ("{a:" * 900 + "1" + "}" * 900, "nested more than"),
        ("x[" * 900 + "1" + "]" * 900, "nested more than"),
        ("x|f(" * 700 + "1" + ")" * 700, "nested more than"),
        ("!" * 3_000 + "a", "nested more than"),
        ("! " * 1_000 + "a", "nested more than"),
        ("a?b:" * 900 + "c", "nested more than"),
        ("a?" * 100 + "b" + ":c" * 100, "nested more than"),
        ("(a?b:" * 11 + "c" + ")" * 11, "nested more than"),
        ("(!" * 11 + "a" + ")" * 11, "nested more than"),
        ("1+" * 1_900 + "1", "operators"),
        ("x" + "|flatten" * 400, "operators"),
        ("x" + ".a" * 1_900, "operators"),
        ("x" + "[1]" * 150, "chained"),
        ("1+" * 120 + "1", "chained"),
        ("a" + " in b" * 120, "chained"),
        ("a" + " in b" * 300, "operators"),
        ("x" + "[1]" * 900, "operators"),
        ('"\\' * 2_000, "string does not end"),
        ("'a' * 1000000000", "steps"),
        ("[1] * 10000 * 10000", "steps"),
        ("[[[[1] * 1000] * 1000] * 1000] * 1000", "steps"),
        ("([{a: [1] * 9000}] * 3)|mapby('a', 'a', 'a')", "steps"),
        ("2 ^ 99999999", "too large"),
        ("9 ^ 9 ^ 9 ^ 9", "too large"),
        ("1.5 ^ 99999999", "too large"),
        ("[2 ^ 1023, 2 ^ 1023]|sum", "too large"),
        ("1|round(999999999)", "at most"),
    ],
)
def test_what_is_too_much_is_refused(text, message):
    with pytest.raises(ExpressionFault, match=message):
        evaluate(text)


def test_nested_right_operands_are_visited_once():
    # 2^20 visits if each nested operand were visited twice
    depth = limits.MAX_NESTING
    assert evaluate("1+(" * depth + "1" + ")" * depth) == depth + 1


def test_a_filter_within_a_filter_pays_for_each_element():
    rows = [{"k": n} for n in range(200)]
    assert len(evaluate("rows[.k > 100]", rows=rows)) == 99
    with pytest.raises(ExpressionFault, match="steps"):
        evaluate("rows[rows[.k == 1]|length == .k]", rows=rows * 5)
    with pytest.raises(ExpressionFault, match="steps"):
        evaluate("rows[.k in big]", rows=rows, big=list(range(10_000)))


def test_data_of_the_client_may_be_nested_deeper_than_the_stack():
    deep: list = []
    for _ in range(20_000):
        deep = [deep]
    with pytest.raises(ExpressionFault):
        evaluate("deep|stringify", deep=deep)
    with pytest.raises(ExpressionFault):
        evaluate("deep == other", deep=deep, other=[deep])
    while deep:  # taken apart by hand, as the interpreter would do it recursively
        deep = deep.pop()


DEEPEST = [
    "(" * limits.MAX_NESTING + "1" + ")" * limits.MAX_NESTING,
    "[1, " * limits.MAX_NESTING + "1" + "]" * limits.MAX_NESTING,
    "x|f(1 + " * limits.MAX_NESTING + "1" + ")" * limits.MAX_NESTING,
    "x[1 + " * limits.MAX_NESTING + "1" + "]" * limits.MAX_NESTING,
    "{a: 1 + " * limits.MAX_NESTING + "1" + "}" * limits.MAX_NESTING,
    "!" * limits.MAX_NESTING + "1",
    "a ? b : " * limits.MAX_NESTING + "1",
    "a ? " * limits.MAX_NESTING + "b" + " : c" * limits.MAX_NESTING,
]


@pytest.mark.parametrize("text", DEEPEST)
def test_the_deepest_that_is_allowed_leaves_the_caller_half_of_the_stack(text):
    assert sys.getrecursionlimit() >= 1_000
    outcome: list[object] = []

    def parse_below_half_the_stack(frames: int) -> None:
        if frames:
            parse_below_half_the_stack(frames - 1)
        else:
            outcome.append(parse(text))

    def run() -> None:
        try:
            parse_below_half_the_stack(sys.getrecursionlimit() // 2)
        except ExpressionFault as fault:
            outcome.append(str(fault))

    thread = threading.Thread(target=run)
    thread.start()
    thread.join()
    assert len(outcome) == 1
    assert not isinstance(outcome[0], str), outcome[0]


def test_the_stack_running_out_while_parsing_is_a_fault_too():
    outcome: list[str] = []

    def descend() -> None:
        try:
            descend()
        except RecursionError:
            try:
                parse(DEEPEST[1])
            except ExpressionFault as fault:
                outcome.append(str(fault))
            except RecursionError:
                raise  # not even the first function of the parser could be called
            else:
                return

    thread = threading.Thread(target=descend)
    thread.start()
    thread.join()
    assert outcome
    assert set(outcome) == {"it is nested too deep for the call stack that is left"}


def test_the_longest_chain_that_is_allowed_can_be_evaluated():
    count = limits.MAX_TREE_DEPTH - 1
    assert evaluate("1+" * count + "1") == count + 1
    assert evaluate("[[1]]" + "|flatten" * (count - 2)) is not None
