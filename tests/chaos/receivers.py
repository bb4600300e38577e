"""Receivers of the server under race: one writes down what was committed, one does as it is told.

Both are driven from outside: CHAOS_LOG is the file that is written, the ``context`` of a mutation
tells what shall be done ``at`` which event.
"""

import json
import os
import signal
from typing import Any

from django.db import transaction

from workflow_events.events import filter_events, on
from workflow_events.workflow import api

EVERYTHING = ["*_case", "*_work_item"]
# One file of all workers: lines that are appended whole do not mix.
_log = os.open(os.environ["CHAOS_LOG"], os.O_WRONLY | os.O_APPEND | os.O_CREAT)


@on(EVERYTHING, raise_exception=True)
def write_down(event: Any) -> None:
    """Write the event into the log once it is committed; runs no SQL, so that no lock changes."""
    line = json.dumps({"event": event.event_name, **_subject(event)}) + "\n"
    transaction.on_commit(lambda: os.write(_log, line.encode()))


@on(EVERYTHING, raise_exception=True)
@filter_events(lambda event, context: (context or {}).get("at") == event.event_name)
def obey(context: dict[str, Any], user: Any) -> None:
    """Complete another item, or kill this worker, in the middle of the operation."""
    if "complete" in context:
        api.complete_work_item(context["complete"], user)
    if "die" in context:
        os.kill(os.getpid(), signal.SIGKILL)


def _subject(event: Any) -> dict[str, str | None]:
    if (item := getattr(event, "work_item", None)) is not None:
        return {"case": str(item.case_id), "task": item.task_id}
    if (case := getattr(event, "case", None)) is not None:
        return {"case": str(case.pk), "task": None}
    data = event.validated_data
    if "case" in data:
        return {"case": str(data["case"].pk), "task": data["task"].pk}
    return {"case": None, "task": None}
