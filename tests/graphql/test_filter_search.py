"""The filter `search`, the same on every database (facts 1.5.1)."""

import pytest
from django.db import connection

from workflow_events.graphql.filters.kinds import MAX_WORD, MAX_WORDS
from workflow_events.workflow.models import Task, Workflow

ROWS = [
    # slug, name, description
    ("building-permit", "Bewilligung für Bauten", "Prüft das Gesuch."),
    ("first_task", "Erste Aufgabe", None),
    ("Release2", "Version v1.2 of http://example.org/a-b", "3.5 kg, 007; O'Neill's"),
    ("x", "ΟΔΟΣ straße", "É ё 日本語"),
]
ROOTS = {"allTasks": Task, "allWorkflows": Workflow}


@pytest.fixture(params=ROOTS)
def found(request, api):
    """Ask for the slugs of tasks, or workflows, that pass."""
    root = request.param
    ROOTS[root].objects.bulk_create(
        ROOTS[root](slug=slug, name=name, description=description)
        for slug, name, description in ROWS
    )
    query = f"""query ($filter: [{root[3:-1]}FilterSetType]) {{
        {root}(filter: $filter) {{ totalCount edges {{ node {{ slug }} }} }} }}"""

    def slugs(text, **entry):
        data = api(query, filter=[{"search": text, **entry}]).data[root]
        assert data["totalCount"] == len(data["edges"])
        return [edge["node"]["slug"] for edge in data["edges"]]

    slugs.answer = lambda text: api(query, filter=[{"search": text}])
    return slugs


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        # in slugs, cut at hyphens and underscores
        ("building", 0),
        ("permit", 0),
        ("building-permit", 0),
        ("permit_building", 0),
        ("first task", 1),
        ("first-task", 1),
        ("release2", 2),
        ("release", None),
        # in names and descriptions
        ("bauten", 0),
        ("Gesuch", 0),
        ("aufgabe", 1),
        # whole words only
        ("Bau", None),
        ("auten", None),
        ("Bau*", None),
        # every word, wherever
        ("gesuch building FÜR", 0),
        ("gesuch aufgabe", None),
        ("erste erste", 1),
        # upper and lower case, of all letters; accents count
        ("FÜR", 0),
        ("fur", None),
        ("STRASSE", 3),
        ("οδος", 3),
        ("é Ё", 3),
        ("日本語", 3),
        ("日本", None),
        # numbers and signs
        ("v1 2", 2),
        ("v1.2", 2),
        ("example.org", 2),
        ("http://example.org/a-b", 2),
        ("b a", 2),
        ("007", 2),
        ("7", None),
        ("3", 2),
        ("5kg", None),
        ("neill", 2),
        ("O'Neill", 2),
        ("-erste", 1),
        ("erste | nichts", None),
        ("!erste & (aufgabe)", 1),
        ("'", "all"),
        ("", "all"),
        (" --- ", "all"),
    ],
)
def test_all_words_must_occur(found, text, expected):
    slugs = [slug for slug, _, _ in ROWS]
    matching = slugs if expected == "all" else [] if expected is None else [slugs[expected]]
    others = [slug for slug in slugs if slug not in matching]

    assert found(text) == matching
    assert found(text, invert=True) == (slugs if expected == "all" else others)


def test_an_overlong_word_is_a_clear_error(found):
    assert found("a" * MAX_WORD) == []
    answer = found.answer("b " + "a" * (MAX_WORD + 1))

    assert answer.code == "INVALID_INPUT"
    assert answer.error["message"] == '"search" has a word of more than 500 characters.'


def test_too_many_words_are_a_clear_error(found):
    words = [f"w{number}" for number in range(MAX_WORDS)]

    assert found(" ".join(words)) == []
    answer = found.answer(" ".join([*words, "more"]))

    assert answer.code == "INVALID_INPUT"
    assert answer.error["message"] == '"search" has 101 words; 100 are allowed.'


def test_large_texts_are_searched_in_their_first_part(api):
    words = " ".join(f"w{number}" for number in range(30_000))
    Task.objects.create(slug="t", name="n", description=words)
    query = "query ($text: String) { allTasks(filter: {search: $text}) { totalCount } }"

    assert api(query, text="w9").data["allTasks"]["totalCount"] == 1
    assert api(query, text="w29999").data["allTasks"]["totalCount"] == 0
    assert len(words) > 150_000


@pytest.mark.skipif(connection.vendor != "postgresql", reason="the search is PostgreSQL's")
def test_postgresql_does_it_by_full_text_search(api, django_assert_num_queries):
    with django_assert_num_queries(1) as queries:
        api('{ allTasks(filter: {search: "word"}) { totalCount } }')

    assert "plainto_tsquery('simple', 'WORD')" in queries.captured_queries[0]["sql"]
