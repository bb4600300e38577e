"""A completion of a work item over GraphQL, in this process, undone: to be done again and again."""

import json
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from typing import Any

from django.db import transaction
from django.test import RequestFactory

from workflow_events.graphql.view import GraphQLView
from workflow_events.workflow import api, design
from workflow_events.workflow.models import WorkItem
from workflow_events.workflow.users import BaseUser

USER = BaseUser("clerk", ["clerks"])
QUERY = """mutation ($input: CompleteWorkItemInput!, $dryRun: Boolean) {
  completeWorkItem(input: $input, dryRun: $dryRun) {
    workItem { id status case { id status } }
    %s
  }
}"""


@contextmanager
def ready_item() -> Iterator[WorkItem]:
    """Give an item to complete, which is followed by another one; it is gone after the body."""
    with transaction.atomic():
        design.save_task("first", USER, name="First")
        design.save_task("second", USER, name="Second")
        design.save_workflow("linear", USER, name="Linear", start_tasks=["first"])
        design.add_workflow_flow("linear", ["first"], "'second'|task", None, USER)
        yield api.start_case("linear", USER).work_items.get()
        transaction.set_rollback(True)


def completing(
    item: WorkItem,
    around: Callable[[], AbstractContextManager[Any]] = nullcontext,
    *,
    dry_run: bool = False,
) -> Callable[[], None]:
    """Return what completes an item inside of ``around()``, and undoes it.

    With ``dry_run`` the mutation undoes it itself, and its explanation is in the answer.
    """
    view, post = GraphQLView.as_view(), RequestFactory().post
    body = json.dumps(
        {
            "query": QUERY % ("explanation" if dry_run else "clientMutationId"),
            "variables": {"input": {"id": str(item.pk)}, "dryRun": dry_run},
        }
    )

    def complete() -> None:
        with transaction.atomic(), around():
            response: Any = view(post("/graphql/", body, content_type="application/json"))
            transaction.set_rollback(True)
        assert b"errors" not in response.content, response.content

    return complete
