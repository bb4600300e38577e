"""How long lines are laid out, as ruff does it."""

from collections.abc import Sequence
from typing import Final

LINE: Final = 88
"""Characters of a line, where nobody has set another length."""


def fitted(before: str, arguments: Sequence[str], after: str) -> str:
    """Return a call or a definition; one argument a line where one line is too short for it."""
    line = f"{before}{', '.join(arguments)}{after}"
    if len(line) <= LINE:
        return line
    margin = " " * (len(before) - len(before.lstrip()))
    inner = "".join(f"{margin}    {argument},\n" for argument in arguments)
    return f"{before}\n{inner}{margin}{after}"
