"""Text to tree: pyjexl's grammar and parser, with limits before and repairs on the way.

The trees are pyjexl's; the compiler turns them into functions once, and drops them.
"""

import re
import unicodedata
from typing import Any

from parsimonious.exceptions import ParseError
from pyjexl import parser as jexl
from pyjexl.jexl import JEXLConfig
from pyjexl.operators import Operator

from workflow_events.workflow.expressions import limits
from workflow_events.workflow.expressions.budget import ExpressionFault
from workflow_events.workflow.expressions.operators import BINARY, UNARY

_CONFIG = JEXLConfig(transforms={}, unary_operators=UNARY, binary_operators=BINARY)
_GRAMMAR = jexl.jexl_grammar(_CONFIG)

_TOKEN = re.compile(
    r"""(?P<string>"[^"\\\n\r]*(?:\\.[^"\\\n\r]*)*"|'[^'\\\n\r]*(?:\\.[^'\\\n\r]*)*')"""
    r"""|(?P<unclosed>["'])|(?P<open>[(\[{])|(?P<close>[)\]}])|(?P<comma>,)|(?P<conditional>\?)"""
    r"|(?P<not>!(?!=))|(?P<operator>[-+*/%^<>=&|.]+|\b(?:in|intersects)\b)|(?P<other>[^\s])",
    re.DOTALL,
)
_ESCAPE = re.compile(
    r"\\(?:([0-7]{1,3})|x([0-9a-fA-F]{2})|u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8})|N\{([^}]+)\}|(.))",
    re.DOTALL,
)
_SIMPLE_ESCAPES = {
    "\n": "", "\\": "\\", "'": "'", '"': '"',
    "a": "\a", "b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t", "v": "\v",
}  # fmt: skip
_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")


def is_storable(text: str) -> bool:
    """Whether the database can hold the text: no NUL character, no half of a surrogate pair."""
    return _UNSTORABLE.search(text) is None


def parse(text: str) -> jexl.Node:
    """Parse an expression within the limits; gives pyjexl's tree.

    Raises ``ExpressionFault`` for text that is no expression, too long or nested too deep.
    """
    _check_text(text)
    _check_size(text)
    try:
        tree: jexl.Node = _Parser(_CONFIG).visit(_GRAMMAR.parse(text))
    except ParseError as error:
        raise _syntax_fault(text, error.pos) from None
    except RecursionError:
        raise ExpressionFault("it is nested too deep for the call stack that is left") from None
    _check_depth(tree)
    return tree


def _syntax_fault(text: str, position: int) -> ExpressionFault:
    rest = text[position : position + 20].strip()
    where = f"there is something wrong at {rest!r}" if rest else "it ends too early"
    return ExpressionFault(f"it does not parse: {where}", position + 1)


def _check_text(text: str) -> None:
    if len(text) > limits.MAX_LENGTH:
        raise ExpressionFault(
            f"it has {len(text)} characters, and {limits.MAX_LENGTH} are allowed; "
            "use a dynamic task or group instead"
        )
    if not text.strip():
        raise ExpressionFault("it is empty; write `[]` for an empty list")
    if not is_storable(text):
        raise ExpressionFault("it holds a NUL character or half of a surrogate pair")


def _check_size(text: str) -> None:
    """Refuse what would keep the parser busy, or exhaust its stack, by reading the tokens."""
    nesting = _Nesting()
    opened: list[re.Match[str]] = []
    operators = 0
    for token in _TOKEN.finditer(text):
        kind = token.lastgroup
        if kind == "unclosed":
            # also spares the grammar from trying each further quote, which is quadratic
            raise ExpressionFault("a string does not end", token.start() + 1)
        operators += kind in ("operator", "open")
        if operators > limits.MAX_OPERATORS:
            raise ExpressionFault(f"it has more than {limits.MAX_OPERATORS} operators and brackets")
        if nesting.after(kind) > limits.MAX_NESTING:
            raise ExpressionFault(
                f"brackets, conditionals and `!` are nested more than {limits.MAX_NESTING} deep",
                token.start() + 1,
            )
        if kind == "open":
            opened.append(token)
        elif kind == "close" and opened:
            opened.pop()
    if opened:
        raise ExpressionFault(f"a `{opened[-1].group()}` is not closed", opened[-1].start() + 1)


