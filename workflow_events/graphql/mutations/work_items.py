"""The mutations of work items."""

from collections.abc import Callable
from typing import Any, ClassVar

from django.db.models import Model
from graphene.utils.str_converters import to_camel_case

from workflow_events.access.policy import Chains
from workflow_events.graphql.ids import CASE, TASK, WORK_ITEM
from workflow_events.graphql.mutations.base import Members, Mutation, given
from workflow_events.graphql.mutations.members import (
    MAX_NAME_LENGTH,
    Context,
    Id,
    Meta,
    Moment,
    Null,
    Text,
    TextList,
)
from workflow_events.graphql.types.work_item import WorkItem
from workflow_events.workflow import api
from workflow_events.workflow.errors import InvalidInput
from workflow_events.workflow.users import User

NAME = Text(
    "Its name; null or blank means that of the task.",
    max_length=MAX_NAME_LENGTH,
    null=Null.KEPT,
)
DESCRIPTION = Text("What is to be done; null or blank means that of the task.", null=Null.KEPT)
ASSIGNED_USERS = TextList("The users that it is given to.")
ADDRESSED_GROUPS = TextList("The groups that are to do it; by default the task's.")
CONTROLLING_GROUPS = TextList("The groups that control it; by default the task's.")
DEADLINE = Moment("When it is due; null means never, and by default the task's lead time counts.")


class WorkItemMutation(Mutation, abstract=True):
    """What all mutations of a work item have in common."""

    returns = ("work_item", WorkItem)


class WorkItemTransition(WorkItemMutation, abstract=True):
    """A mutation that changes the status of a work item."""

    target = "id"
    members: ClassVar[Members] = {
        "id": Id(WORK_ITEM, "The work item.", required=True),
        "context": Context(),
    }
    operation: ClassVar[Callable[..., Model]]

    @classmethod
    def perform(cls, data: dict[str, Any], user: User) -> Model:
        """Change the status."""
        return cls.operation(data["id"], user, data.get("context"), sender=cls)


class CreateWorkItem(WorkItemMutation):
    """Add a work item of a multiple-instance task that has a ready one in the case."""

    verb = "create_work_item"
    members: ClassVar[Members] = {
        "case": Id(CASE, "The case.", required=True),
        "multiple_instance_task": Id(TASK, "The task.", required=True),
        "name": NAME,
        "description": DESCRIPTION,
        "assigned_users": ASSIGNED_USERS,
        "addressed_groups": ADDRESSED_GROUPS,
        "controlling_groups": CONTROLLING_GROUPS,
        "deadline": DEADLINE,
        "meta": Meta(),
        "context": Context(),
    }
    stored = (
        "name",
        "description",
        "assigned_users",
        "addressed_groups",
        "controlling_groups",
        "deadline",
        "meta",
    )

    @classmethod
    def perform(cls, data: dict[str, Any], user: User) -> Model:
        """Create the work item."""
        return api.create_work_item(
            data["case"],
            data["multiple_instance_task"],
            user,
            data.get("context"),
            sender=cls,
            **given(data, *cls.stored),
        )


class SaveWorkItem(CreateWorkItem):
    """Change a work item or, given a case and a task instead, create one as createWorkItem does.

    It is a CreateWorkItem, so that receivers of that hear of what it creates.
    """

    verb = "save_work_item"
    target = "work_item"
    members: ClassVar[Members] = {
        "work_item": Id(WORK_ITEM, "The work item to change."),
        "name": NAME,
        "description": DESCRIPTION,
        "assigned_users": ASSIGNED_USERS,
        "deadline": DEADLINE,
        "meta": Meta(),
        "context": Context(),
        "case": Id(CASE, "To create one instead: the case."),
        "multiple_instance_task": Id(TASK, "To create one instead: the task."),
        "addressed_groups": ADDRESSED_GROUPS,
        "controlling_groups": CONTROLLING_GROUPS,
    }

    @classmethod
    def governed_by(cls, given: dict[str, Any]) -> Chains:
        """Return its own chain without CreateWorkItem and, where it creates, that one's."""
        own = tuple(parent for parent in cls.__mro__ if parent is not CreateWorkItem)
        return (own, CreateWorkItem.__mro__) if given.get("work_item") is None else (own,)

    @classmethod
    def parse(cls, given: dict[str, Any]) -> dict[str, Any]:
        """Parse the members; `InvalidInput` where they belong to neither form, or to both."""
        data = super().parse(given)
        if "work_item" in data:
            _refuse_members_for_creating(data)
        elif "case" not in data or "multiple_instance_task" not in data:
            raise InvalidInput(
                'Give "workItem" to change one, or "case" and "multipleInstanceTask" to create one.'
            )
        return data

    @classmethod
    def perform(cls, data: dict[str, Any], user: User) -> Model:
        """Change the work item, or create it."""
        if "work_item" not in data:
            return super().perform(data, user)
        changes = given(data, "name", "description", "assigned_users", "deadline", "meta")
        return api.update_work_item(data["work_item"], user, **changes)


def _refuse_members_for_creating(data: dict[str, Any]) -> None:
    for key in ("case", "multiple_instance_task", "addressed_groups", "controlling_groups"):
        if key in data:
            name = to_camel_case(key)
            raise InvalidInput(f'"{name}" is for creating only; leave it out with "workItem".')


class CompleteWorkItem(WorkItemTransition):
    """Complete a ready work item of a running case, and continue its flow."""

    verb = "complete_work_item"
    operation = staticmethod(api.complete_work_item)


class SkipWorkItem(WorkItemTransition):
    """Skip a ready work item: cancel its child case, and continue its flow."""

    verb = "skip_work_item"
    operation = staticmethod(api.skip_work_item)


class CancelWorkItem(WorkItemTransition):
    """Cancel a ready or suspended work item with its child case; its flow does not continue."""

    verb = "cancel_work_item"
    operation = staticmethod(api.cancel_work_item)


class SuspendWorkItem(WorkItemTransition):
    """Suspend a ready work item with its child case."""

    verb = "suspend_work_item"
    operation = staticmethod(api.suspend_work_item)


class ResumeWorkItem(WorkItemTransition):
    """Resume a suspended work item with its child case."""

    verb = "resume_work_item"
    operation = staticmethod(api.resume_work_item)


class RedoWorkItem(WorkItemTransition):
    """Make an earlier work item ready again, and put all that followed from it to REDO."""

    verb = "redo_work_item"
    operation = staticmethod(api.redo_work_item)
