"""Reading the rows of a queryset so that nobody changes them before the transaction ends."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.db import connections
from django.db.models import Model, QuerySet
from django.db.models.query import ModelIterable

from workflow_events.records.values import begin_writing, locks_without_key


def locked_records(queryset: QuerySet[Any, Any]) -> list[Any]:
    """Read the rows of a queryset, complete, each once, in the order of their keys, and lock them.

    Those that somebody else has changed meanwhile are asked again whether they belong to it, where
    the database does so for an UPDATE.
    """
    model, query = queryset.model, queryset.query
    begin_writing(model, queryset.db)
    is_of_rows = issubclass(queryset._iterable_class, ModelIterable)
    over = any(getattr(a, "contains_over_clause", False) for a in query.annotations.values())
    if query.distinct or query.group_by is not None or over or not is_of_rows:
        # Such rows cannot be locked themselves.
        keys = queryset.order_by().values("pk")
        rows: QuerySet[Any, Any] = QuerySet(model, using=queryset.db).filter(pk__in=keys)
    else:
        rows = queryset.select_related(None).defer(None)
    features = connections[queryset.db].features
    of = ("self", *_parents(model)) if features.has_select_for_update_of else ()
    rows = rows.order_by("pk").select_for_update(of=of, no_key=locks_without_key(queryset.db))
    # A filter on many others finds a row once for each of them.
    return list({record.pk: record for record in rows}.values())


def _parents(model: type[Model]) -> Iterator[str]:
    """Yield the relations to the tables that hold the rest of a row."""
    for parent, link in model._meta.concrete_model._meta.parents.items():  # type: ignore[union-attr]
        if link is not None and link in model._meta.concrete_model._meta.local_fields:  # type: ignore[union-attr]
            yield link.name
            yield from (f"{link.name}__{path}" for path in _parents(parent))