class _Nesting:
    """How deep the parser will be, counted without parsing."""

    def __init__(self) -> None:
        self.enclosing: list[
            int
        ] = []  # per open bracket, what it is nested in within its outer one
        self.conditionals = 0
        self.negations = 0

    def after(self, kind: str | None) -> int:
        """The depth after a token of this kind."""
        if kind == "open":
            self.enclosing.append(self.conditionals + self.negations + 1)
            self.conditionals = 0
        elif kind == "close" and self.enclosing:
            self.conditionals = self.enclosing.pop() - 1
        elif kind == "comma":
            self.conditionals = 0
        elif kind == "conditional":
            self.conditionals += 1
        self.negations = self.negations + 1 if kind == "not" else 0
        return sum(self.enclosing) + self.conditionals + self.negations


def children_of(node: jexl.Node) -> list[jexl.Node]:
    """The direct parts of a node; unlike pyjexl's ``children`` also those of literals."""
    if isinstance(node, jexl.ArrayLiteral):
        return list(node.value)
    if isinstance(node, jexl.ObjectLiteral):
        return list(node.value.values())
    return [child for child in node.children if child is not None]


def _check_depth(tree: jexl.Node) -> None:
    depth, level = 0, [tree]
    while level:
        depth += 1
        if depth > limits.MAX_TREE_DEPTH:
            raise ExpressionFault(
                f"more than {limits.MAX_TREE_DEPTH} operations are chained; "
                "use a list, or a dynamic task or group instead"
            )
        level = [child for node in level for child in children_of(node)]


def _unescape(match: re.Match[str]) -> str:
    octal, *hexadecimals, name, other = match.groups()
    if octal:
        return chr(int(octal, 8))
    if code := next(filter(None, hexadecimals), None):
        return chr(int(code, 16))
    if name:
        return unicodedata.lookup(name)
    return _SIMPLE_ESCAPES.get(other, "\\" + other)


class _Parser(jexl.Parser):  # type: ignore[misc]  # pyjexl has no types
    """pyjexl's tree builder, repaired where it is exponential, recursive or warns."""

    unwrapped_exceptions = (ExpressionFault, RecursionError)

    def visit_binary_expression(self, node: Any, children: list[Any]) -> jexl.Node:
        # pyjexl visits each right operand a second time: 2^n for n nested ones
        first, rest = children
        operands: list[Any] = [first]
        operators: list[Operator] = []
        for _, symbol, _, operand in rest:
            while operators and operators[-1].precedence >= symbol.precedence:
                _reduce(operands, operators)
            operators.append(symbol)
            operands.append(operand)
        while operators:
            _reduce(operands, operators)
        return operands[0]

    def visit_filter_expression(self, node: Any, children: list[Any]) -> jexl.Node:
        # pyjexl walks the expression recursively here; the compiler finds out what is relative
        return jexl.FilterExpression(expression=children[2])

    def visit_string(self, node: Any, children: list[Any]) -> jexl.Node:
        # pyjexl asks Python's parser, which warns of an unknown escape
        try:
            value = _ESCAPE.sub(_unescape, node.text[1:-1])
        except (KeyError, ValueError, OverflowError):
            raise ExpressionFault("this string has a wrong escape", node.start + 1) from None
        if not is_storable(value):
            raise ExpressionFault("this string holds a NUL or surrogate", node.start + 1)
        return jexl.Literal(value)

    def visit_numeric(self, node: Any, children: list[Any]) -> jexl.Node:
        if len(node.text) > limits.MAX_INTEGER_BITS // 4:
            raise ExpressionFault("this number has too many digits", node.start + 1)
        return jexl.Literal(float(node.text) if "." in node.text else int(node.text))


def _reduce(operands: list[Any], operators: list[Operator]) -> None:
    right, left = operands.pop(), operands.pop()
    operands.append(jexl.BinaryExpression(operator=operators.pop(), left=left, right=right))
