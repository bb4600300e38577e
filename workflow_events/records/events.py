"""The events of records. Read the docstring of the one that you need.

All are sent by the model that is saved or deleted: of a proxy, or a child with a table of its own,
that model itself; ``sender=Parent`` hears those too. They are emitted only while somebody listens.
None is emitted by ``QuerySet.update()``, ``bulk_create()`` and ``bulk_update()``, except those of
`RecordQuerySet`; nor by ``loaddata``, by migrations, for the tables that Django makes between two
models, and where the database itself changes rows (``db_on_delete``, triggers).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Generic, TypeVar

from django.db.models import Model

from workflow_events.events.declaration.event import Event
from workflow_events.records.senders import sending_models

M = TypeVar("M", bound=Model)


class RecordEvent(
    Event,
    Generic[M],
    abstract=True,
    by_pattern=False,
    subscript_is_sender=True,
    senders=sending_models,
):
    """Base of the events of records, generic in the model: ``PostUpdateRecord[Setting]``.

    ``record`` is the very instance that is saved or deleted, with its unsaved changes.
    """

    fresh_instances = False

    record: M


class PreCreateRecord(RecordEvent[M]):
    """A record is about to be inserted.

    Emitted by ``save()`` before the INSERT; what a receiver assigns to the record is stored with
    it. A record with a key of its own is created if there is no row of that key. **Not** emitted by
    ``bulk_create()``, except of `RecordQuerySet`.
    """

    record: M


class PostCreateRecord(RecordEvent[M]):
    """A record was inserted.

    Emitted by ``save()`` after the INSERT. **Not** emitted when the row was there already, nor by
    ``bulk_create()``, except of `RecordQuerySet`.
    """

    record: M


class PreUpdateRecord(RecordEvent[M]):
    """The row of a record is about to be updated.

    Emitted by ``save()`` before the UPDATE, also if nothing has changed. ``diff`` holds what would
    change: by name of the field, the value that is stored and the one on the record; of a foreign
    key, the keys. What a receiver assigns to the record is stored with it, unless ``update_fields``
    leaves it out. **Not** emitted by ``QuerySet.update()`` and ``bulk_update()``, except of
    `RecordQuerySet`; nor where a deletion sets keys of other rows to NULL.
    """

    record: M
    diff: dict[str, tuple[Any, Any]]


class PostUpdateRecord(RecordEvent[M]):
    """The row of a record was updated.

    Emitted by ``save()`` after the UPDATE, also if nothing has changed. ``diff`` holds what has
    changed: by name of the field, the old and the new value; of a foreign key, the keys. Fields
    that the save did not write are not in it. **Not** emitted by ``QuerySet.update()`` and
    ``bulk_update()``, except of `RecordQuerySet`; nor where a deletion sets keys of other rows to
    NULL.
    """

    record: M
    diff: dict[str, tuple[Any, Any]]


class PreDeleteRecord(RecordEvent[M]):
    """A record is about to be deleted.

    Emitted by ``delete()`` of a record or a queryset, and where the deletion of another one
    cascades to it. ``values`` holds its values by name of the field; of a foreign key, the key.
    Of a child with a table of its own, Django deletes its parent too, which sends its own event.
    **Not** emitted where the database itself deletes.
    """

    record: M
    values: dict[str, Any]


class PostDeleteRecord(RecordEvent[M]):
    """A record was deleted.

    Emitted by ``delete()`` of a record or a queryset, and where the deletion of another one
    cascades to it. ``values`` holds its last values by name of the field; of a foreign key, the
    key. ``record`` is a copy that keeps its key, also after COMMIT; in the background it is made
    of ``values``. **Not** emitted where the database itself deletes.
    """

    not_stored = frozenset({"record"})

    record: M
    values: dict[str, Any]

    @classmethod
    def rebuilt(cls, sender: Any, payload: Mapping[str, Any]) -> dict[str, Any]:
        """Return the record as it was, made of its values; fields that are gone are left out.

        None where this process has no such model.
        """
        if not (isinstance(sender, type) and issubclass(sender, Model)):
            return {"record": None}
        values = payload["values"]
        # In the order of the fields: that is how Django takes them.
        loaded = {
            field.attname: values[field.name]
            for field in sender._meta.concrete_fields
            if field.name in values
        }
        return {"record": sender.from_db(None, list(loaded), list(loaded.values()))}


pre_create_record = PreCreateRecord
post_create_record = PostCreateRecord
pre_update_record = PreUpdateRecord
post_update_record = PostUpdateRecord
pre_delete_record = PreDeleteRecord
post_delete_record = PostDeleteRecord
