"""Names and descriptions per language: reading, writing, and what the database makes of them."""

import pytest
from django.core.management import call_command
from django.test import override_settings
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.properties.profile import PROFILE
from tests.workflow.builders import ANN, complete, item, new_task, start, statements, workflow
from tests.workflow.languages import bilingual, speaking, stored, texts
from workflow_events.workflow import api, design
from workflow_events.workflow.errors import InvalidInput
from workflow_events.workflow.languages import localized, localized_equals, localized_expression
from workflow_events.workflow.models import Task

storable = st.characters(exclude_characters="\x00", exclude_categories=["Cs"])
pytestmark = pytest.mark.django_db


# Reading


@pytest.mark.usefixtures("several")
@pytest.mark.parametrize(
    ("active", "name"),
    [
        ("en", "Check"),
        ("de", "Prüfen"),
        ("fr", "Check"),
        ("de-ch", "Prüfen"),
        ("it", "Check"),
        (None, "Check"),
    ],
)
def test_the_active_language_is_read_with_a_fallback(active: str | None, name: str) -> None:
    task = bilingual()
    task.refresh_from_db()
    with speaking(active):
        assert localized(task, "name") == name
        assert Task.objects.filter(localized_equals("name", name)).get() == task


def test_one_language_looks_at_the_column_only() -> None:
    with override_settings(LANGUAGE_CODE="en", LANGUAGES=[("en", "English")]), speaking("de"):
        task = new_task("a", name="Check")
        Task.objects.update(translations={"name": {"de": "Prüfen"}})
        task.refresh_from_db()
        assert localized(task, "name") == "Check"
        design.save_task("a", ANN, name="Look")
        assert stored(task) == ("Look", None, {"name": {"de": "Prüfen"}})
        assert not hasattr(localized_expression("name"), "get_source_expressions")
        assert Task.objects.filter(localized_equals("name", "Look")).count() == 1
        assert Task.objects.filter(localized_equals("name", "Prüfen")).count() == 0


# Writing


@pytest.mark.usefixtures("several")
def test_writing_sets_the_active_language_only() -> None:
    task = bilingual()
    assert stored(task) == (
        "Check",
        "Look.",
        {"name": {"de": "Prüfen"}, "description": {"de": "Schau."}},
    )
    design.save_task("a", ANN, name="Inspect")
    assert texts(task, "en", "de", "fr") == [
        ("Inspect", "Look."),
        ("Prüfen", "Schau."),
        ("Inspect", "Look."),
    ]


@pytest.mark.usefixtures("several")
def test_a_new_row_in_another_language_fills_both() -> None:
    with speaking("de"):
        task = new_task("a", name="Prüfen", description="Schau.")
        made = design.save_workflow("w", ANN, name="Antrag", start_tasks=["a"])
    both = {"name": {"de": "Prüfen"}, "description": {"de": "Schau."}}
    assert stored(task) == ("Prüfen", "Schau.", both)
    assert stored(made) == ("Antrag", None, {"name": {"de": "Antrag"}})
    design.save_task("a", ANN, name="Check", description="Look.")
    design.save_workflow("w", ANN, name="Application", start_tasks=["a"])
    assert texts(task, "en", "de") == [("Check", "Look."), ("Prüfen", "Schau.")]
    assert texts(made, "en", "de") == [("Application", None), ("Antrag", None)]


@pytest.mark.usefixtures("several")
def test_a_later_description_does_not_fill_the_column() -> None:
    task = new_task("a", name="Check")
    with speaking("de"):
        design.save_task("a", ANN, name="Prüfen", description="Schau.")
    assert texts(task, "en", "de", "fr") == [("Check", None), ("Prüfen", "Schau."), ("Check", None)]


@pytest.mark.usefixtures("several")
@pytest.mark.parametrize("nothing", [None, ""])
def test_a_description_is_cleared_in_one_language(nothing: str | None) -> None:
    task = bilingual()
    with speaking("de"):
        design.save_task("a", ANN, name="Prüfen", description=nothing)
    assert stored(task) == ("Check", "Look.", {"name": {"de": "Prüfen"}})
    assert texts(task, "en", "de") == [("Check", "Look."), ("Prüfen", "Look.")]


@pytest.mark.usefixtures("several")
def test_clearing_the_default_keeps_the_other_languages() -> None:
    task = bilingual()
    design.save_task("a", ANN, name="Check", description=None)
    assert texts(task, "en", "de", "fr") == [("Check", None), ("Prüfen", "Schau."), ("Check", None)]


