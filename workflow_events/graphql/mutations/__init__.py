"""The mutations of the API; their classes are the senders of the events that they emit."""

from workflow_events.graphql.mutations.base import DryRun, Mutation
from workflow_events.graphql.mutations.cases import (
    CancelCase,
    CaseMutation,
    ReopenCase,
    ResumeCase,
    SaveCase,
    StartCase,
    SuspendCase,
)
from workflow_events.graphql.mutations.deliveries import (
    CancelDelivery,
    OperateDeliveries,
    ReadDeliveries,
    Redeliver,
)
from workflow_events.graphql.mutations.design import (
    AddWorkflowFlow,
    RemoveFlow,
    SaveCompleteWorkflowFormTask,
    SaveSimpleTask,
    SaveTask,
    SaveWorkflow,
)
from workflow_events.graphql.mutations.work_items import (
    CancelWorkItem,
    CompleteWorkItem,
    CreateWorkItem,
    RedoWorkItem,
    ResumeWorkItem,
    SaveWorkItem,
    SkipWorkItem,
    SuspendWorkItem,
    WorkItemMutation,
)

__all__ = [
    "AddWorkflowFlow",
    "CancelCase",
    "CancelDelivery",
    "CancelWorkItem",
    "CaseMutation",
    "CompleteWorkItem",
    "CreateWorkItem",
    "DryRun",
    "Mutation",
    "OperateDeliveries",
    "ReadDeliveries",
    "Redeliver",
    "RedoWorkItem",
    "RemoveFlow",
    "ReopenCase",
    "ResumeCase",
    "ResumeWorkItem",
    "SaveCase",
    "SaveCompleteWorkflowFormTask",
    "SaveSimpleTask",
    "SaveTask",
    "SaveWorkItem",
    "SaveWorkflow",
    "SkipWorkItem",
    "StartCase",
    "SuspendCase",
    "SuspendWorkItem",
    "WorkItemMutation",
]
