"""Cases to complete, and how to ask the service to do so."""

import json
from collections.abc import Iterator
from typing import NamedTuple
from uuid import UUID

from django.db import connection

from workflow_events.events.declaration.identifiers import uuid7
from workflow_events.workflow import design
from workflow_events.workflow.models import Case, WorkItem
from workflow_events.workflow.users import BaseUser

AUTHOR = BaseUser("benchmark")
DOCUMENT = """\
mutation Complete($input: CompleteWorkItemInput!) {
  completeWorkItem(input: $input) { workItem { id status } }
}"""


class Ready(NamedTuple):
    """A work item that is ready, alone in its case."""

    item: UUID
    case: UUID


def make_workflow() -> None:
    """Make a workflow that goes round and round, so that each completion creates an item."""
    for slug, group in (("write", "authors"), ("check", "editors")):
        design.save_task(slug, AUTHOR, name=slug, address_groups=f"['{group}']|groups")
    design.save_workflow("article", AUTHOR, name="Article", start_tasks=["write"])
    for slug, following in (("write", "check"), ("check", "write")):
        design.add_workflow_flow("article", [slug], f"'{following}'|task", None, AUTHOR)


def ready_items(number: int) -> Iterator[Ready]:
    """Create so many cases, each with one ready work item, and yield them."""
    made = [Ready(uuid7(), uuid7()) for _ in range(number)]
    Case.objects.bulk_create(
        [Case(pk=case, family_id=case, workflow_id="article") for _, case in made],
        batch_size=2000,
    )
    WorkItem.objects.bulk_create(
        [
            WorkItem(
                pk=item, case_id=case, task_id="write", name="write", addressed_groups=["authors"]
            )
            for item, case in made
        ],
        batch_size=2000,
    )
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")
    yield from made


def body(ready: Ready) -> bytes:
    """Return the body of the request that completes the item."""
    variables = {"input": {"id": str(ready.item)}}
    return json.dumps({"query": DOCUMENT, "variables": variables}).encode()
