"""Random operations on random workflows, each compared with the oracle."""

from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from itertools import pairwise
from typing import Any, ClassVar
from uuid import UUID

from django.db import connection, transaction
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule

from tests.properties import oracle
from tests.properties.actors import CALLS, CASE_VERBS, ITEM_VERBS, Action, Actor, actions
from tests.properties.designs import TASKS, WORKFLOWS, Design, designs, some
from tests.properties.stories import Recorder, check
from tests.properties.worlds import Row, World, look
from tests.workflow.builders import ANN
from workflow_events.events import ReceiverError
from workflow_events.events.registration.registry import registry
from workflow_events.workflow import api
from workflow_events.workflow.errors import InvalidInput, InvalidTransition, WorkflowError

FINISHING = ["complete_work_item", "skip_work_item"]
SCRIPTS = st.lists(actions, max_size=3)


class Bulk(RuleBasedStateMachine):
    """Nobody listens: cascades are written in bulk."""

    records: ClassVar[bool] = False
    acts: ClassVar[bool] = False

    def __init__(self) -> None:
        super().__init__()
        self.stack = ExitStack()
        self.stack.enter_context(transaction.atomic())
        self.stack.callback(transaction.set_rollback, True)
        self.stack.enter_context(registry.scoped())
        self.design: Design
        self.recorder = Recorder() if self.records else None
        self.actor = Actor(self._count, self._context) if self.acts else None
        self.world = World({}, {})
        self.gone_back: set[UUID] = set()

    def teardown(self) -> None:
        """Leave the database as it was."""
        connection.run_on_commit = []
        self.stack.close()

    @initialize(design=designs, workflow=st.sampled_from(WORKFLOWS))
    def begin(self, design: Design, workflow: str) -> None:
        """Save a design, and start the first case."""
        self.design = design
        design.save()
        self._start(workflow, None, [])

    @rule(workflow=st.sampled_from(WORKFLOWS), data=st.data(), script=SCRIPTS)
    def start(self, workflow: str, data: Any, script: list[Action]) -> None:
        """Start a case, mostly below a work item."""
        items = list(self.world.items.values())
        parent = data.draw(st.none() | st.integers(0, len(items) - 1)) if items else None
        self._start(workflow, None if parent is None else items[parent], script)

    @precondition(lambda self: self._possible(FINISHING))
    @rule(data=st.data(), choice=some(TASKS, at_least=1), scripts=st.lists(SCRIPTS, min_size=1))
    def finish(self, data: Any, choice: tuple[str, ...], scripts: list[list[Action]]) -> None:
        """Complete or skip work items, so that their flows go on."""
        for script in scripts[:4]:
            if possible := self._possible(FINISHING):
                verb, target = _draw(data, possible)
                self._transit(verb, target, script, choice=choice)

    @precondition(lambda self: self._possible(["redo_work_item"]))
    @rule(data=st.data(), script=SCRIPTS)
    def go_back(self, data: Any, script: list[Action]) -> None:
        """Redo an earlier work item."""
        verb, target = _draw(data, self._possible(["redo_work_item"]))
        self._transit(verb, target, script)

    @precondition(lambda self: self._possible(ITEM_VERBS))
    @rule(data=st.data(), choice=some(TASKS), script=SCRIPTS)
    def work(self, data: Any, choice: tuple[str, ...], script: list[Action]) -> None:
        """Do something with a work item that is allowed; each verb is as likely as another."""
        verb, target = _draw(data, self._possible(ITEM_VERBS))
        self._transit(verb, target, script, choice=choice)

    @precondition(lambda self: self._possible(CASE_VERBS))
    @rule(data=st.data(), script=SCRIPTS)
    def close(self, data: Any, script: list[Action]) -> None:
        """Do something with a case that is allowed."""
        verb, target = _draw(data, self._possible(CASE_VERBS))
        self._transit(verb, target, script)

    @precondition(lambda self: any(self._closed()))
    @rule(data=st.data(), foreign=st.sampled_from([False] * 5 + [True]), script=SCRIPTS)
    def reopen(self, data: Any, foreign: bool, script: list[Action]) -> None:
        """Reopen a case with some items, now and then with those of another one."""
        target = data.draw(st.sampled_from(list(self._closed())))
        near = [pk for pk, i in self.world.items.items() if foreign or i["case_id"] == target["id"]]
        named = st.lists(st.sampled_from(near), unique=True, max_size=3) if near else st.just([])
        self._transit("reopen_case", target, script, named=data.draw(named))

    @precondition(lambda self: self._addable())
    @rule(data=st.data(), script=SCRIPTS)
    def add(self, data: Any, script: list[Action]) -> None:
        """Add an item of a multiple-instance task."""
        self._add(*data.draw(st.sampled_from(self._addable())), script)

    @precondition(lambda self: self._guarded())
    @rule(data=st.data(), script=SCRIPTS)
    def try_guarded(self, data: Any, script: list[Action]) -> None:
        """Try what the state would allow, and only a guard does not."""
        verb, target = _draw(data, self._guarded())
        self._transit(verb, target, script)

    @rule(
        verb=st.sampled_from([*ITEM_VERBS, *CASE_VERBS, "reopen_case", "create_work_item"]),
        task=st.sampled_from(TASKS),
        data=st.data(),
        script=SCRIPTS,
    )
    def try_anything(self, verb: str, task: str, data: Any, script: list[Action]) -> None:
        """Try what is allowed or not."""
        rows = self.world.items if verb in ITEM_VERBS else self.world.cases
        if not rows:
            return
        target = data.draw(st.sampled_from(list(rows.values())))
        if verb == "create_work_item":
            self._add(target["id"], task, script)
        else:
            self._transit(verb, target, script, named=list(self.world.items)[:1])

    @precondition(lambda self: self.world.cases)
    @rule(data=st.data(), workflow=st.sampled_from(WORKFLOWS))
    def edit(self, data: Any, workflow: str) -> None:
        """Change what rows say: no state changes, and nothing is emitted."""
        cases, items = list(self.world.cases), list(self.world.items)
        before = self.world
        count = self._count()
        place = data.draw(st.integers(0, len(cases) - 1))
        api.update_case(cases[place], ANN, workflow=workflow, meta={"edited": True})
        if items:
            place = data.draw(st.integers(0, len(items) - 1))
            api.update_work_item(items[place], ANN, name="", meta={"edited": True})
        self.world = look()
        assert self.world.statuses() == before.statuses()
        assert self._count() == count

    def _start(self, workflow: str, parent: Row | None, script: list[Action]) -> None:
        context = self._context("start_case", ())
        before = self.world
        pk = None if parent is None else parent["id"]
        done = self._attempt(
            True, lambda: api.start_case(workflow, ANN, pk, context, meta={"a": 1}), script
        )
        if done and not self.acts:
            created = oracle.created_at_start(self.design, workflow)
            self._compare(before, before.statuses(), created, cases=1)

    def _transit(
        self,
        verb: str,
        target: Row,
        script: list[Action],
        *,
        choice: tuple[str, ...] = (),
        named: list[UUID] | None = None,
    ) -> None:
        before, context = self.world, self._context(verb, choice)
        more = {"named": named or []}
        allowed = oracle.is_allowed(self.design, before, verb, target, **more)

        def call() -> None:
            if verb == "reopen_case":
                api.reopen_case(target["id"], more["named"], ANN, context)
            else:
                CALLS[verb](target["id"], ANN, context)

        if self._attempt(allowed, call, script) and not self.acts:
            told = oracle.outcome(self.design, before, verb, target, context=context, **more)
            self._compare(before, told.statuses, told.created)

    def _attempt(self, allowed: bool, call: Callable[[], Any], script: list[Action]) -> bool:
        """Run an operation; say whether it succeeded, and check what it did, or that it did not."""
        before = self.world
        if self.actor is not None:
            self.actor.prepare(script)
        refused: Exception | None = None
        try:
            call()
        except (WorkflowError, ReceiverError) as error:
            refused = error
        self.world = look()
        if refused is not None:
            assert self.world == before, f"refused with {refused!r}, and yet something changed"
            assert self.recorder is None or not self.recorder.take()
            if not self.acts:
                assert isinstance(refused, InvalidTransition | InvalidInput), refused
                assert not allowed, f"refused: {refused}"
            return False
        if not self.acts:
            assert allowed, "should have been refused"
        story = [] if self.recorder is None else self.recorder.take()
        if self.recorder is not None:
            check(before, story, self.world, alone=not self.acts)
        for old, new in pairwise([before, *(seen.world for seen in story), self.world]):
            self.gone_back |= {
                pk
                for pk, item in old.items.items()
                if item["status"] in oracle.CLOSED and new.items[pk]["status"] not in oracle.CLOSED
            }
        self._check_invariants()
        return True

    def _compare(
        self,
        before: World,
        statuses: dict[UUID, str],
        created: Counter[tuple[str, tuple[str, ...]]],
        cases: int = 0,
    ) -> None:
        found = self.world.statuses()
        assert {pk: found[pk] for pk in statuses} == statuses
        new = [row for pk, row in self.world.items.items() if pk not in before.items]
        assert Counter(map(oracle.key_of, new)) == created
        assert {row["status"] for row in new} <= {"ready"}
        assert len(self.world.cases) - len(before.cases) == cases

    def _check_invariants(self) -> None:
        connection.check_constraints()
        for case in self.world.cases.values():
            closed = case["status"] in ("completed", "canceled")
            assert (case["closed_at"] is not None) == closed
            assert case["closed_by_user"] == (ANN.username if closed else None)
            parent = self.world.parent_of(case["id"])
            if parent is not None:
                above = self.world.cases[parent["case_id"]]
                assert case["family_id"] == above["family_id"]
            if case["status"] == "canceled":
                states = {item["status"] for item in self.world.items_of(case["id"])}
                assert not states & oracle.OPEN, f"a canceled case with items that are {states}"
        for pk, item in self.world.items.items():
            closed = item["status"] in oracle.CLOSED
            assert not closed or item["closed_by_user"] == ANN.username
            assert not closed or item["closed_at"] is not None
            # Going back keeps what was noted when the item was closed (facts 2.3).
            assert closed or item["closed_at"] is None or pk in self.gone_back

    def _possible(self, verbs: list[str]) -> list[tuple[str, Row]]:
        return [
            (verb, row)
            for verb in verbs
            for row in (self.world.items if verb in ITEM_VERBS else self.world.cases).values()
            if oracle.is_allowed(self.design, self.world, verb, row, [])
        ]

    def _guarded(self) -> list[tuple[str, Row]]:
        return [
            (verb, item)
            for verb in (*FINISHING, "redo_work_item")
            for item in self.world.items.values()
            if item["status"] in oracle.TABLE[verb][0]
            and not oracle.is_allowed(self.design, self.world, verb, item, [])
        ]

    def _closed(self) -> Iterator[Row]:
        return (c for c in self.world.cases.values() if c["status"] in oracle.CASE["reopen"][0])

    def _addable(self) -> list[tuple[UUID, str]]:
        return [
            (case, task)
            for case in self.world.cases
            for task in TASKS
            if oracle.may_create(self.design, self.world, case, task)
        ]

    def _add(self, case: UUID, task: str, script: list[Action]) -> None:
        before, context = self.world, self._context("create_work_item", ())
        done = self._attempt(
            oracle.may_create(self.design, before, case, task),
            lambda: api.create_work_item(case, task, ANN, context),
            script,
        )
        if done and not self.acts:
            groups = tuple(sorted(self.design.tasks[task].groups))
            self._compare(before, before.statuses(), Counter({(task, groups): 1}))

    def _count(self) -> int:
        return 0 if self.recorder is None else self.recorder.count

    def _context(self, verb: str, choice: tuple[str, ...]) -> dict[str, Any]:
        multiple = {slug: task.is_multiple for slug, task in self.design.tasks.items()}
        return {"verb": verb, "next": list(choice), "multiple": multiple}


def _draw(data: Any, possible: list[tuple[str, Row]]) -> tuple[str, Row]:
    """Draw a verb, each as likely as another, and a target for it."""
    verb = data.draw(st.sampled_from(sorted({verb for verb, _ in possible})))
    return verb, data.draw(st.sampled_from([row for other, row in possible if other == verb]))


class Recorded(Bulk):
    """A receiver listens to everything: cascades are written row by row."""

    records = True


class Nested(Recorded):
    """Receivers take part."""

    acts = True
