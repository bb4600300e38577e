"""The order of texts: that of a dictionary for people's, by codepoint for slugs.

People's texts order by the Unicode Collation Algorithm (UTS 10) with the weights of CLDR's root:
base letters first, then accents, then lower case before upper. PostgreSQL has it of ICU, for all
scripts. SQLite has it of us: the same for Latin letters (to U+017F), digits, and the signs below;
letters of other scripts come after these, by codepoint.
"""

# ruff: noqa: RUF001 (signs that look alike are what this is about)

from functools import lru_cache
from typing import Any, Final
from unicodedata import category, combining, normalize

from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models import Func
from django.db.models.functions import Collate
from django.db.models.sql.compiler import SQLCompiler

DICTIONARY: Final = "und-x-icu"
"""The collation: ICU's on PostgreSQL whatever the locale of the database, ours on SQLite."""

Weights = tuple[list[tuple[int, int]], list[int], list[int], str]

BLANKS: Final = "\t\n\v\f\r\x85\u2028\u2029 "
PUNCTUATION: Final = "_-‐–—,;:!¡?¿.·'‘’‚‹›\"“”„«»()[]{}§¶@*/\\&#%‰†‡•`´^¯¨¸°©®+±÷×<=>¬|¦~¤¢$£¥€"
# Letters of their own, each after the letter it is sorted behind.
OWN_LETTERS: Final = {"ı": "i", "ŋ": "n", "ĸ": "q", "ŧ": "t", "þ": "z"}
# What Unicode does not decompose; ICU does, with an accent of its own.
SLASH, STROKE, LIGATURE = "\u0338", "\u0335", "\uffff"
EXPANSIONS: Final = {
    "ø": f"o{SLASH}",
    "đ": f"d{STROKE}",
    "ħ": f"h{STROKE}",
    "ł": f"l{STROKE}",
    "æ": f"a{LIGATURE}e",
    "œ": f"o{LIGATURE}e",
    "ß": f"s{LIGATURE}s",
    "ð": f"d{LIGATURE}",
    "ſ": f"s{LIGATURE}",
    "ŀ": f"l{LIGATURE}",
}
ACCENTS: Final = (
    "\u0301\u0300\u0306\u0302\u030c\u030a\u0308\u030b\u0303\u0307\u0338\u0327\u0328\u0304\u0335"
)
ACCENT_RANK: Final = {accent: rank for rank, accent in enumerate(ACCENTS, 1)}
PUNCTUATION_RANK: Final = {sign: rank for rank, sign in enumerate(BLANKS + PUNCTUATION)}
SIGN, DIGIT, LETTER = range(3)
LOWER, UPPER, VARIANT = range(3)


class InDictionary(Collate):
    """A text, to be ordered as in a dictionary: the same on both databases."""

    def __init__(self, expression: Any) -> None:
        super().__init__(expression, DICTIONARY)


class ByCodepoint(Func):
    """A text, to be ordered by codepoint, whatever the locale of the database."""

    template = "%(expressions)s"
    arity = 1

    def as_postgresql(
        self, compiler: SQLCompiler, connection: BaseDatabaseWrapper, **context: Any
    ) -> tuple[str, Any]:
        """Name the collation; SQLite has no other."""
        return self.as_sql(compiler, connection, template='%(expressions)s COLLATE "C"')


def compare(one: str, other: str) -> int:
    """Return -1, 0 or 1, as one text comes before, equals or comes after another."""
    left, right = weights(one), weights(other)
    return (left > right) - (left < right)


@lru_cache(maxsize=10_000)
def weights(text: str) -> Weights:
    """Return what decides, in turn: the base letters, the accents, the cases; then codepoints."""
    bases: list[tuple[int, int]] = []
    accents: list[int] = []
    cases: list[int] = []
    for letter in normalize("NFC", text):
        for part, case in _parts(letter):
            accent = _accent(part)
            if accent is None:
                bases.append(_base(part))
            accents.append(accent or 0)
            cases.append(case)
    return bases, accents, cases, text


def _parts(letter: str) -> list[tuple[str, int]]:
    """Return base letters and accents of one letter in lower case, each with its case."""
    if letter in PUNCTUATION_RANK:
        return [(letter, LOWER)]
    if category(letter) in ("Cc", "Cf"):
        return []  # ICU passes over what cannot be seen
    lower = letter.lower()
    case = LOWER if lower == letter else UPPER
    if lower in EXPANSIONS:
        return [(part, case) for part in EXPANSIONS[lower]]
    plain = normalize("NFD", lower)
    if plain != normalize("NFKD", lower):
        plain, case = normalize("NFKD", lower), VARIANT + case
    return [(part, LOWER if combining(part) else case) for part in plain]


def _accent(part: str) -> int | None:
    if part == LIGATURE:
        return len(ACCENTS) + 1
    if not combining(part):
        return None
    return ACCENT_RANK.get(part, ord(part))


def _base(part: str) -> tuple[int, int]:
    if part in PUNCTUATION_RANK:
        return SIGN, PUNCTUATION_RANK[part]
    if part.isdecimal():
        return DIGIT, int(part)
    if part in OWN_LETTERS:
        return LETTER, 2 * ord(OWN_LETTERS[part]) + 1
    return (LETTER if part.isalpha() else SIGN), 2 * ord(part)
