"""Access classes for tests: what is hidden, and who is asked."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from django.core.exceptions import ValidationError

from workflow_events.access.permissions import (
    BasePermission,
    object_permission_for,
    permission_for,
)
from workflow_events.access.policy import Policy, using
from workflow_events.access.validations import BaseValidation, validation_for
from workflow_events.access.visibilities import BaseVisibility, filter_queryset_for
from workflow_events.graphql.mutations import Mutation


def hiding(node_type: type, *, suppress: Sequence[str] = (), **lookups: Any) -> BaseVisibility:
    """Return a visibility that hides the rows of a type that match."""

    class Hiding(BaseVisibility):
        suppress_visibilities = suppress

        @filter_queryset_for(node_type)
        def others(self, node: type, queryset: Any, info: Any) -> Any:
            assert info.context.user is not None
            return queryset.exclude(**lookups)

    return Hiding()


@contextmanager
def in_force(*classes: BasePermission | BaseVisibility | BaseValidation) -> Iterator[Policy]:
    """Put these classes in force, and no others."""
    policy = Policy(
        tuple(one for one in classes if isinstance(one, BasePermission)),
        tuple(one for one in classes if isinstance(one, BaseVisibility)),
        tuple(one for one in classes if isinstance(one, BaseValidation)),
    )
    with using(policy):
        yield policy


def refusing(kind: str) -> BasePermission | BaseValidation:
    """Return what refuses everything: as "permission", "object" permission, or "data"."""

    class Refusing(BasePermission):
        @(permission_for if kind == "permission" else object_permission_for)(Mutation)
        def refused(self, mutation: type, info: Any, instance: Any = None) -> bool:
            return False

    class Unwilling(BaseValidation):
        @validation_for(Mutation)
        def refused(self, mutation: type, data: dict[str, Any], info: Any) -> dict[str, Any]:
            raise ValidationError("Refused.")

    return Unwilling() if kind == "data" else Refusing()


def noting(asked: list[Any]) -> tuple[BasePermission, BaseValidation]:
    """Return a permission and a validation that note what they are asked, and allow everything."""

    class Clerk(BasePermission):
        @permission_for(Mutation)
        def allowed(self, mutation: type, info: Any) -> bool:
            asked.append(("permission", mutation))
            return True

        @object_permission_for(Mutation)
        def allowed_for(self, mutation: type, info: Any, instance: Any) -> bool:
            asked.append(("object", instance))
            return True

    class Check(BaseValidation):
        @validation_for(Mutation)
        def right(self, mutation: type, data: dict[str, Any], info: Any) -> dict[str, Any]:
            asked.append(("data", dict(data)))
            return data

    return Clerk(), Check()
