"""The access classes that are in force, and how several of them work together (facts 5.3)."""

from collections.abc import Callable, Hashable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, TypeVar

from django.core.exceptions import ImproperlyConfigured, PermissionDenied
from django.db.models import QuerySet

from workflow_events.access.methods import AccessClass, BoundMethod, Kind, name_of, result_of
from workflow_events.access.permissions import OBJECT_PERMISSION, PERMISSION, BasePermission
from workflow_events.access.validations import VALIDATION, BaseValidation
from workflow_events.access.visibilities import BaseVisibility, Filter

Chains = tuple[tuple[type, ...], ...]
"""For each class that governs a mutation, itself and its parents, in the order of lookup."""

Prepared = TypeVar("Prepared")


@dataclass(frozen=True)
class Policy:
    """Permissions, visibilities and validations, in the order of the settings.

    It finds out once which methods a mutation or node has, so that a class that says nothing of
    it costs nothing. A method that is found through several chains is called once.
    """

    permissions: tuple[BasePermission, ...] = ()
    visibilities: tuple[BaseVisibility, ...] = ()
    validations: tuple[BaseValidation, ...] = ()
    _prepared: dict[Hashable, Any] = field(
        default_factory=dict, init=False, repr=False, compare=False
    )

    def check_permission(self, chains: Chains, mutation: type, info: Any) -> None:
        """Raise ``PermissionDenied`` unless every permission class allows the mutation.

        Raises ``TypeError`` when a method gives anything but True or False.
        """
        for method in self._methods(PERMISSION, chains):
            _require(method, mutation, method(mutation, info))

    def check_granted(self, asked: type, mutation: type, info: Any) -> None:
        """Raise ``PermissionDenied`` unless a permission class allows what nobody may by default.

        ``asked`` is the class that stands for it: a method for this very class must allow it, and
        none may refuse it. What is said of parents does not count. Raises ``TypeError`` when a
        method gives anything but True or False.
        """
        methods = self._methods(PERMISSION, ((asked,),))
        if not methods:
            raise PermissionDenied(f"You are not permitted to do this: {asked.__name__}.")
        for method in methods:
            _require(method, asked, method(mutation, info))

    def check_object_permission(
        self, chains: Chains, mutation: type, info: Any, instance: Any
    ) -> None:
        """Raise ``PermissionDenied`` unless every permission class allows it for this object.

        Raises ``TypeError`` when a method gives anything but True or False.
        """
        for method in self._methods(OBJECT_PERMISSION, chains):
            _require(method, mutation, method(mutation, info, instance))

    def has_object_permissions(self, chains: Chains) -> bool:
        """Whether anybody asks for the object."""
        return bool(self._methods(OBJECT_PERMISSION, chains))

    def visible(
        self,
        node_type: type,
        queryset: QuerySet[Any],
        info: Any,
        relation: str | None = None,
    ) -> QuerySet[Any]:
        """Return what of the rows the request may see: the queryset itself if nothing restricts.

        ``relation``, such as ``"WorkItem.case"``, is how they are reached: visibilities that
        suppress it are left out. Raises ``TypeError`` when a method gives no rows of that model.
        """
        for filter_ in self._filters(node_type, relation):
            queryset = filter_(node_type, queryset, info)
        return queryset

    def suppresses(self, node_type: type, relation: str) -> bool:
        """Whether a visibility that filters the type leaves out what the relation leads to."""
        return self._filters(node_type, relation) != self._filters(node_type, None)

    def speaks_of(self, node_type: type) -> bool:
        """Whether a visibility has a method for this very type, and not for a parent of it."""
        return any(visibility.speaks_of(node_type) for visibility in self.visibilities)

    def has_validations(self, chains: Chains) -> bool:
        """Whether anybody validates the mutation."""
        return bool(self._methods(VALIDATION, chains))

    def validate(
        self, chains: Chains, mutation: type, data: dict[str, Any], info: Any
    ) -> dict[str, Any]:
        """Return the data as the validation classes, one after another, have left it.

        Raises ``TypeError`` when a method gives no dict; its exceptions pass.
        """
        for method in self._methods(VALIDATION, chains):
            data = method(mutation, data, info)
            if not isinstance(data, dict):
                raise TypeError(
                    f"{name_of(method)} gave {result_of(data)}; it must return the data, a dict"
                )
        return data

    def _methods(self, kind: Kind, chains: Chains) -> tuple[BoundMethod, ...]:
        classes: tuple[AccessClass, ...] = (
            self.validations if kind is VALIDATION else self.permissions
        )

        def find() -> tuple[BoundMethod, ...]:
            found = (
                instance.method_for(kind, ((cls,) for cls in chain))
                for instance in classes
                for chain in chains
            )
            return tuple(dict.fromkeys(method for method in found if method is not None))

        return self._once((kind, chains), find)

    def _filters(self, node_type: type, relation: str | None) -> tuple[Filter, ...]:
        def find() -> tuple[Filter, ...]:
            found = (visibility.filter_for(node_type, relation) for visibility in self.visibilities)
            return tuple(filter_ for filter_ in found if filter_ is not None)

        return self._once((node_type, relation), find)

    def _once(self, key: Hashable, find: Callable[[], Prepared]) -> Prepared:
        # Two threads may both find it; they find the same.
        if key not in self._prepared:
            self._prepared[key] = find()
        prepared: Prepared = self._prepared[key]
        return prepared


def _require(method: BoundMethod, mutation: type, answer: object) -> None:
    if answer is False:
        raise PermissionDenied(f"You are not permitted to do this: {mutation.__name__}.")
    if answer is not True:
        raise TypeError(f"{name_of(method)} gave {result_of(answer)}; it must return True or False")


_in_force: list[Policy] = []


def current() -> Policy:
    """Return the policy in force; ``ImproperlyConfigured`` before the access classes are loaded."""
    if not _in_force:
        raise ImproperlyConfigured("The access classes are not loaded yet")
    return _in_force[-1]


def enforce(policy: Policy) -> None:
    """Put a policy in force, for the whole process; called once at start."""
    _in_force[:] = [policy]


@contextmanager
def using(policy: Policy) -> Iterator[Policy]:
    """Put a policy in force for a while, in all threads; for tests."""
    _in_force.append(policy)
    try:
        yield policy
    finally:
        _in_force.pop()
