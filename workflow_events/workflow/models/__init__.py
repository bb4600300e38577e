"""The tables of the workflow: its design (workflow, task, flow) and its running cases."""

from workflow_events.workflow.models.design import Flow, Task, TaskFlow, Workflow, WorkflowStartTask
from workflow_events.workflow.models.running import Case, WorkItem

__all__ = ["Case", "Flow", "Task", "TaskFlow", "WorkItem", "Workflow", "WorkflowStartTask"]
