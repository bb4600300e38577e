"""How much an expression may cost. Every limit of the expression language stands here."""

MAX_LENGTH = 4_000
"""Characters of an expression. A list of 100 slugs fits in, and takes about 5 ms to parse."""

MAX_OPERATORS = 200
"""Operators, attributes, transforms and pairs of brackets of an expression: what takes the parser
longest, about 0.1 ms each."""

MAX_NESTING = 14
"""Brackets, conditionals and negations inside each other. The parser needs about 33 stack frames
per level, and Python has 1000, of which the caller may have used half."""

MAX_TREE_DEPTH = 100
"""Depth of the parsed tree, as in ``1 + 1 + 1 …`` or ``x|a|b|c…``. One stack frame per level."""

MAX_STEPS = 50_000
"""Work of one evaluation: a step per evaluated part, and per element that is produced or compared.
About 10 ms at most, and a bound for the memory that values can take."""

CHARACTERS_PER_STEP = 16
"""Text is copied and compared fast, so that many characters count as one element."""

MAX_INTEGER_BITS = 1_024
"""Size of whole numbers, as large as a float can be."""

MAX_ROUND_DIGITS = 15
"""Digits to which ``round`` rounds; a float has no more."""

CACHE_SIZE = 2_048
"""Parsed expressions that are kept, per language. A few kB each."""

QUOTED_LENGTH = 200
"""Characters of an expression that an error message quotes."""
