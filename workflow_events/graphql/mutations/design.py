"""The mutations of the design: workflows, tasks and flows. They emit no events."""

from typing import Any, ClassVar

from django.db.models import Model

from workflow_events.graphql.ids import FLOW, TASK, WORKFLOW
from workflow_events.graphql.mutations.base import Members, Mutation, given
from workflow_events.graphql.mutations.members import (
    MAX_NAME_LENGTH,
    Flag,
    Id,
    Ids,
    Meta,
    NewSlug,
    Null,
    Seconds,
    Slug,
    Text,
)
from workflow_events.graphql.scalars import FlowJexl, GroupJexl
from workflow_events.graphql.types.flow import Flow
from workflow_events.graphql.types.task import Task
from workflow_events.graphql.types.workflow import Workflow
from workflow_events.workflow import design
from workflow_events.workflow.models.design import TaskType
from workflow_events.workflow.users import User

NAME = Text("Its name.", max_length=MAX_NAME_LENGTH, required=True)
IS_ARCHIVED = Flag("Informational: no longer used.")


class SaveWorkflow(Mutation):
    """Create the workflow of that slug, or change it; what is omitted is kept."""

    returns = ("workflow", Workflow)
    target = "slug"
    members: ClassVar[Members] = {
        "slug": Slug(WORKFLOW, "The key of the workflow."),
        "name": NAME,
        "description": Text("What it is for.", null=Null.KEPT),
        "meta": Meta(),
        "start_tasks": Ids(TASK, "The tasks that a new case starts with; at least one."),
        "allow_all_forms": Flag("Whether a case may have any form."),
        "is_archived": IS_ARCHIVED,
        "is_published": Flag("Informational: may be used."),
    }

    @classmethod
    def perform(cls, data: dict[str, Any], user: User) -> Model:
        """Save the workflow."""
        values = given(data, *(name for name in cls.members if name != "slug"))
        must_be_new = isinstance(data["slug"], NewSlug)
        return design.save_workflow(data["slug"], user, must_be_new=must_be_new, **values)


class AddWorkflowFlow(Mutation):
    """Lead tasks into a new flow; several are joined. Drops the flows that they had."""

    returns = ("workflow", Workflow)
    target = "workflow"
    members: ClassVar[Members] = {
        "workflow": Id(WORKFLOW, "The workflow.", required=True),
        "tasks": Ids(TASK, "The tasks that lead into the flow; at least one."),
        "next": Text("Expression for the tasks that come next.", type_=FlowJexl, required=True),
        "redoable": Text(
            "Expression for the tasks that one may jump back to.", type_=FlowJexl, null=Null.KEPT
        ),
    }

    @classmethod
    def perform(cls, data: dict[str, Any], user: User) -> Model:
        """Add the flow."""
        return design.add_workflow_flow(
            data["workflow"], data["tasks"], data["next"], data.get("redoable"), user
        )


class RemoveFlow(Mutation):
    """Remove a flow; the payload shows it as it was, without tasks."""

    returns = ("flow", Flow)
    target = "flow"
    members: ClassVar[Members] = {"flow": Id(FLOW, "The flow.", required=True)}

    @classmethod
    def perform(cls, data: dict[str, Any], user: User) -> Model:
        """Remove the flow."""
        return design.remove_flow(data["flow"])


class SaveTask(Mutation, abstract=True):
    """What the mutations that save a task have in common: each fixes the type of the task."""

    returns = ("task", Task)
    target = "slug"
    task_type: ClassVar[TaskType]
    members: ClassVar[Members] = {
        "slug": Slug(TASK, "The key of the task."),
        "name": NAME,
        "description": Text("What is to be done.", null=Null.KEPT),
        "meta": Meta(),
        "address_groups": Text(
            "Expression for the groups that its work items are addressed to.",
            type_=GroupJexl,
            null=Null.KEPT,
        ),
        "control_groups": Text(
            "Expression for the groups that control its work items.",
            type_=GroupJexl,
            null=Null.KEPT,
        ),
        "is_archived": IS_ARCHIVED,
        "lead_time": Seconds("Seconds from the creation of a work item to its deadline."),
        "is_multiple_instance": Flag("Whether a case may have several work items of it at once."),
        "continue_async": Flag(
            "Whether the flow continues before all of its work items are done; "
            "for multiple-instance tasks only."
        ),
    }

    @classmethod
    def perform(cls, data: dict[str, Any], user: User) -> Model:
        """Save the task."""
        values = given(data, *(name for name in cls.members if name != "slug"))
        must_be_new = isinstance(data["slug"], NewSlug)
        return design.save_task(
            data["slug"], user, type=cls.task_type, must_be_new=must_be_new, **values
        )


class SaveSimpleTask(SaveTask):
    """Create the simple task of that slug, or change it; what is omitted is kept."""

    task_type = TaskType.SIMPLE


class SaveCompleteWorkflowFormTask(SaveTask):
    """Create the task of that slug, to fill the case's form, or change it."""

    task_type = TaskType.COMPLETE_WORKFLOW_FORM
