"""Names and descriptions per language: reading, writing, and the copies that work items get."""

from collections.abc import Iterator
from contextlib import AbstractContextManager

import pytest
from django.conf.locale import LANG_INFO
from django.core.exceptions import ImproperlyConfigured
from django.core.management import call_command
from django.test import override_settings
from django.utils import translation
from django.utils.translation import check_for_language
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.properties.profile import PROFILE
from tests.workflow.builders import ANN, complete, item, new_task, start, statements, workflow
from workflow_events.configuration import Variables
from workflow_events.events import on
from workflow_events.workflow import api, design
from workflow_events.workflow.errors import InvalidInput
from workflow_events.workflow.events import pre_create_work_item
from workflow_events.workflow.languages import localized, localized_equals, localized_expression
from workflow_events.workflow.models import Task, Workflow, WorkItem

storable = st.characters(exclude_characters="\x00", exclude_categories=["Cs"])
pytestmark = pytest.mark.django_db


@pytest.fixture
def several() -> Iterator[None]:
    """English, which others fall back to, German and French."""
    languages = [("en", "English"), ("de", "German"), ("fr", "French")]
    with override_settings(LANGUAGE_CODE="en", LANGUAGES=languages), speaking("en"):
        yield


def speaking(language: str | None) -> AbstractContextManager[None]:
    return translation.override(language)


def texts(row: Task | Workflow | WorkItem, *languages: str) -> list[tuple[str | None, str | None]]:
    """Name and description of the row in the database, in each language."""
    row.refresh_from_db()
    found = []
    for language in languages:
        with speaking(language):
            found.append((localized(row, "name"), localized(row, "description")))
    return found


def bilingual(slug: str = "a", **options: object) -> Task:
    """A task that says the same in English and German."""
    task = new_task(slug, name="Check", description="Look.", **options)
    with speaking("de"):
        design.save_task(slug, ANN, name="Prüfen", description="Schau.")
    return task


def stored(row: Task | Workflow | WorkItem) -> tuple[str, str | None, object]:
    return (
        type(row)
        .objects.values_list("name", "description", "translations")  # type: ignore[attr-defined]
        .get(pk=row.pk)
    )


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


# Work items


@pytest.mark.usefixtures("several")
@pytest.mark.parametrize("active", ["en", "de", "fr"])
def test_work_items_copy_the_task_in_every_language(active: str) -> None:
    workflow("a -> b")
    bilingual("a")
    bilingual("b")
    with speaking(active):
        case = start()
        complete(case, "a")
    for task in ("a", "b"):
        assert stored(item(case, task)) == stored(Task.objects.get(pk=task))
        assert texts(item(case, task), "en", "de") == [("Check", "Look."), ("Prüfen", "Schau.")]


@pytest.mark.usefixtures("several")
def test_an_item_has_its_own_copy() -> None:
    workflow("a")
    task = bilingual("a")
    made = item(start(), "a")
    with speaking("de"):
        api.update_work_item(made, ANN, name="Genau prüfen")
    assert texts(made, "en", "de") == [("Check", "Look."), ("Genau prüfen", "Schau.")]
    assert texts(task, "de") == [("Prüfen", "Schau.")]


@pytest.mark.usefixtures("several")
@pytest.mark.parametrize("nothing", [None, "", "  "])
def test_null_and_blank_fall_back_to_the_task_in_that_language(nothing: str | None) -> None:
    workflow("a")
    bilingual("a")
    made = item(start(), "a")
    for language in ("en", "de", "fr"):
        with speaking(language):
            api.update_work_item(made, ANN, name=language, description=language)
    with speaking("de"):
        api.update_work_item(made, ANN, name=nothing, description=nothing)
    assert texts(made, "en", "de", "fr") == [("en", "en"), ("Prüfen", "Schau."), ("fr", "fr")]
    with speaking("fr"):  # in which the task has no text of its own
        api.update_work_item(made, ANN, name=nothing, description=nothing)
    assert texts(made, "en", "fr") == [("en", "en"), ("Check", "Look.")]
    api.update_work_item(made, ANN, name=nothing, description=nothing)
    assert texts(made, "en", "de") == [("Check", "Look."), ("Prüfen", "Schau.")]


@pytest.mark.usefixtures("several")
def test_what_is_given_to_a_new_item_is_in_the_active_language() -> None:
    workflow("many", tasks={"many": {"is_multiple_instance": True}})
    bilingual("many", is_multiple_instance=True)
    case = start()
    with speaking("de"):
        made = api.create_work_item(case, "many", ANN, name="Nachprüfen")
    assert texts(made, "en", "de", "fr") == [
        ("Check", "Look."),
        ("Nachprüfen", "Schau."),
        ("Check", "Look."),
    ]


@pytest.mark.usefixtures("several")
def test_the_first_description_of_an_item_fills_the_column() -> None:
    workflow("many", tasks={"many": {"is_multiple_instance": True}})
    case = start()
    with speaking("de"):
        made = api.create_work_item(case, "many", ANN, description="Schau.")
    assert stored(made) == ("MANY", "Schau.", {"description": {"de": "Schau."}})


