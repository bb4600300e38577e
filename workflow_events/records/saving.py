"""From Django's ``pre_save`` and ``post_save`` to the events of created and updated records."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from typing import Any, Final

from django.db import DEFAULT_DB_ALIAS
from django.db.models import Model

from workflow_events.events.emission.dispatch import deliver, emit, occur
from workflow_events.records.errors import UnforeseenUpdate
from workflow_events.records.events import (
    PostCreateRecord,
    PostUpdateRecord,
    PreCreateRecord,
    PreUpdateRecord,
)
from workflow_events.records.heard import NOTHING, Heard, heard_of
from workflow_events.records.values import (
    Values,
    computed_in,
    difference,
    stored_row,
    values_of,
    written_fields,
)

STATE: Final = "workflow_events_saves"
"""Attribute of an instance's ``_state`` for the saves of it that are under way."""
MAX_NESTED: Final = 16
"""Saves of one instance inside each other that are kept apart; those that failed stay behind."""


ASKING: Final[Heard] = frozenset({PreCreateRecord, PreUpdateRecord, PostUpdateRecord})
"""The events for which somebody has to know what the row holds."""


@dataclass(frozen=True, slots=True)
class Save:
    """What is known of a save between its two signals."""

    using: str
    update_fields: frozenset[str] | None
    asked: bool
    """Whether somebody had to know what the row held."""
    stored: Values | None
    """What it held; None if it was not there, or not asked for."""


def before_save(
    sender: type[Model],
    instance: Model,
    *,
    raw: bool = False,
    using: str = DEFAULT_DB_ALIAS,
    update_fields: frozenset[str] | None = None,
    **_: Any,
) -> None:
    """Emit `PreCreateRecord` or `PreUpdateRecord`, and keep what the row holds.

    Whoever sends the signal instead of Django may leave out what has a default.
    Raises as `emit` does; the record is not saved then.
    """
    if raw:
        return
    heard = heard_of.get(sender, NOTHING)
    asked = not heard.isdisjoint(ASKING)
    stored = _stored(sender, instance, using, update_fields) if asked else None
    wrote = False
    if asked and stored is None and PreCreateRecord in heard:
        wrote = deliver(occur(PreCreateRecord, sender, {"record": instance}))
    elif stored is not None and PreUpdateRecord in heard:
        new = values_of(instance, written_fields(sender, update_fields))
        payload = {"record": instance, "diff": difference(stored, new)}
        wrote = deliver(occur(PreUpdateRecord, sender, payload))
    if wrote:  # perhaps this very row
        stored = _stored(sender, instance, using, update_fields)
    # Last: receivers may have saved the same instance, or failed to.
    vars(instance._state).setdefault(STATE, deque(maxlen=MAX_NESTED)).append(
        Save(using, update_fields, asked, stored)
    )


def after_save(
    sender: type[Model],
    instance: Model,
    *,
    created: bool,
    raw: bool = False,
    using: str = DEFAULT_DB_ALIAS,
    update_fields: frozenset[str] | None = None,
    **_: Any,
) -> None:
    """Emit `PostCreateRecord` or `PostUpdateRecord`; which one, the database has decided.

    Raises as `emit` does, and `UnforeseenUpdate`.
    """
    if raw:
        return
    save = _take(instance, using, update_fields)
    heard = heard_of.get(sender, NOTHING)
    if created:
        if PostCreateRecord in heard:
            emit(PostCreateRecord, sender=sender, record=instance)
    # Without `save`, or without having asked: nobody had been listening when the save began.
    elif PostUpdateRecord in heard and save is not None and save.asked:
        if save.stored is None:
            raise UnforeseenUpdate(
                f"{instance!r} was updated, though its row was not there before, or its key has a "
                "default and it was never loaded. Load it before it is saved."
            )
        new = _written(sender, instance, using, update_fields)
        emit(PostUpdateRecord, sender=sender, record=instance, diff=difference(save.stored, new))


def _stored(
    model: type[Model], record: Model, using: str, update_fields: frozenset[str] | None
) -> Values | None:
    """Return what the row holds in the fields that will be written; None if it is not there."""
    if not record._is_pk_set():  # type: ignore[attr-defined]
        return None
    if record._state.adding and update_fields is None and _is_inserted_at_once(model):
        return None
    fields = written_fields(model, update_fields)
    return stored_row(model, using, record, fields)


def _is_inserted_at_once(model: type[Model]) -> bool:
    """Tell whether Django inserts a new record of a model without asking whether it is there."""
    fields: Any = model._meta.pk_fields
    return all(_own(field).has_default() or _own(field).has_db_default() for field in fields)


def _own(field: Any) -> Any:
    """Return the key itself, where that of a child leads to the one of its parent."""
    while field.remote_field is not None and field.remote_field.parent_link:
        field = field.target_field
    return field


def _written(
    model: type[Model], record: Model, using: str, update_fields: frozenset[str] | None
) -> Values:
    """Return what an UPDATE has written; what the database has computed is read."""
    fields = written_fields(model, update_fields)
    new = values_of(record, fields)
    if computed := computed_in(new, fields):
        new |= stored_row(model, using, record, computed) or {}
    return new


def _take(record: Model, using: str, update_fields: frozenset[str] | None) -> Save | None:
    """Take the innermost save that was begun like this; those inside of it have failed."""
    state = vars(record._state)
    saves = state.get(STATE, ())
    found: Save | None = None
    while saves and found is None:
        save: Save = saves.pop()
        if save.using == using and save.update_fields == update_fields:
            found = save
    if not saves:
        state.pop(STATE, None)  # or copies of the record would share it
    return found
