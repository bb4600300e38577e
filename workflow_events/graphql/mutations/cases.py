"""The mutations of cases."""

from collections.abc import Callable
from typing import Any, ClassVar

import graphene
from django.db.models import Model

from workflow_events.graphql.ids import CASE, WORK_ITEM, WORKFLOW
from workflow_events.graphql.mutations.base import Members, Mutation, given
from workflow_events.graphql.mutations.members import Context, Id, Ids, Meta
from workflow_events.graphql.types.case import Case
from workflow_events.workflow import api
from workflow_events.workflow.users import User


class CaseMutation(Mutation, abstract=True):
    """What all mutations of a case have in common."""

    returns = ("case", Case)


class SaveCase(CaseMutation):
    """Start a case of a workflow or, given an id, change its workflow and meta."""

    verb = "save_case"
    target: ClassVar[str | None] = "id"
    members: ClassVar[Members] = {
        "id": Id(CASE, "The case to change; without it a new one starts.", type_=graphene.String),
        "workflow": Id(WORKFLOW, "The workflow to run.", required=True),
        "meta": Meta(),
        "parent_work_item": Id(WORK_ITEM, "The work item that the new case does."),
        "context": Context(),
    }

    @classmethod
    def perform(cls, data: dict[str, Any], user: User) -> Model:
        """Start or change the case."""
        if "id" in data:
            return api.update_case(data["id"], user, **given(data, "workflow", "meta"))
        return api.start_case(
            data["workflow"],
            user,
            data.get("parent_work_item"),
            data.get("context"),
            sender=cls,
            **given(data, "meta"),
        )


class StartCase(SaveCase):
    """Start a case of a workflow. What is said of SaveCase holds for it too."""

    verb = "start_case"
    target = None
    members: ClassVar[Members] = {
        name: member for name, member in SaveCase.members.items() if name != "id"
    }


class CaseTransition(CaseMutation, abstract=True):
    """A mutation that changes the status of a case."""

    target = "id"
    members: ClassVar[Members] = {
        "id": Id(CASE, "The case.", required=True),
        "context": Context(),
    }
    operation: ClassVar[Callable[..., Model]]

    @classmethod
    def perform(cls, data: dict[str, Any], user: User) -> Model:
        """Change the status."""
        return cls.operation(data["id"], user, data.get("context"), sender=cls)


class CancelCase(CaseTransition):
    """Cancel a running or suspended case with its ready and suspended work items."""

    verb = "cancel_case"
    operation = staticmethod(api.cancel_case)


class SuspendCase(CaseTransition):
    """Suspend a running case with its ready work items."""

    verb = "suspend_case"
    operation = staticmethod(api.suspend_case)


class ResumeCase(CaseTransition):
    """Resume a suspended case with all of its suspended work items."""

    verb = "resume_case"
    operation = staticmethod(api.resume_case)


class ReopenCase(CaseMutation):
    """Make a completed or canceled case run again, with some of its work items ready."""

    verb = "reopen_case"
    target = "id"
    members: ClassVar[Members] = {
        "id": Id(CASE, "The case.", required=True),
        "work_items": Ids(WORK_ITEM, "The work items that become ready; at least one."),
        "context": Context(),
    }

    @classmethod
    def perform(cls, data: dict[str, Any], user: User) -> Model:
        """Reopen the case."""
        return api.reopen_case(
            data["id"], data["work_items"], user, data.get("context"), sender=cls
        )
