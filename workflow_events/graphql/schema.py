"""The schema, put together."""

import graphene

from workflow_events.graphql import mutations
from workflow_events.graphql.queries import Query
from workflow_events.graphql.types.task import (
    CompleteTaskFormTask,
    CompleteWorkflowFormTask,
    SimpleTask,
)


class Mutations(graphene.ObjectType):  # type: ignore[misc]
    """Everything that can be done."""

    class Meta:
        name = "Mutation"

    save_workflow = mutations.SaveWorkflow.field()
    add_workflow_flow = mutations.AddWorkflowFlow.field()
    remove_flow = mutations.RemoveFlow.field()
    save_simple_task = mutations.SaveSimpleTask.field()
    save_complete_workflow_form_task = mutations.SaveCompleteWorkflowFormTask.field()
    save_case = mutations.SaveCase.field()
    start_case = mutations.StartCase.field()
    cancel_case = mutations.CancelCase.field()
    suspend_case = mutations.SuspendCase.field()
    resume_case = mutations.ResumeCase.field()
    reopen_case = mutations.ReopenCase.field()
    create_work_item = mutations.CreateWorkItem.field()
    save_work_item = mutations.SaveWorkItem.field()
    complete_work_item = mutations.CompleteWorkItem.field()
    skip_work_item = mutations.SkipWorkItem.field()
    cancel_work_item = mutations.CancelWorkItem.field()
    suspend_work_item = mutations.SuspendWorkItem.field()
    resume_work_item = mutations.ResumeWorkItem.field()
    redo_work_item = mutations.RedoWorkItem.field()
    redeliver = mutations.Redeliver.field()
    cancel_delivery = mutations.CancelDelivery.field()


schema = graphene.Schema(
    query=Query,
    mutation=Mutations,
    types=[SimpleTask, CompleteWorkflowFormTask, CompleteTaskFormTask],
)