@pytest.mark.usefixtures("several")
@pytest.mark.parametrize("name", ["x" * 256, "", " ", "a\x00b", "\ud800"])
def test_a_translation_obeys_the_rules_of_the_column(name: str) -> None:
    task = bilingual()
    workflow("a")
    made = item(start(), "a")
    with speaking("de"):
        with pytest.raises(InvalidInput, match=r"name: "):
            design.save_task("a", ANN, name=name)
        if name.strip():
            with pytest.raises(InvalidInput, match=r"name: "):
                api.update_work_item(made, ANN, name=name)
        design.save_task("a", ANN, name="ü" * 255)
    assert texts(task, "en", "de")[0] == ("A", "Look.")
    assert texts(task, "de")[0][0] == "ü" * 255
    assert texts(made, "en", "de") == [("A", "Look."), ("Prüfen", "Schau.")]


# The database


@pytest.mark.usefixtures("several")
@pytest.mark.parametrize("language", ["en", "de", "fr"])
def test_conditions_and_orders_agree_with_reading(language: str) -> None:
    new_task("a", name="Zebra", description="black")
    new_task("b", name="Ant")
    new_task("c", name="Mole", description="blind")
    with speaking("de"):
        design.save_task("b", ANN, name="Wespe", description="klein")
        design.save_task("c", ANN, name="K'r\"ö%t_e\\", description="blind")
    with speaking(language):
        rows = list(Task.objects.all())
        for field in ("name", "description"):
            for value in {localized(row, field) for row in rows} - {None}:
                expected = {row.pk for row in rows if localized(row, field) == value}
                found = Task.objects.filter(localized_equals(field, value))
                others = Task.objects.exclude(localized_equals(field, value))
                assert {row.pk for row in found} == expected
                assert {row.pk for row in others} == {"a", "b", "c"} - expected
        ordered = Task.objects.order_by(localized_expression("name").asc())
        by_name = {"en": "bca", "fr": "bca", "de": "cba"}
        assert "".join(row.pk for row in ordered) == by_name[language]


WRITES = st.lists(
    st.tuples(
        st.sampled_from(["en", "de", "fr"]),
        st.text(storable, min_size=1, max_size=5).filter(str.strip),
        st.none() | st.text(storable, max_size=5),
    ),
    min_size=1,
    max_size=6,
)


@pytest.mark.usefixtures("several")
@settings(PROFILE, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(writes=WRITES)
def test_any_writes_are_read_as_from_a_map_of_languages(
    writes: list[tuple[str, str, str | None]],
) -> None:
    Task.objects.all().delete()
    names: dict[str, str] = {}
    descriptions: dict[str, str | None] = {}
    for language, name, description in writes:
        with speaking(language):
            design.save_task("a", ANN, name=name, description=description)
        names.setdefault("en", name)
        descriptions.setdefault("en", description)
        names[language] = name
        descriptions[language] = description
    for language in ("en", "de", "fr"):
        name = names.get(language, names["en"])
        description = descriptions.get(language) or descriptions["en"]
        with speaking(language):
            rows = Task.objects.annotate(
                name_there=localized_expression("name"),
                description_there=localized_expression("description"),
            )
            row = rows.get(localized_equals("name", name))
            assert (localized(row, "name"), localized(row, "description")) == (name, description)
            assert (row.name_there, row.description_there) == (name, description)


@pytest.mark.usefixtures("several")
def test_a_variant_is_a_language_of_its_own() -> None:
    languages = [("en", "English"), ("de", "German"), ("de-ch", "Swiss"), ("zh-hans", "Chinese")]
    with override_settings(LANGUAGES=languages):
        task = bilingual()
        for language, name in (("de-ch", "Guete Tag"), ("zh-hans", "你好")):
            with speaking(language):
                design.save_task("a", ANN, name=name)
                assert Task.objects.get(localized_equals("name", name)) == task
        assert [name for name, _ in texts(task, "de", "de-ch", "zh-hans")] == [
            "Prüfen",
            "Guete Tag",
            "你好",
        ]


def test_several_languages_take_no_further_statement() -> None:
    counts = []
    for languages in ([("en", "English")], [("en", "English"), ("de", "German")]):
        with override_settings(LANGUAGE_CODE="en", LANGUAGES=languages), speaking("de"):
            slug = f"flow{len(languages)}"
            workflow("a -> b", slug=slug)
            with statements() as found:
                case = start(slug)
                complete(case, "a")
                api.update_work_item(item(case, "b"), ANN, name="x", description=None)
            counts.append(len(found))
    assert counts[0] == counts[1] > 0


@pytest.mark.django_db(transaction=True)
def test_the_migration_adds_columns_without_making_tables_anew(
    capsys: pytest.CaptureFixture[str],
) -> None:
    call_command("sqlmigrate", "workflow", "0002", no_color=True)
    sql = capsys.readouterr().out
    assert sql.count("ADD COLUMN") == 3
    assert "CREATE TABLE" not in sql
