"""Rows: stored as references, and loaded anew, each once for all attributes of an event."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any
from uuid import UUID

from django.db import DEFAULT_DB_ALIAS
from django.db.models import Case, Model, QuerySet, Value, When
from django.db.models.query import ModelIterable

from workflow_events.delivery.payload.codecs import MARK, decodes, encodes, tagged
from workflow_events.delivery.payload.names import label_of, model_of

ROW = "row"


@dataclass(frozen=True, slots=True)
class Reference:
    """A row by its model, its key, and the alias of its database."""

    model: type[Model]
    pk: Any
    using: str = DEFAULT_DB_ALIAS

    def __str__(self) -> str:
        return f"{self.model._meta.label} {self.pk}"


@dataclass(frozen=True, slots=True)
class Loading:
    """How rows of a model are loaded."""

    load: Callable[[Any], Model | None] | None = None
    related: tuple[str, ...] = ()


_loadings: dict[type[Model], Loading] = {}


def register_model(
    model: type[Model],
    *,
    load: Callable[[Any], Model | None] | None = None,
    related: Sequence[str] = (),
) -> None:
    """Register how instances of a model are loaded for a receiver in the background.

    ``related`` is loaded along with them, as by ``select_related``: ``async def`` receivers cannot
    load it themselves. ``load`` takes a primary key and returns the instance, or None if there is
    none; it is called where an event has only one instance of the model.
    """
    _loadings[model] = Loading(load, tuple(related))


@encodes(Model)
def _instance(value: Model, encoding: Any) -> Any:
    if value._state.adding or value.pk is None:
        raise encoding.refusal(
            f"this {value._meta.label} has no row, as it was never saved or is deleted"
        )
    return tagged(ROW, _located(value._state.db, encoding, type(value), pk=_written(value)))


@encodes(QuerySet)
def _queryset(value: QuerySet[Any], encoding: Any) -> Any:
    if not issubclass(value._iterable_class, ModelIterable):
        raise encoding.refusal("a queryset of values has no rows to refer to; make it a list")
    if value._result_cache is None:
        keys = value.values_list("pk", flat=True)
        rows: Iterable[Any] = [SimpleNamespace(**{_pk(value.model).attname: k}) for k in keys]
    else:
        rows = value._result_cache
    pks = [_pk(value.model).value_to_string(row) for row in rows]
    return tagged("rows", _located(value.db, encoding, value.model, pks=encoding.value(pks)))


def _located(using: str | None, encoding: Any, model: type[Model], **keys: Any) -> dict[str, Any]:
    place = {} if using in (None, DEFAULT_DB_ALIAS) else {"using": using}
    return {"model": label_of(model, encoding), **keys, **place}


@decodes(ROW)
def _restore_instance(stored: dict[str, Any], decoding: Any) -> Model | None:
    row: Model | None = decoding.row(_reference(stored))
    return row


@decodes("rows")
def _restore_queryset(stored: dict[str, Any], decoding: Any) -> QuerySet[Any]:
    model = model_of(stored["model"])
    keys = [_key(model, text) for text in decoding.value(stored["pks"])]
    rows = model._default_manager.using(stored.get("using"))
    if not keys:
        return rows.none()
    rows = rows.filter(pk__in=keys)
    if all(isinstance(key, int | UUID) for key in keys) and keys == sorted(keys):
        return rows.order_by("pk")
    places = [When(pk=key, then=Value(place)) for place, key in enumerate(keys)]
    return rows.order_by(Case(*places))


def references_in(stored: Any) -> Iterator[Reference]:
    """Yield all rows that an encoded value refers to, querysets aside."""
    if isinstance(stored, dict):
        if stored.keys() == {MARK + ROW}:
            yield _reference(stored[MARK + ROW])
            return
        stored = stored.values()
    elif not isinstance(stored, list):
        return
    for member in stored:
        yield from references_in(member)


def load(references: Iterable[Reference]) -> dict[Reference, Model]:
    """Load rows, one statement for all of a model; those that are gone are missing.

    One that another of them leads to is the same instance there.
    """
    groups: dict[tuple[type[Model], str], list[Any]] = {}
    for reference in dict.fromkeys(references):
        groups.setdefault((reference.model, reference.using), []).append(reference.pk)
    found = {
        Reference(model, row.pk, using): row
        for (model, using), keys in groups.items()
        for row in _loaded(model, using, keys)
    }
    _share(list(found.values()))
    return found


def _loaded(model: type[Model], using: str, keys: list[Any]) -> Iterable[Model]:
    own = _loadings.get(model)
    if own is not None and own.load is not None and len(keys) == 1 and using == DEFAULT_DB_ALIAS:
        row = own.load(keys[0])
        return [] if row is None else [row]
    related = [
        name for base in model.__mro__ if base in _loadings for name in _loadings[base].related
    ]
    rows = model._base_manager.using(using).filter(pk__in=keys)
    return rows.select_related(*related) if related else rows


def _share(instances: list[Model]) -> None:
    """Let all who lead to a row have the same instance of it."""
    known = {_identity(row): row for row in instances}
    for instance in instances:  # which grows
        fields: list[Any] = list(instance._meta.concrete_fields)
        for field in fields:
            related = field.get_cached_value(instance) if _leads_on(field, instance) else None
            if related is None:
                continue
            first = known.get(_identity(related))
            if first is None:
                known[_identity(related)] = related
                instances.append(related)
            elif first is not related:
                field.set_cached_value(instance, first)
                if field.one_to_one:
                    field.remote_field.set_cached_value(first, instance)


def _leads_on(field: Any, instance: Model) -> bool:
    return bool(field.is_relation and field.is_cached(instance))


def _identity(row: Model) -> tuple[object, ...]:
    return type(row), row.pk, row._state.db


def _reference(stored: dict[str, Any]) -> Reference:
    model = model_of(stored["model"])
    return Reference(model, _key(model, stored["pk"]), stored.get("using", DEFAULT_DB_ALIAS))


def _pk(model: type[Model]) -> Any:
    return model._meta.pk


def _written(row: Model) -> str:
    written: str = _pk(type(row)).value_to_string(row)
    return written


def _key(model: type[Model], text: str) -> Any:
    key = _pk(model).to_python(text)
    return tuple(key) if isinstance(key, list) else key  # of several columns
