"""Receivers in the background that note what they do, and do as the ``context`` of a mutation says.

* ``to``: which of them are wanted;
* ``halt``: where they stop at their first attempt at a completed item, by name, for ``seconds``;
* ``poison``: what ``spoiled`` does, always;
* ``then``: an item that is completed inside the operation; ``fail``: that this is undone;
* ``step``: what is written beside the effect.
"""

import asyncio
import json
import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from asgiref.sync import sync_to_async
from django.db import connection

from workflow_events.events import Retry, filter_events, on
from workflow_events.workflow import api
from workflow_events.workflow.events import post_complete_work_item

WANTED = ["post_complete_*", "post_cancel_*", "post_create_work_item"]
RETRY = Retry(attempts=20, base=0.1, max=0.5)
POISON_RETRY = Retry(attempts=2, base=0.5, max=0.5)
POISON_LIMIT = {"postgresql": 1.5, "sqlite": 3}[connection.vendor]
"""Seconds that ``spoiled`` may take; on SQLite it waits in turn with all who write."""
FOR_EVER = 60
MOMENT = 0.01

BEGIN, WROTE = "begin", "wrote"
"""Where a receiver can be halted: before its first statement, and after its write."""


def to(name: str) -> Callable[[Any], Any]:
    """Pass the events whose context names this receiver."""
    return filter_events(lambda context: name in (context or {}).get("to", ()))


def _background(name: str, events: Any = WANTED, **options: Any) -> Callable[[Any], Any]:
    options = {"retry": RETRY, **options}
    return on(events, background=True, name=f"chaos.{name}", **options)


@_background("first")
@to("first")
def first(event: Any) -> None:
    """Write an effect."""
    _halt("first", BEGIN, event)
    _effect("first", event)
    _halt("first", WROTE, event)


@_background("second")
@to("second")
def second(event: Any) -> None:
    """Write an effect."""
    _halt("second", BEGIN, event)
    _effect("second", event)
    _halt("second", WROTE, event)


@_background("later")
@to("later")
async def later(event: Any) -> None:
    """Write an effect, as a coroutine."""
    await asyncio.sleep(_seconds("later", BEGIN, event))
    await sync_to_async(_effect)("later", event)
    await asyncio.sleep(_seconds("later", WROTE, event))


@_background("outside", atomic=False)
@to("outside")
def outside(event: Any) -> None:
    """Tell the outside world, which knows what it was told by the id of the delivery."""
    _halt("outside", BEGIN, event)
    _note("outside", "told", event)
    _halt("outside", WROTE, event)


@_background("spoiled", post_complete_work_item, retry=POISON_RETRY, time_limit=POISON_LIMIT)
@to("spoiled")
def spoiled(event: Any, context: Any) -> None:
    """Write an effect; where the context has poison, fail, or never return."""
    poison = context.get("poison")
    # On SQLite nobody else could write meanwhile, whatever a worker does.
    while poison == "hangs" and connection.vendor == "sqlite":
        time.sleep(MOMENT)
    if poison == "is deaf":
        time.sleep(FOR_EVER)  # in C, where no exception reaches it
    _effect("spoiled", event)
    while poison == "hangs":
        time.sleep(MOMENT)
    if poison == "raises":
        raise ValueError("poison")


@on(post_complete_work_item, raise_exception=False)
@filter_events(lambda context: "then" in (context or {}))
def go_on(context: Any, user: Any) -> None:
    """Complete another item inside the operation, and undo that if told so."""
    api.complete_work_item(context["then"], user, {"to": context["to"]})
    if context.get("fail"):
        raise ValueError("undo it")


def _effect(receiver: str, event: Any) -> None:
    _note(receiver, "begun", event)
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO chaos_effect (event, receiver, delivery, stream, step) "
            "VALUES (%s, %s, %s, %s, %s)",
            [
                str(event.envelope.id),
                f"chaos.{receiver}",
                str(event.envelope.delivery_id),
                _case(event),
                (event.context or {}).get("step"),
            ],
        )
    _note(receiver, "ended", event)


def _case(event: Any) -> str:
    item = getattr(event, "work_item", None)
    return str(event.case.pk if item is None else item.case_id)


def _halt(receiver: str, spot: str, event: Any) -> None:
    until = time.monotonic() + _seconds(receiver, spot, event)
    while time.monotonic() < until:
        time.sleep(MOMENT)


def _seconds(receiver: str, spot: str, event: Any) -> float:
    """Return how long to stop here: not at all, unless told so, and at the first attempt."""
    context = event.context or {}
    halts = context.get("halt", {}).get(receiver) == spot
    if not halts or event.event_name != "post_complete_work_item":
        return 0
    been_here = Path(os.environ["CHAOS_PLACE"]) / f"{event.envelope.delivery_id}-halted"
    try:
        been_here.touch(exist_ok=False)
    except FileExistsError:
        return 0
    _note(receiver, f"halts at {spot}", event)
    return float(context.get("seconds", FOR_EVER))


def _note(receiver: str, what: str, event: Any) -> None:
    """Append a line to the notes, which no rollback undoes."""
    line = {
        "receiver": f"chaos.{receiver}",
        "what": what,
        "event": str(event.envelope.id),
        "delivery": str(event.envelope.delivery_id),
        "stream": _case(event),
        "process": os.getpid(),
        "moment": time.monotonic(),
    }
    notes = Path(os.environ["CHAOS_PLACE"]) / "notes"
    opened = os.open(notes, os.O_WRONLY | os.O_APPEND | os.O_CREAT)
    try:
        # Appended whole: lines of several processes do not mix.
        os.write(opened, json.dumps(line).encode() + b"\n")
    finally:
        os.close(opened)
