"""Dynamic tasks and groups as a deployment would write them."""

from workflow_events.workflow.dynamic import (
    BaseDynamicGroups,
    BaseDynamicTasks,
    register_dynamic_group,
    register_dynamic_task,
)


class Choices(BaseDynamicTasks):
    @register_dynamic_task("after-review")
    def after_review(self, case, user, prev_work_item, context):
        return "publish" if case.meta["n"] == 3 else "revise"

    @register_dynamic_task("everybody")
    def everybody(self, case, user, prev_work_item, context):
        return ["water", "fire", "fire"]

    @register_dynamic_task("nobody")
    def nobody(self, case, user, prev_work_item, context):
        return []

    @register_dynamic_task("seen")
    def seen(self, case, user, prev_work_item, context):
        return [
            f"{case.workflow_id}-{prev_work_item.task_id}",
            f"{user.username if user else None}-{context}",
        ]

    @register_dynamic_task("null")
    def null(self, case, user, prev_work_item, context):
        return None

    @register_dynamic_task("numbers")
    def numbers(self, case, user, prev_work_item, context):
        return [1]

    @register_dynamic_task("broken")
    def broken(self, case, user, prev_work_item, context):
        raise KeyError("no such thing")


class Departments(BaseDynamicGroups):
    @register_dynamic_group("departments")
    def departments(self, task, case, user, prev_work_item, context):
        return {"water", "fire"}

    @register_dynamic_group("seen")
    def seen(self, task, case, user, prev_work_item, context):
        previous = prev_work_item.task_id if prev_work_item else None
        return f"{task.slug} {case.workflow_id} {user.username} {previous} {context}"

    @register_dynamic_group("null")
    def null(self, task, case, user, prev_work_item, context):
        return None
