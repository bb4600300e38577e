"""What receivers saw of one operation, and whether it explains what became of the rows."""

from collections import Counter
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db import connection, transaction

from tests.properties.oracle import EMITTED, OPEN, TABLE, key_of
from tests.properties.worlds import World, look
from tests.workflow.builders import ANN, EVENT_NAMES
from workflow_events.events import on
from workflow_events.workflow.models import WorkItem
from workflow_events.workflow.senders import sender_for


@dataclass(frozen=True)
class Seen:
    """An event, with the whole database at that moment."""

    event: str
    pk: UUID | None
    world: World
    context: Any
    sender: type
    named: tuple[UUID, ...]
    """The items that are reopened."""

    @property
    def when(self) -> str:
        """Either ``pre`` or ``post``."""
        return self.event.partition("_")[0]

    @property
    def what(self) -> str:
        """The event without its ``pre_`` or ``post_``."""
        return self.event.partition("_")[2]


class Recorder:
    """Runs before all other receivers; keeps only what was not undone."""

    def __init__(self) -> None:
        self.count = 0
        """All events so far, those that were undone included."""
        self._kept: list[Seen] = []
        on(EVENT_NAMES, raise_exception=True, order=-1)(self.write_down)

    def write_down(self, event: Any, sender: type, user: Any, context: Any) -> None:
        """Keep the event, unless what it belongs to is rolled back."""
        self.count += 1
        assert user is ANN
        row = getattr(event, "work_item", None) or getattr(event, "case", None)
        world = look()
        if row is not None:
            held = world.items if isinstance(row, WorkItem) else world.cases
            assert row.status == held[row.pk]["status"], f"{event} has a stale {row}"
            assert row.closed_at == held[row.pk]["closed_at"]
        named = tuple(
            getattr(event, "work_items", WorkItem.objects.none()).values_list("pk", flat=True)
        )
        pk = None if row is None else row.pk
        seen = Seen(event.event_name, pk, world, context, sender, named)
        transaction.on_commit(lambda: self._kept.append(seen))

    def take(self) -> list[Seen]:
        """Return what was kept since the last call, as a COMMIT would."""
        callbacks, connection.run_on_commit = connection.run_on_commit, []
        for _, function, _ in callbacks:
            function()
        kept, self._kept = self._kept, []
        return kept


def check(before: World, story: list[Seen], after: World, *, alone: bool) -> None:
    """Check that every change of state is told exactly once, and nothing else.

    ``alone``: no other receiver took part, so that nothing was announced in vain.
    """
    telling = _Telling(before)
    for seen in story:
        operation = seen.context["verb"]
        assert seen.what in EMITTED[operation], f"{operation} emitted {seen.event}"
        assert seen.sender is sender_for(operation), f"{seen.sender} sent {seen.event}"
        telling.go_on(seen)
    telling.explain(after, None)
    assert telling.created == telling.announced, "created items and post_create events differ"
    assert set(telling.created.values()) <= {1}, f"created twice: {telling.created}"
    if alone:
        assert not +telling.pending, f"pre_ without post_: {telling.pending}"
    assert not -telling.pending, f"post_ without pre_: {telling.pending}"


class _Telling:
    """How far the story has explained the world."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.pending: Counter[tuple[str, UUID | None]] = Counter()
        self.created: Counter[UUID] = Counter()
        self.announced: Counter[UUID] = Counter()

    def go_on(self, seen: Seen) -> None:
        self.explain(seen.world, seen)
        creates = seen.what.startswith("create_")
        subject = None if creates else seen.pk
        self.pending[seen.what, subject] += 1 if seen.when == "pre" else -1
        if seen.when == "pre" and not creates:
            status = seen.world.rows()[seen.pk]["status"]
            assert status in TABLE[seen.what][0], f"{seen.event} of one that is {status}"
        if seen.when == "post":
            if creates:
                self.announced[seen.pk] += 1
            else:
                self._check_end(seen)

    def explain(self, world: World, seen: Seen | None) -> None:
        """Check that what changed since the last event is the write of this one."""
        old, new = self.world.statuses(), world.statuses()
        assert old.keys() <= new.keys(), "rows are gone"
        silent = _silent(seen, world)
        own = seen.pk if seen and seen.when == "post" and seen.what in TABLE else None
        changed = {pk for pk in new if old.get(pk) != new[pk]}
        if own is not None and seen is not None:
            assert own in changed, f"{seen.event} without a change"
            sources, target = TABLE[seen.what]
            # What a redo puts to REDO comes before the item itself, which may be among it.
            assert old[own] in sources, f"{seen.event} of one that was {old[own]}"
            assert new[own] == target, f"{seen.event} led to {new[own]}"
        for pk in changed - {own}:
            if pk in silent:
                assert new[pk] == silent[pk]
            else:
                self._check_created(world, seen, pk, old.get(pk), new[pk])
        self.world = world

    def _check_created(
        self, world: World, seen: Seen | None, pk: UUID, old: str | None, new: str
    ) -> None:
        event = seen.event if seen else "the end"
        is_case = pk in world.cases
        assert (old, new) in {(None, "running" if is_case else "ready"), ("redo", "ready")}, (
            f"{old} became {new} before {event}, which does not say so"
        )
        assert not (is_case and old), f"a case in REDO before {event}"
        written_before = "pre_create_work_item" if is_case else "post_create_"
        assert event.startswith(written_before), f"created before {event}"
        self.created[pk] += 1
        if is_case or seen is None or seen.context["verb"] in ("create_work_item", "start_case"):
            return
        item = world.items[pk]
        task = item["task_id"]
        if seen.context["multiple"][task]:
            return
        twins = [
            other
            for other in self.world.items_of(item["case_id"])
            if key_of(other) == key_of(item) and other["status"] in OPEN
        ]
        assert not twins, f"{task} was created beside one that is there"

    def _check_end(self, seen: Seen) -> None:
        if seen.event == "post_reopen_case":
            rows = seen.world.rows()
            assert not any(rows[pk]["closed_at"] for pk in (seen.pk, *seen.named) if pk)
        if seen.what in ("cancel_case", "complete_case") and seen.pk is not None:
            states = {item["status"] for item in seen.world.items_of(seen.pk)}
            closed = OPEN if seen.what == "cancel_case" else {"ready"}
            assert not states & closed, f"{seen.event} with items that are {states}"


def _silent(seen: Seen | None, world: World) -> dict[UUID, str]:
    """What this event's write changes without events."""
    if seen is None or seen.pk is None:
        return {}
    if seen.event == "post_redo_work_item":
        return dict.fromkeys(world.followers_of(seen.pk), "redo")
    if seen.event == "post_reopen_case":
        return dict.fromkeys(seen.named, "ready")
    return {}
