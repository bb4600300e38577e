"""Names that may have been meant by one that is not there, for messages."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches


def near(name: str, known: Iterable[str], *, most: int = 3, likeness: float = 0.6) -> list[str]:
    """Return which of the known names are like one, whatever the case, the likest first.

    ``most`` is how many spellings are followed, ``likeness`` how like they must be, from 0 to 1.
    """
    spellings: dict[str, list[str]] = {}
    for one in sorted(set(known)):
        spellings.setdefault(one.casefold(), []).append(one)
    found = get_close_matches(name.casefold(), spellings, n=most, cutoff=likeness)
    return [one for spelling in found for one in spellings[spelling]]


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """Return a question that offers what may have been meant; empty where nothing is near."""
    found = near(name, known)
    return f"Did you mean {' or '.join(map(repr, found))}?" if found else ""
