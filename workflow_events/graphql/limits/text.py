"""The limits that the text of a document can be held against before it is parsed.

Parsing takes some microseconds for each token, and a recursion for each level: what could not
pass anyway is refused by counting, at the speed of a regular expression.
"""

import re
from typing import Final

from workflow_events.graphql.limits.limit import check

# A string that is not closed ends its line, as the parser says later.
_TOKEN: Final = re.compile(
    r'"""(?:[^"\\]|\\.|"(?!""))*+(?:""")?'
    r'|"(?:[^"\\\n\r]|\\.)*+"?'
    r"|\#[^\n\r]*"
    r"|[_A-Za-z][_0-9A-Za-z]*|-?[0-9][0-9.eE+-]*|\.\.\."
    r"|[^\s,\ufeff]",
    re.DOTALL,
)
_OPENING: Final = frozenset("([{")
_CLOSING: Final = frozenset(")]}")


def check_text(text: str) -> None:
    """Raise `LimitExceeded` for a text that is too long, has too many tokens, aliases or levels.

    Comments count as tokens. Aliases and levels are those that are written: fragments are
    expanded after parsing.
    """
    check(len(text), "QUERY_LENGTH_LIMIT", "The document has {} characters")
    tokens = _TOKEN.findall(text)
    check(len(tokens), "QUERY_TOKEN_LIMIT", "The document has {} tokens")
    aliases, selections, values = _counted(tokens)
    check(aliases, "QUERY_ALIAS_LIMIT", "The document has {} aliases")
    check(selections, "QUERY_DEPTH_LIMIT", "The document nests its selections {} levels deep")
    check(values, "QUERY_DEPTH_LIMIT", "The document nests its values {} levels deep")


def _counted(tokens: list[str]) -> tuple[int, int, int]:
    """Return the aliases, and the depths of the selections and of the values."""
    aliases = deepest_selection = deepest_value = 0
    depth = 0
    arguments = 0  # the depth at which the arguments began that the token is in
    for part in tokens:
        if part in _OPENING:
            depth += 1
            if arguments:
                deepest_value = max(deepest_value, depth - arguments)
            elif part == "(":
                arguments = depth
            else:
                deepest_selection = max(deepest_selection, depth)
        elif part in _CLOSING:
            if part == ")" and depth <= arguments:
                arguments = 0
            depth -= 1
        elif part == ":" and not arguments:
            # Outside of brackets nothing but an alias has a colon.
            aliases += 1
    return aliases, deepest_selection, deepest_value
