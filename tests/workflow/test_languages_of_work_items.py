"""Names and descriptions per language: the copies that work items get of their tasks'."""

import pytest
from django.utils import translation

from tests.workflow.builders import ANN, complete, item, start, workflow
from tests.workflow.languages import bilingual, speaking, stored, texts
from workflow_events.events import on
from workflow_events.workflow import api, design
from workflow_events.workflow.errors import InvalidInput
from workflow_events.workflow.events import pre_create_work_item
from workflow_events.workflow.models import Task, WorkItem

pytestmark = pytest.mark.django_db


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
