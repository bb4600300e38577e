"""Rows with texts in several languages, and how they are looked at."""

from contextlib import AbstractContextManager

from django.utils import translation

from tests.workflow.builders import ANN, new_task
from workflow_events.workflow import design
from workflow_events.workflow.languages import localized
from workflow_events.workflow.models import Task, Workflow, WorkItem


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
