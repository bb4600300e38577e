"""Search for words in texts (facts 1.5.1).

A word is a run of letters and digits, so that "first-task", "first_task" and "First task!" have the
same two. Upper and lower case are the same.
"""

from collections.abc import Sequence
from functools import lru_cache
from typing import Any, Final

from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models import BooleanField, Func, Q, TextField, Value
from django.db.models.expressions import Combinable
from django.db.models.functions import Coalesce, Concat
from django.db.models.sql.compiler import SQLCompiler

from workflow_events.workflow.lookups.json_values import SQL
from workflow_events.workflow.lookups.text_order import DICTIONARY

MAX_WORD: Final = 500
"""Characters of a word that is searched for; PostgreSQL takes up to 2,046 bytes."""
MAX_WORDS: Final = 100
"""Words that are searched for at once; thousands of them exhaust PostgreSQL's stack."""
SEARCHED: Final = 100_000
"""Characters of a row's texts that are searched; PostgreSQL makes no vectors of large texts."""

# Cut into words and folded before PostgreSQL does it, which sees other things than words in URLs
# and versions, and knows the letters of the database's locale only.
POSTGRESQL: Final = (
    f"to_tsvector('simple', regexp_replace(upper(left({{text}}, {SEARCHED})"
    f" COLLATE \"{DICTIONARY}\"), '[^[:alnum:]]+' COLLATE \"{DICTIONARY}\", ' ', 'g'))"
    " @@ plainto_tsquery('simple', %s)"
)


def words_match(texts: Sequence[Combinable], wanted: str) -> Q:
    """Return the condition that all words of a text occur in these texts, as whole words.

    Takes expressions; null is no text. What has no word restricts nothing.
    """
    words = words_of(wanted)
    return Q(WordsMatch(texts, " ".join(sorted(words)))) if words else Q()


def words_of(text: str) -> set[str]:
    """Return the words of a text in upper case; the caller checks `MAX_WORD` and `MAX_WORDS`."""
    letters = (letter if letter.isalpha() or letter.isdecimal() else " " for letter in text.upper())
    return set("".join(letters).split())


class WordsMatch(Func):
    """Whether all words, separated by blanks, occur in one of the texts."""

    output_field = BooleanField()

    def __init__(self, texts: Sequence[Combinable], words: str) -> None:
        known = [Coalesce(text, Value(""), output_field=TextField()) for text in texts]
        spaced = [part for text in known for part in (text, Value(" "))]
        super().__init__(Concat(*spaced, output_field=TextField()))
        self.words = words

    def as_postgresql(
        self, compiler: SQLCompiler, connection: BaseDatabaseWrapper, **context: Any
    ) -> SQL:
        """Ask the full text search."""
        text, params = compiler.compile(self.source_expressions[0])
        return POSTGRESQL.format(text=text), (*params, self.words)

    def as_sqlite(
        self, compiler: SQLCompiler, connection: BaseDatabaseWrapper, **context: Any
    ) -> SQL:
        """Call `has_words`."""
        text, params = compiler.compile(self.source_expressions[0])
        return f"has_words({text}, %s)", (*params, self.words)


def has_words(text: str, words: str) -> bool:
    """Do for SQLite what `WordsMatch` says."""
    return _cut(words) <= words_of(text[:SEARCHED])


@lru_cache(maxsize=1_000)
def _cut(words: str) -> frozenset[str]:
    return frozenset(words.split())
