"""A queryset whose bulk writes emit the events of each record: an opt-in."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from copy import deepcopy
from typing import Any, Self, TypeVar

from django.db import NotSupportedError, connections, transaction
from django.db.models import Model, QuerySet
from django.db.models.deletion import Collector
from django.db.models.query import ModelIterable

from workflow_events.events.emission.dispatch import deliver, emit, occur
from workflow_events.records.events import (
    PostCreateRecord,
    PostDeleteRecord,
    PostUpdateRecord,
    PreCreateRecord,
    PreDeleteRecord,
    PreUpdateRecord,
    RecordEvent,
)
from workflow_events.records.heard import NOTHING, heard_of
from workflow_events.records.locking import locked_records
from workflow_events.records.values import (
    Values,
    batches,
    computed_in,
    difference,
    key_of,
    same,
    stored_values,
    values_of,
    written_fields,
)

M = TypeVar("M", bound=Model)


class RecordQuerySet(QuerySet[M, M]):
    """Emits for each record what ``save()`` and ``delete()`` would.

    A model opts in by ``objects = RecordQuerySet.as_manager()``; for one of somebody else there is
    ``RecordQuerySet(Model).filter(…)``. Each of `update`, `bulk_update`, `bulk_create` and `delete`
    is one transaction: rows are read and locked in one statement per batch, the events before the
    write come before all of it, those after it after all of it, in the order of the records.
    Where nobody listens, they are Django's own.
    """

    _emits = True

    def update(self, **kwargs: Any) -> int:
        """Update as Django does, and emit `PreUpdateRecord` and `PostUpdateRecord` for each row.

        What a receiver assigns to the record is stored, too, by an UPDATE of its own. Where they
        are heard, raises ``NotSupportedError`` for a new primary key. Raises what Django and `emit`
        raise.
        """
        unusual = self.query.is_sliced or self.query.combinator or not kwargs
        if not self._hears(PreUpdateRecord, PostUpdateRecord) or unusual:
            return super().update(**kwargs)
        self._for_write = True
        self._result_cache = None
        with transaction.atomic(using=self.db):
            records: list[M] = locked_records(self)
            fields = self._fields_to_update(kwargs)
            old = [values_of(record, written_fields(self.model)) for record in records]
            for record in records:
                for field, value in zip(fields, kwargs.values(), strict=True):
                    setattr(record, field.attname, _key_or_value(field, value))
            given = [values_of(record, written_fields(self.model)) for record in records]
            if self._announce_updates(records, old, given):
                records, old, given = self._read_again(records, given, fields)
            for keys in batches(self.model, self.db, [record.pk for record in records]):
                super(RecordQuerySet, self._rows_of(keys)).update(**kwargs)
            self._store_assigned(records, given)
            self._report_updates(records, old, written_fields(self.model))
        return len(records)

    update.alters_data = True  # type: ignore[attr-defined]

    def bulk_update(
        self, objs: Iterable[M], fields: Iterable[str], batch_size: int | None = None
    ) -> int:
        """Update as Django does, and emit `PreUpdateRecord` and `PostUpdateRecord` for each row.

        What a receiver assigns to one of these fields is stored. Nothing is emitted for records
        that have no row. Raises what Django and `emit` raise.
        """
        records, names = list(objs), list(fields)
        if not self._hears(PreUpdateRecord, PostUpdateRecord):
            return super().bulk_update(records, names, batch_size=batch_size)
        self._for_write = True
        written = written_fields(self.model, names)
        with transaction.atomic(using=self.db):
            there, old = self._stored_of(records, written)
            if self._announce_updates(there, old, [values_of(one, written) for one in there]):
                there, old = self._stored_of(records, written)
            silent = self._clone()
            silent._emits = False
            count = super(RecordQuerySet, silent).bulk_update(records, names, batch_size=batch_size)
            self._report_updates(there, old, written)
        return count

    bulk_update.alters_data = True  # type: ignore[attr-defined]

    def bulk_create(self, objs: Iterable[M], *args: Any, **options: Any) -> list[M]:
        """Insert as Django does, and emit `PreCreateRecord` and `PostCreateRecord` for each row.

        Where they are heard, raises ``NotSupportedError`` for ``ignore_conflicts`` and
        ``update_conflicts``: the database does not say which rows it has inserted.
        """
        records = list(objs)
        heard = self._hears(PreCreateRecord, PostCreateRecord, PreUpdateRecord, PostUpdateRecord)
        if not heard:
            return super().bulk_create(records, *args, **options)
        given = dict(zip(_BULK_CREATE, args, strict=False)) | options
        self._for_write = True
        self._check_bulk_create(records, given)
        with transaction.atomic(using=self.db):
            self._emit(PreCreateRecord, records)
            created = super().bulk_create(records, **given)
            self._emit(PostCreateRecord, created)
        return created

    bulk_create.alters_data = True  # type: ignore[attr-defined]

    def delete(self) -> tuple[int, dict[str, int]]:
        """Delete as Django does, with the rows locked when they are read.

        `PreDeleteRecord` and `PostDeleteRecord` are emitted by every queryset, see there. Raises
        what Django and `emit` raise.
        """
        unusual = self.query.is_sliced or self.query.combinator or self.query.distinct_fields
        is_of_rows = issubclass(self._iterable_class, ModelIterable)
        if not self._hears(PreDeleteRecord, PostDeleteRecord) or unusual or not is_of_rows:
            return super().delete()
        self._for_write = True
        with transaction.atomic(using=self.db):
            collector = Collector(using=self.db, origin=self)
            collector.collect(locked_records(self))
            deleted: tuple[int, dict[str, int]] = collector.delete()
        self._result_cache = None
        return deleted

    delete.alters_data = True  # type: ignore[attr-defined]
    delete.queryset_only = True  # type: ignore[attr-defined]

    def _clone(self) -> Self:
        # Django's bulk_update() calls update() of a clone.
        clone: Self = super()._clone()  # type: ignore[misc]
        clone._emits = self._emits
        return clone

    def _hears(self, *events: type[RecordEvent[Any]]) -> bool:
        return self._emits and not heard_of.get(self.model, NOTHING).isdisjoint(events)

    def _emit(self, event: type[RecordEvent[Any]], records: Iterable[M]) -> None:
        if self._hears(event):
            for record in records:
                emit(event, sender=self.model, record=record)

    def _check_bulk_create(self, records: list[M], options: Mapping[str, Any]) -> None:
        for option in ("ignore_conflicts", "update_conflicts"):
            if options.get(option):
                raise NotSupportedError(
                    f"bulk_create({option}=True) of {self.model._meta.label} cannot tell which "
                    "rows it has created, and somebody listens to that. Leave the option out, or "
                    f"call it on QuerySet({self.model.__name__}), which emits nothing."
                )
        returns_keys = connections[self.db].features.can_return_rows_from_bulk_insert
        if not returns_keys and any(record.pk is None for record in records):
            raise NotSupportedError(
                f"bulk_create() of {self.model._meta.label} on this database does not know the "
                "keys of what it has created, and somebody listens to that. Save one by one."
            )

    def _rows_of(self, keys: Iterable[Any]) -> Self:
        """Return the rows of these keys, with the annotations to which an update may refer."""
        if self.query.annotations:
            return self.order_by().filter(pk__in=keys)
        return type(self)(self.model, using=self.db).filter(pk__in=keys)

    def _stored_of(
        self, records: Sequence[M], fields: Sequence[Any]
    ) -> tuple[list[M], list[Values]]:
        """Return those of the records that have a row in this queryset, and what it holds."""
        stored = stored_values(self.model, self.db, list(map(key_of, records)), fields)
        stored = self._only_ours(stored)
        there = [record for record in records if key_of(record) in stored]
        return there, [stored[key_of(record)] for record in there]

    def _only_ours(self, stored: dict[Any, Values]) -> dict[Any, Values]:
        """Return those of the rows that belong to this queryset: only they are updated."""
        if not self.query.where:
            return stored
        ours = self.order_by().values_list("pk", flat=True)
        return {
            key: stored[key]
            for keys in batches(self.model, self.db, stored)
            for key in ours.filter(pk__in=keys)
        }

    def _fields_to_update(self, names: Iterable[str]) -> list[Any]:
        fields: list[Any] = [self.model._meta.get_field(name) for name in names]
        if any(field.primary_key for field in fields):
            raise NotSupportedError(
                f"update() of {self.model._meta.label} cannot tell who is who once keys are "
                "changed, and somebody listens to that. Save one by one, or call it on "
                f"QuerySet({self.model.__name__}), which emits nothing."
            )
        return fields

    def _announce_updates(
        self, records: Sequence[M], old: Sequence[Values], new: Sequence[Values]
    ) -> bool:
        """Emit `PreUpdateRecord` for each; return whether a receiver wrote, perhaps these rows."""
        wrote = False
        if self._hears(PreUpdateRecord):
            for record, before, after in zip(records, old, new, strict=True):
                payload = {"record": record, "diff": difference(before, after)}
                wrote |= deliver(occur(PreUpdateRecord, self.model, payload))
        return wrote

    def _read_again(
        self, records: Sequence[M], given: Sequence[Values], updated: Sequence[Any]
    ) -> tuple[list[M], list[Values], list[Values]]:
        """Return the records whose rows are there still, what they hold, and what they are given.

        What nobody has given or assigned, is on each record as its row has it now.
        """
        fields = written_fields(self.model)
        stored = stored_values(self.model, self.db, list(map(key_of, records)), fields)
        there = [one for one in zip(records, given, strict=True) if key_of(one[0]) in stored]
        for record, values in there:
            row, now = stored[key_of(record)], values_of(record, fields)
            for field in fields:
                if field not in updated and same(values[field.name], now[field.name]):
                    values[field.name] = row[field.name]
                    setattr(record, field.attname, deepcopy(row[field.name]))
        kept = [record for record, _ in there]
        return kept, [stored[key_of(record)] for record in kept], [values for _, values in there]

    def _store_assigned(self, records: Sequence[M], given: Sequence[Values]) -> None:
        """Store what receivers have assigned to a record, on top of what all of them get."""
        fields = {field.name: field for field in written_fields(self.model)}
        for record, before in zip(records, given, strict=True):
            now = values_of(record, fields.values())
            assigned = {fields[n].attname: now[n] for n in now if not same(before[n], now[n])}
            if assigned:
                QuerySet(self.model, using=self.db).filter(pk=record.pk).update(**assigned)

    def _report_updates(
        self, records: Sequence[M], old: Sequence[Values], fields: Sequence[Any]
    ) -> None:
        new = [values_of(record, fields) for record in records]
        computed = {field.name for values in new for field in computed_in(values, fields)}
        if computed:
            asked = [field for field in fields if field.name in computed]
            stored = stored_values(self.model, self.db, list(map(key_of, records)), asked)
            for record, values in zip(records, new, strict=True):
                values.update(stored[key_of(record)])
                for field in asked:
                    setattr(record, field.attname, values[field.name])
        if self._hears(PostUpdateRecord):
            for record, before, after in zip(records, old, new, strict=True):
                diff = difference(before, after)
                emit(PostUpdateRecord, sender=self.model, record=record, diff=diff)


def _key_or_value(field: Any, value: Any) -> Any:
    """Return what a record holds for a value as ``update()`` takes it; of a row, its key."""
    if isinstance(value, dict | list | set):
        return deepcopy(value)  # each record has its own
    if isinstance(value, Model) and field.is_relation:
        return getattr(value, field.target_field.attname)
    return value


_BULK_CREATE = (
    "batch_size",
    "ignore_conflicts",
    "update_conflicts",
    "update_fields",
    "unique_fields",
)
"""The parameters of Django's ``bulk_create`` after the first."""