@pytest.mark.usefixtures("several")
def test_a_receiver_reads_and_writes_the_active_language() -> None:
    workflow("a")
    bilingual("a")
    seen = []

    @on(pre_create_work_item, raise_exception=True)
    def rename(validated_data: dict[str, object]) -> None:
        seen.append((validated_data["name"], validated_data["description"]))
        assert "translations" not in validated_data
        validated_data["name"] = f"{validated_data['name']}!"

    with speaking("de"):
        german = item(start(), "a")
    english = item(start(), "a", name="Check!")
    assert seen == [("Prüfen", "Schau."), ("Check", "Look.")]
    assert texts(german, "en", "de") == [("Check", "Look."), ("Prüfen!", "Schau.")]
    assert texts(english, "en", "de") == [("Check!", "Look."), ("Prüfen", "Schau.")]


@pytest.mark.usefixtures("several")
def test_a_receiver_cannot_give_translations() -> None:
    workflow("a")

    @on(pre_create_work_item)
    def translate(validated_data: dict[str, object]) -> None:
        validated_data["translations"] = {"name": {"de": "x"}}

    with pytest.raises(InvalidInput, match="'translations' cannot be set"):
        start()
    assert not WorkItem.objects.exists()


@pytest.mark.usefixtures("several")
def test_an_async_receiver_has_the_language_of_the_operation() -> None:
    workflow("a")
    seen = []

    @on(pre_create_work_item, raise_exception=True)
    async def note() -> None:
        seen.append(translation.get_language())

    with speaking("de"):
        start()
    start()
    assert seen == ["de", "en"]


@pytest.mark.usefixtures("several")
def test_a_revived_item_keeps_its_own_texts() -> None:
    workflow("a -> b; b -> c", redoable={"b": "'a'|task"})
    bilingual("b")
    case = start()
    complete(case, "a")
    made = item(case, "b")
    with speaking("de"):
        api.update_work_item(made, ANN, name="Genau prüfen")
    design.save_task("b", ANN, name="New")
    api.redo_work_item(item(case, "a"), ANN)
    with speaking("fr"):
        complete(case, "a")
    assert item(case, "b", status="ready") == made
    assert texts(made, "en", "de", "fr") == [
        ("Check", "Look."),
        ("Genau prüfen", "Schau."),
        ("Check", "Look."),
    ]


@pytest.mark.usefixtures("several")
def test_a_receiver_of_a_revived_item_changes_one_language() -> None:
    workflow("a -> b; b -> c", redoable={"b": "'a'|task"})
    bilingual("b")
    case = start()
    complete(case, "a")
    made = item(case, "b")
    api.redo_work_item(item(case, "a"), ANN)

    @on(pre_create_work_item, raise_exception=True)
    def rename(validated_data: dict[str, object]) -> None:
        validated_data["name"] = f"{validated_data['name']}!"

    with speaking("de"):
        complete(case, "a")
    assert item(case, "b", status="ready") == made
    assert texts(made, "en", "de") == [("Check", "Look."), ("Prüfen!", "Schau.")]


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


# The settings


def configured(**environment: str) -> list[str]:
    variables = Variables(environment)
    code = variables.language("LANGUAGE_CODE", default="en", effect="")
    return [code for code, _ in variables.languages("LANGUAGES", including=code, effect="")]


@pytest.mark.parametrize(
    ("environment", "codes"),
    [
        ({}, ["en"]),
        ({"LANGUAGE_CODE": "de-ch"}, ["de-ch"]),
        ({"LANGUAGES": ""}, ["en"]),
        ({"LANGUAGES": "en"}, ["en"]),
        ({"LANGUAGES": "de, EN, de, fr-CH"}, ["de", "en", "fr-ch"]),
        ({"LANGUAGE_CODE": "zh-Hans", "LANGUAGES": '["zh-hans", "en-gb"]'}, ["zh-hans", "en-gb"]),
    ],
)
def test_the_languages_of_a_deployment(environment: dict[str, str], codes: list[str]) -> None:
    assert configured(**environment) == codes


@pytest.mark.parametrize(
    ("environment", "message"),
    [
        ({"LANGUAGE_CODE": ""}, "LANGUAGE_CODE: '' is no language code"),
        ({"LANGUAGE_CODE": "german"}, "LANGUAGE_CODE: 'german' is no language code"),
        ({"LANGUAGE_CODE": "xx"}, "LANGUAGE_CODE: Django knows no language 'xx'"),
        ({"LANGUAGES": "de"}, "LANGUAGES: LANGUAGE_CODE, en, is missing"),
        ({"LANGUAGES": "en, de_CH"}, "LANGUAGES: 'de_CH' is no language code"),
        ({"LANGUAGES": "en, tlh"}, "LANGUAGES: Django knows no language 'tlh'"),
        ({"LANGUAGES": "en, zh-cn"}, "LANGUAGES: Django knows no language 'zh-cn'"),
        ({"LANGUAGES": '["en"'}, "LANGUAGES: '[\"en\"' is not valid JSON"),
    ],
)
def test_a_bad_language_is_refused_by_setting(environment: dict[str, str], message: str) -> None:
    with pytest.raises(ImproperlyConfigured) as refused:
        configured(**environment)
    assert str(refused.value).startswith(message)


@pytest.mark.parametrize("code", sorted(LANG_INFO))
def test_every_language_that_can_be_chosen_is_accepted_and_no_other(code: str) -> None:
    if check_for_language(code):
        assert configured(LANGUAGE_CODE=code) == [code]
    else:
        with pytest.raises(ImproperlyConfigured, match="LANGUAGE_CODE: Django knows no language"):
            configured(LANGUAGE_CODE=code)
