"""Access classes that check everything, and let pass what the tests need."""

from typing import Any

from workflow_events.access.permissions import (
    BasePermission,
    object_permission_for,
    permission_for,
)
from workflow_events.access.validations import BaseValidation, validation_for
from workflow_events.access.visibilities import BaseVisibility, filter_queryset_for
from workflow_events.graphql.mutations import Mutation
from workflow_events.graphql.nodes import Case, Flow, Task, Workflow, WorkItem


class Permitted(BasePermission):
    """Asks for the class and for the object, whose case and task it looks at."""

    @permission_for(Mutation)
    def may_try(self, mutation: type, info: Any) -> bool:
        """Allow all but one user."""
        return bool(info.context.user.username != "nobody")

    @object_permission_for(Mutation)
    def may_change(self, mutation: type, info: Any, instance: Any) -> bool:
        """Allow what is not locked."""
        if isinstance(instance, WorkItem.model):
            return instance.case.meta != "locked" and instance.task.meta != "locked"
        return getattr(instance, "meta", None) != "locked"


class Shown(BaseVisibility):
    """Restricts every type."""

    @filter_queryset_for(Case)
    @filter_queryset_for(WorkItem)
    @filter_queryset_for(Workflow)
    @filter_queryset_for(Task)
    def not_secret(self, node: type, queryset: Any, info: Any) -> Any:
        """Show what is not secret."""
        return queryset.exclude(meta="secret")

    @filter_queryset_for(Flow)
    def not_secret_flows(self, node: type, queryset: Any, info: Any) -> Any:
        """Show flows that are not secret."""
        return queryset.exclude(next="secret")


class Valid(BaseValidation):
    """Looks at the data, and passes it on."""

    @validation_for(Mutation)
    def as_given(self, mutation: type, data: dict[str, Any], info: Any) -> dict[str, Any]:
        """Pass it on."""
        return dict(data)


EVERYTHING_CHECKED = (Permitted(), Shown(), Valid())
