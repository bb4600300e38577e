"""Reading rows under the lock of their family, into the instances that others hold."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any, Final, TypeVar
from uuid import UUID

from django.db.models import ForeignKey, Model, OneToOneField, QuerySet

from workflow_events.events.database.prepared import Parameter, Prepared
from workflow_events.workflow.errors import NotFound
from workflow_events.workflow.models import Case, WorkItem
from workflow_events.workflow.values import identifier

Target = TypeVar("Target", Case, WorkItem)

RELATIONS: Final[dict[type[Model], tuple[str, ...]]] = {
    Case: (),
    WorkItem: ("case", "task", "child_case"),
}
"""What is read along with a row: receivers may be async, and cannot load it themselves."""


def lock_family_of(given: Any, model: type[Case] | type[WorkItem]) -> None:
    """Lock the root case of the family that this case or work item belongs to, in one statement.

    Operations of one family thus take turns (design, "One lock"). On SQLite, which locks the whole
    database, it only looks. Raises `NotFound` when the row, or its family, does not exist.
    """
    pk = identifier(given, model)
    if not _LOCKING[model].rows(pk=pk):
        raise _missing(model, pk)


def read(given: Target | UUID | str, model: type[Target]) -> Target:
    """Return the row as it is now; an instance is brought up to date and returned itself.

    Its unsaved changes are discarded. Raises `NotFound` when there is no such row.
    """
    pk = identifier(given, model)
    fresh: Target | None = _READING[model].first(pk=pk)
    if fresh is None:
        raise _missing(model, pk)
    if isinstance(given, UUID | str):
        return fresh
    adopt(given, fresh)
    return given


def find(pk: UUID, model: type[Target]) -> Target | None:
    """Return the row with this key as it is now, or None."""
    return _READING[model].first(pk=pk)


def lock_and_read(given: Target | UUID | str, model: type[Target]) -> Target:
    """Lock the family of a case or work item, then read it as `read` does."""
    lock_family_of(given, model)
    return read(given, model)


def reread(instance: Target) -> bool:
    """Bring an instance up to date; returns whether its row still exists."""
    model = Case if isinstance(instance, Case) else WorkItem  # it may be of a proxy
    fresh = _READING[model].first(pk=instance.pk)
    if fresh is None:
        return False
    adopt(instance, fresh)
    return True


@contextmanager
def put_back_on_failure(*instances: Model | None) -> Iterator[None]:
    """Leave instances that others hold, and what they have loaded, as they are if the body raises.

    The database is rolled back then, and who catches the error goes on with them.
    """
    rows = [row for row in instances if row is not None]
    for row in tuple(rows):
        loaded = row._state.fields_cache
        related = (loaded.get(field.name) for field in row._meta.concrete_fields)
        rows.extend(one for one in related if one is not None)
    before = [(row, dict(vars(row)), dict(row._state.fields_cache)) for row in rows]
    try:
        yield
    except BaseException:
        for row, values, relations in before:
            vars(row).clear()
            vars(row).update(values)
            row._state.fields_cache.clear()
            row._state.fields_cache.update(relations)
        raise


def open_items(cases: Iterable[Case], statuses: Iterable[str]) -> list[WorkItem]:
    """Return the work items of these cases in one of these states, in the order of creation.

    Each has the instance of its case that was given.
    """
    by_pk = {case.pk: case for case in cases}
    items = list(
        WorkItem.objects.filter(case__in=list(by_pk), status__in=statuses)
        .select_related("task", "child_case")
        .order_by("pk")
    )
    for item in items:
        item.case = by_pk[item.case_id]
    return items


def adopt(target: Model, fresh: Model) -> None:
    """Copy a freshly read row into the instance that others hold, related instances included."""
    known = dict(target._state.fields_cache)
    values = {name: value for name, value in fresh.__dict__.items() if name != "_state"}
    target.__dict__.pop("_prefetched_objects_cache", None)
    target.__dict__.update(values)
    target._state.adding = False
    target._state.db = fresh._state.db
    target._state.fields_cache.clear()
    for field in target._meta.concrete_fields:
        if isinstance(field, ForeignKey):
            _adopt_related(target, fresh, field, known.get(field.name))


def _adopt_related(target: Model, fresh: Model, field: Any, known: Model | None) -> None:
    key = getattr(target, field.attname)
    same = known is not None and known.pk == key
    if not field.is_cached(fresh):
        related = known
        if not same:
            return
    else:
        related = field.get_cached_value(fresh)
        if same and related is not None and known is not None and known is not target:
            adopt(known, related)
            related = known
    field.set_cached_value(target, related)
    if isinstance(field, OneToOneField) and related is not None:
        field.remote_field.set_cached_value(related, target)


def _locking(model: type[Model], path: str) -> Prepared[Any]:
    def root() -> QuerySet[Case, Any]:
        family = model._default_manager.filter(pk=_key_of(model)).values(path)[:1]
        return Case.objects.select_for_update(no_key=True).filter(pk=family).values_list("pk")

    return Prepared(root)


def _reading(model: type[Model]) -> Prepared[Any]:
    def row() -> QuerySet[Any]:
        rows = model._default_manager.filter(pk=_key_of(model))
        relations = RELATIONS[model]
        return rows.select_related(*relations) if relations else rows

    return Prepared(row)


def _key_of(model: type[Model]) -> Parameter:
    return Parameter("pk", model._meta.pk)


_LOCKING: Final = {
    Case: _locking(Case, "family_id"),
    WorkItem: _locking(WorkItem, "case__family_id"),
}
_READING: Final = {Case: _reading(Case), WorkItem: _reading(WorkItem)}


def _missing(model: type[Model], pk: Any) -> NotFound:
    return NotFound(f"There is no {model._meta.verbose_name} {pk}.")
