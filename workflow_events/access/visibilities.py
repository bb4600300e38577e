"""Visibilities: who sees what (facts 5.3).

A deployment derives a class and lists it in the setting ``VISIBILITY_CLASSES``::

    class OwnCases(BaseVisibility):
        @filter_queryset_for(Case)
        def own_cases(self, node, queryset, info):
            return queryset.filter(created_by_user=info.context.user.username)

The method of the first class that has one, along the parents of the node, filters; without any
everything is shown. The listed classes filter one after another.
"""

import operator
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import reduce
from typing import Any as Anything
from typing import ClassVar

from django.core.exceptions import ImproperlyConfigured
from django.db.models import Exists, Expression, Model, OuterRef, QuerySet
from django.db.models.sql import Query

from workflow_events.access.methods import (
    AccessClass,
    BoundMethod,
    Kind,
    Marked,
    name_of,
    result_of,
)
from workflow_events.workflow.lookups import groups_overlap
from workflow_events.workflow.lookups.cases import CasesOf
from workflow_events.workflow.models import Case, WorkItem

FILTER = Kind("filter_queryset_for", "Case", ("node", "queryset", "info"))

Rows = QuerySet[Anything]
Filter = Callable[[type, Rows, Anything], Rows]


def filter_queryset_for(cls: type) -> Callable[[Marked], Marked]:
    """Mark a method ``(self, node, queryset, info) -> QuerySet``: what of the rows is shown.

    Takes a node type or its model, which mean the same; ``Node`` means all of them. The method
    narrows the queryset that it is given, and returns that very one to show everything. Raises
    ``ImproperlyConfigured`` for anything but a class.
    """
    return FILTER.mark(cls)


class BaseVisibility(AccessClass):
    """Base of visibility classes; see `filter_queryset_for`.

    ``suppress_visibilities`` names relations to one object, such as ``"WorkItem.case"``: what they
    lead to is not filtered by this class.
    """

    kinds: ClassVar[tuple[Kind, ...]] = (FILTER,)
    suppress_visibilities: ClassVar[Sequence[str]] = ()

    def filter_for(self, node: type, relation: str | None = None) -> Filter | None:
        """Return what filters the rows of a node, reached by a relation; None where nothing does.

        The filter raises ``TypeError`` when its method gives anything but rows of the same model.
        """
        if relation in self.suppress_visibilities:
            return None
        method = self.method_for(FILTER, _chain(node))
        return None if method is None else _Checked(method)

    def speaks_of(self, node: type) -> bool:
        """Whether it has a method for this very node, by its type or its model."""
        return self.method_for(FILTER, [next(_chain(node))]) is not None


class Any(BaseVisibility):
    """Shows everything to everybody."""


class Authenticated(BaseVisibility):
    """Shows everything to users who are known, and nothing to others."""

    @filter_queryset_for(object)
    def to_authenticated(self, node: type, queryset: Rows, info: Anything) -> Rows:
        """Return all or none of it."""
        return queryset if info.context.user.is_authenticated else queryset.none()


class CreatedByGroup(BaseVisibility):
    """Shows what was created by a group of the user's.

    Events and deliveries are not created by anybody: they go by the case that they are about.
    """

    @filter_queryset_for(object)
    def created_by_group(self, node: type, queryset: Rows, info: Anything) -> Rows:
        """Return what was created by one of the user's groups."""
        if not hasattr(queryset.model, "created_by_group"):
            return queryset
        return queryset.filter(created_by_group__in=info.context.user.groups)


class AddressedGroups(BaseVisibility):
    """Shows the work items addressed to a group of the user's, and the cases they belong to.

    A case is shown for one such item in it, or if the item that it does is one. Workflows, tasks
    and flows are shown to everybody.
    """

    @filter_queryset_for(WorkItem)
    def addressed_work_items(self, node: type, queryset: Rows, info: Anything) -> Rows:
        """Return the items addressed to one of the user's groups."""
        return queryset.filter(groups_overlap("addressed_groups", info.context.user.groups))

    @filter_queryset_for(Case)
    def addressed_cases(self, node: type, queryset: Rows, info: Anything) -> Rows:
        """Return the cases with an item, or a parent item, addressed to one of them."""
        addressed = WorkItem.objects.filter(
            groups_overlap("addressed_groups", info.context.user.groups)
        )
        return queryset.filter(pk__in=CasesOf(addressed))


