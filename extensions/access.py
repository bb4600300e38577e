"""Example access classes for the workflow ``application``: a counter that is open to everybody.

Without a login one may file an application; the rest of the work, and seeing it, is for users who
are known. They are in force when the settings name them::

    export PERMISSION_CLASSES=extensions.access.CounterPermission
    export VISIBILITY_CLASSES=extensions.access.CounterVisibility
    export VALIDATION_CLASSES=extensions.access.CounterValidation
    make run
"""

from django.core.exceptions import ValidationError

from workflow_events.access.permissions import (
    BasePermission,
    object_permission_for,
    permission_for,
)
from workflow_events.access.validations import BaseValidation, validation_for
from workflow_events.access.visibilities import BaseVisibility, filter_queryset_for
from workflow_events.graphql.mutations import CompleteWorkItem, Mutation, SaveCase, StartCase
from workflow_events.graphql.nodes import WorkItem

COUNTER = "file-application"
CHANNELS = ("counter", "letter")


class CounterPermission(BasePermission):
    """Who may do what: everybody starts cases and files applications, known users do the rest."""

    @permission_for(Mutation)
    def is_known(self, mutation, info):
        """Every other mutation: the method for the most special class counts."""
        return info.context.user.is_authenticated

    @permission_for(CompleteWorkItem)
    @permission_for(StartCase)
    def is_anybody(self, mutation, info):
        """Decorate a method several times for several mutations."""
        return True

    @object_permission_for(CompleteWorkItem)
    def is_at_the_counter(self, mutation, info, instance):
        """Of the work items, only that of the counter is for everybody."""
        return instance.task_id == COUNTER or info.context.user.is_authenticated


class CounterVisibility(BaseVisibility):
    """Who sees what: the work behind the counter is for known users."""

    @filter_queryset_for(WorkItem)
    def work_at_the_counter(self, node, queryset, info):
        """Return the very queryset where everything may be seen; else narrow it."""
        if info.context.user.is_authenticated:
            return queryset
        return queryset.filter(task=COUNTER)


class CounterValidation(BaseValidation):
    """What is accepted: applications say how they came."""

    @validation_for(SaveCase)
    def has_a_channel(self, mutation, data, info):
        """What is said of SaveCase holds for StartCase."""
        channel = data.setdefault("meta", {}).setdefault("channel", "counter")
        if channel not in CHANNELS:
            raise ValidationError(f"The channel of an application is one of {', '.join(CHANNELS)}.")
        return data
