"""Random workflows: as a value that the oracle can read, and as rows."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from hypothesis import strategies as st

from tests.workflow.builders import ANN
from workflow_events.workflow import design
from workflow_events.workflow.dynamic import BaseDynamicTasks, register_dynamic_task

TASKS = ("t0", "t1", "t2", "t3")
WORKFLOWS = ("w0", "w1")


class Choices(BaseDynamicTasks):
    """What comes next is what the context says."""

    @register_dynamic_task("choose")
    def choose(self, case: Any, user: Any, prev_work_item: Any, context: Any) -> list[str]:
        return chosen(context)


def chosen(context: Any) -> list[str]:
    """The tasks that an operation with this context chooses."""
    return list((context or {}).get("next", []))


@dataclass(frozen=True)
class TaskDesign:
    """One task; ``groups`` are addressed."""

    is_multiple: bool
    continues: bool
    groups: tuple[str, ...]

    @property
    def waits(self) -> bool:
        """Whether the flow waits until no item of it is ready."""
        return self.is_multiple and not self.continues

    def item_groups(self) -> list[tuple[str, ...]]:
        """The groups of each item that is created."""
        return [(group,) for group in self.groups] if self.is_multiple else [self.groups]


@dataclass(frozen=True)
class FlowDesign:
    """One flow; ``following`` is None where the context chooses."""

    sources: tuple[str, ...]
    following: tuple[str, ...] | None
    redoable: tuple[str, ...]

    def next(self, context: Any) -> list[str]:
        """The tasks that come next."""
        return chosen(context) if self.following is None else list(self.following)


@dataclass(frozen=True)
class Design:
    """The tasks, and for each workflow its start tasks and flows."""

    tasks: dict[str, TaskDesign]
    workflows: dict[str, tuple[tuple[str, ...], tuple[FlowDesign, ...]]]

    def flow_after(self, workflow: str, task: str) -> FlowDesign | None:
        """The flow that leads away from a task."""
        flows = self.workflows[workflow][1]
        return next((flow for flow in flows if task in flow.sources), None)

    def save(self) -> None:
        """Write the rows."""
        for slug, task in self.tasks.items():
            groups = f"{list(task.groups)}|groups" if task.groups else None
            design.save_task(
                slug,
                ANN,
                name=slug,
                is_multiple_instance=task.is_multiple,
                continue_async=task.continues,
                address_groups=groups,
            )
        for slug, (start, flows) in self.workflows.items():
            design.save_workflow(slug, ANN, name=slug, start_tasks=list(start))
            for flow in flows:
                following = ["choose"] if flow.following is None else list(flow.following)
                redoable = f"{list(flow.redoable)}|tasks" if flow.redoable else None
                expression = f"{following}|tasks"
                design.add_workflow_flow(slug, list(flow.sources), expression, redoable, ANN)


def some(names: Iterable[str], at_least: int = 0, at_most: int = 2) -> Any:
    """A strategy for a tuple of different names."""
    return st.lists(
        st.sampled_from(sorted(names)), unique=True, min_size=at_least, max_size=at_most
    ).map(tuple)


tasks = st.builds(
    lambda kind, groups: TaskDesign(kind != "single", kind == "async", groups),
    st.sampled_from(["single", "single", "single", "all", "async"]),
    some("pq"),
)


@st.composite
def workflows(draw: Any) -> tuple[tuple[str, ...], tuple[FlowDesign, ...]]:
    """Start tasks and flows; sequences, splits, joins, choices, loops and ways back."""
    left = list(draw(st.permutations(TASKS)))
    flows = []
    for size in draw(st.lists(st.sampled_from([1, 1, 2]), min_size=2, max_size=4)):
        sources, left = tuple(left[:size]), left[size:]
        following = draw(st.one_of(st.none(), some(TASKS, at_least=1)))
        if sources:
            redoable = draw(st.just(TASKS) | some(TASKS))
            flows.append(FlowDesign(sources, following, redoable))
    return draw(some(TASKS, at_least=1, at_most=3)), tuple(flows)


designs = st.builds(
    Design,
    st.fixed_dictionaries(dict.fromkeys(TASKS, tasks)),
    st.fixed_dictionaries(dict.fromkeys(WORKFLOWS, workflows())),
)