class Union(BaseVisibility):
    """Shows what any of its ``visibility_classes`` shows.

    A relation that one of them suppresses is not filtered. Raises ``ImproperlyConfigured`` when it
    is made without members, or with members that are no visibility classes.
    """

    visibility_classes: ClassVar[Sequence[type[BaseVisibility]]] = ()

    def __init_subclass__(cls) -> None:
        super().__init_subclass__()
        if cls.entries:
            [entry, *_] = cls.entries.values()
            raise ImproperlyConfigured(
                f"{cls.__module__}.{cls.__qualname__}.{entry.name}: a Union has no methods of its "
                "own; put it into a class of visibility_classes"
            )

    def __init__(self) -> None:
        wrong = [
            member
            for member in self.visibility_classes
            if not (isinstance(member, type) and issubclass(member, BaseVisibility))
        ]
        if wrong or not self.visibility_classes:
            said = f"holds {wrong[0]!r}" if wrong else "is empty"
            raise ImproperlyConfigured(
                f"visibility_classes {said}; list subclasses of BaseVisibility, the classes "
                "themselves"
            )
        self.members = tuple(member() for member in self.visibility_classes)

    def speaks_of(self, node: type) -> bool:
        """Whether all members have a method for this very node."""
        return all(member.speaks_of(node) for member in self.members)

    def filter_for(self, node: type, relation: str | None = None) -> Filter | None:
        """Return what filters the rows; None where one of the members filters nothing."""
        if relation in self.suppress_visibilities:
            return None
        filters = [member.filter_for(node, relation) for member in self.members]
        needed = tuple(filter_ for filter_ in filters if filter_ is not None)
        return _AnyOf(needed) if len(needed) == len(filters) else None


@dataclass(frozen=True, slots=True)
class _Checked:
    """A method of a visibility, with a look at what it gives."""

    method: BoundMethod

    def __call__(self, node: type, queryset: Rows, info: Anything) -> Rows:
        shown: Rows = self.method(node, queryset, info)
        if problem := _problem_of(shown, queryset):
            raise TypeError(f"{name_of(self.method)} gave {problem}")
        # It decides on rows: a column left out would be read for each row, or cannot be joined.
        return shown if _has_all_columns(shown) else shown.defer(None)


def _problem_of(shown: Anything, queryset: Rows) -> str | None:
    """Return what is wrong with what was shown of a queryset, or None."""
    if not isinstance(shown, QuerySet) or shown.model is not queryset.model:
        rows = isinstance(shown, QuerySet)
        what = f"rows of {shown.model.__name__}" if rows else result_of(shown)
        return (
            f"{what}; it must return the queryset of {queryset.model.__name__} that it was given, "
            "or narrow it"
        )
    query = shown.query
    # What a window counts is counted anew among what a further filter leaves.
    if query.is_sliced or query.combinator or query.where.contains_over_clause:
        return (
            "a sliced, combined or windowed queryset, which cannot be filtered any further; "
            "select by primary keys instead: filter(pk__in=…)"
        )
    if getattr(shown, "_fields", None) is not None:
        return "no instances; leave values() away"
    # Below a row: the rows of other parents would be shown there, too.
    if not queryset.query.annotations.keys() <= query.annotations.keys():
        return "a queryset of its own; it must narrow the one that it was given"
    if query.standard_ordering != queryset.query.standard_ordering:
        return "rows in reverse, whatever order is asked for; leave reverse() away"
    return None


def _has_all_columns(shown: Rows) -> bool:
    names, are_left_out = shown.query.deferred_loading
    return are_left_out and not names


@dataclass(frozen=True, slots=True)
class _AnyOf:
    """What any of several filters shows: their conditions, joined by OR."""

    filters: tuple[Filter, ...]

    def __call__(self, node: type, queryset: Rows, info: Anything) -> Rows:
        everything = queryset.model._default_manager.all()
        parts = []
        for filter_ in self.filters:
            part = filter_(node, everything, info)
            if part is everything:
                return queryset
            parts.append(_condition_only(part))
        shown = reduce(operator.or_, parts)
        if shown.query.is_empty():
            return queryset.none()
        # Rows that were made distinct can only be combined with such.
        if queryset.query.distinct:
            return queryset.filter(pk__in=shown.values("pk"))
        both: Rows = queryset & shown
        return both


def _condition_only(part: Rows) -> Rows:
    """Return the same rows as a plain condition, which OR can join and an index can answer."""
    query = part.query
    is_plain = len(query.alias_map) <= 1 and not (
        query.distinct or query.annotations or query.extra or _has_subquery(part)
    )
    if is_plain:
        return part.order_by()
    # Not by `pk__in`: what is too many keys for a hash, PostgreSQL searches through for each row.
    same = Exists(part.order_by().filter(pk=OuterRef("pk")))
    rows: Rows = part.model._default_manager.filter(same)
    return rows


def _has_subquery(part: Rows) -> bool:
    """Whether it looks for a value among the rows of a query; EXISTS looks for one row only."""
    for leaf in part.query.where.leaves():
        kinds = {type(inner) for inner in leaf.flatten()} if isinstance(leaf, Expression) else set()
        if Query in kinds and Exists not in kinds:
            return True
    return False


def model_of(node: type) -> type[Model] | None:
    """Return the model that a class names in its own body as ``model``, or None."""
    model = vars(node).get("model")
    return model if isinstance(model, type) and issubclass(model, Model) else None


def _chain(node: type) -> Iterator[tuple[type, ...]]:
    """Yield the parents of a node type, each with its model, which means the same."""
    for cls in node.__mro__:
        model = model_of(cls)
        yield (cls,) if model is None else (cls, model)
