"""From Django's ``pre_delete`` and ``post_delete`` to the events of deleted records."""

from __future__ import annotations

from copy import copy
from typing import Any

from django.db import DEFAULT_DB_ALIAS
from django.db.models import Model

from workflow_events.events.emission.dispatch import emit
from workflow_events.records.events import PostDeleteRecord, PreDeleteRecord
from workflow_events.records.heard import NOTHING, heard_of
from workflow_events.records.values import is_expression, loaded_values_of, stored_row


def before_delete(
    sender: type[Model], instance: Model, *, using: str = DEFAULT_DB_ALIAS, **_: Any
) -> None:
    """Emit `PreDeleteRecord`. Raises as `emit` does; nothing is deleted then."""
    _load_what_was_computed(sender, instance, using)
    if PreDeleteRecord in heard_of.get(sender, NOTHING):
        values = loaded_values_of(instance)
        emit(PreDeleteRecord, sender=sender, record=instance, values=values)


def after_delete(sender: type[Model], instance: Model, **_: Any) -> None:
    """Emit `PostDeleteRecord`. Raises as `emit` does; the deletion is rolled back then."""
    if PostDeleteRecord in heard_of.get(sender, NOTHING):
        values = loaded_values_of(instance)
        # Django takes the key from the instance itself as soon as all are told.
        emit(PostDeleteRecord, sender=sender, record=_copy_of(instance), values=values)


def _load_what_was_computed(model: type[Model], record: Model, using: str) -> None:
    """Replace expressions that were saved by what the row holds: soon nobody can say it."""
    fields: list[Any] = list(model._meta.concrete_fields)
    computed = [field for field in fields if is_expression(vars(record).get(field.attname))]
    for field in computed:
        stored = stored_row(model, using, record, [field])
        if stored is not None:
            setattr(record, field.attname, stored[field.name])


def _copy_of(record: Model) -> Model:
    same = type(record).__new__(type(record))
    vars(same).update(vars(record))
    same._state = copy(record._state)
    same._state.fields_cache = dict(record._state.fields_cache)
    return same
