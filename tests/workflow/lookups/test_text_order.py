"""Our collation for SQLite is ICU's, as far as it promises to be."""

# ruff: noqa: RUF001 (signs that look alike are what this is about)

import random

import pytest
from django.db import connection

from workflow_events.workflow.lookups.text_order import BLANKS, DICTIONARY, PUNCTUATION, compare

LETTERS = [chr(code) for code in range(32, 0x180) if not 127 <= code <= 160 and code != 0xAD]
FAMILIES = ["aAäÄáàbB", "sSßśſoøœO", "aeæ´éÉE ", "s Sśd-đð'", "lŀłĹiıİĳj0½1¹2²", "a \n\t\x1f-"]

SQL = f"""SELECT CASE WHEN one < other COLLATE "{DICTIONARY}" THEN -1
    WHEN one = other THEN 0 ELSE 1 END
    FROM unnest(%s::text[], %s::text[]) WITH ORDINALITY AS pairs(one, other, place)
    ORDER BY place"""


def pairs():
    """Every letter with some others, and short texts of letters that are alike."""
    chance = random.Random(0)
    signs = [*LETTERS, *BLANKS, *PUNCTUATION]
    for one in signs:
        yield from ((one, other) for other in chance.sample(signs, 30))
    for _ in range(20_000):
        pool = chance.choice([signs, *FAMILIES])
        yield tuple("".join(chance.choices(pool, k=chance.randint(0, 4))) for _ in range(2))


@pytest.mark.django_db
@pytest.mark.skipif(connection.vendor != "postgresql", reason="it is PostgreSQL that has ICU")
def test_it_agrees_with_that_of_postgresql():
    ones, others = zip(*pairs(), strict=True)
    with connection.cursor() as cursor:
        cursor.execute(SQL, [list(ones), list(others)])
        expected = [result for (result,) in cursor.fetchall()]

    found = list(map(compare, ones, others))
    differing = [
        (one, other)
        for one, other, a, b in zip(ones, others, expected, found, strict=True)
        if a != b
    ]
    assert differing == []
    assert len(found) > 25_000


@pytest.mark.parametrize(
    "words",
    ["Αα Άρτα αρχη Ββ", "да Да ёж ель", "a a\u0308 ä aa", "a\u0001b a\u0002c", "z α а 中 日 😀"],
)
def test_texts_in_other_scripts_have_an_order_too(words):
    given = words.split(" ")

    for place, one in enumerate(given):
        assert compare(one, one) == 0
        for other in given[place + 1 :]:
            assert compare(one, other) == -compare(other, one) != 0


def test_it_is_the_collation_of_the_connection(db):
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT 'ä' < 'b' COLLATE \"{DICTIONARY}\", 'ä' < 'A' COLLATE \"{DICTIONARY}\""
        )
        assert [bool(value) for value in cursor.fetchone()] == [True, False]
