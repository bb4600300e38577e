"""Permissions: who may do what (facts 5.3).

A deployment derives a class and lists it in the setting ``PERMISSION_CLASSES``::

    class Clerks(BasePermission):
        @permission_for(Mutation)
        def is_clerk(self, mutation, info):
            return "clerks" in info.context.user.groups

        @object_permission_for(CompleteWorkItem)
        def is_addressed(self, mutation, info, instance):
            return bool(set(instance.addressed_groups) & set(info.context.user.groups))

The method of the first class that has one, along the parents of the mutation, decides; without any
it is allowed. All listed classes must agree.
"""

from collections.abc import Callable
from typing import Any, ClassVar

from workflow_events.access.methods import AccessClass, Kind, Marked

PERMISSION = Kind("permission_for", "SaveCase", ("mutation", "info"))
OBJECT_PERMISSION = Kind("object_permission_for", "SaveCase", ("mutation", "info", "instance"))


def permission_for(cls: type) -> Callable[[Marked], Marked]:
    """Mark a method ``(self, mutation, info) -> bool``: whether a mutation may be tried at all.

    Takes a mutation class; ``Mutation`` means all of them, an abstract parent such as ``SaveTask``
    those below it. Raises ``ImproperlyConfigured`` for anything but a class.
    """
    return PERMISSION.mark(cls)


def object_permission_for(cls: type) -> Callable[[Marked], Marked]:
    """Mark a method ``(self, mutation, info, instance) -> bool``: whether this object may be meant.

    Takes a mutation class, as `permission_for` does. It is asked for an existing object that the
    user may see; never for what a mutation creates.
    """
    return OBJECT_PERMISSION.mark(cls)


class BasePermission(AccessClass):
    """Base of permission classes; see `permission_for` and `object_permission_for`."""

    kinds: ClassVar[tuple[Kind, ...]] = (PERMISSION, OBJECT_PERMISSION)


class AllowAny(BasePermission):
    """Allows everything to everybody."""


class IsAuthenticated(BasePermission):
    """Allows every mutation to users who are known, and none to others."""

    @permission_for(object)
    def is_authenticated(self, mutation: type, info: Any) -> bool:
        """Return whether the user is known."""
        return bool(info.context.user.is_authenticated)


class CreatedByGroup(BasePermission):
    """Allows changes of an object to the members of the group that created it.

    What nobody has created, such as a delivery, may not be changed.
    """

    @object_permission_for(object)
    def is_created_by_group(self, mutation: type, info: Any, instance: Any) -> bool:
        """Return whether the user is in the group of the one who created the object."""
        return getattr(instance, "created_by_group", None) in info.context.user.groups
