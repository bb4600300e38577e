"""The engine that walks the transition table (contract section 5).

atomic → lock → guard → ``pre_`` → guard again → cascade → write → ``post_`` → continue.
"""

from collections.abc import Collection, Mapping
from typing import Any, Final
from uuid import UUID

from workflow_events.events import Event
from workflow_events.workflow.cascades import (
    open_child,
    refuse_cycle,
    runs_of_items,
    write_in_bulk,
)
from workflow_events.workflow.errors import InvalidTransition
from workflow_events.workflow.models import Case, WorkItem
from workflow_events.workflow.operation import Operation, operate
from workflow_events.workflow.reading import Target, lock_and_read, put_back_on_failure, reread
from workflow_events.workflow.routing import continue_flow
from workflow_events.workflow.transitions import TRANSITIONS, Transition, cascaded_row
from workflow_events.workflow.users import User
from workflow_events.workflow.writing import close, save_row, sign, unclose

NOTHING: Mapping[str, Any] = {}
MOST_PASSES: Final = 64
"""How often a cascade looks for items that receivers have added, before it gives up."""


def execute(
    verb: str,
    model: type[Target],
    given: Target | UUID | str,
    user: User,
    *,
    context: Any,
    sender: type | None,
    **arguments: Any,
) -> Target:
    """Run the operation of a verb on a case or work item, given as instance or primary key.

    Returns the target as it is at the end. Raises what `workflow_events.workflow.api` says.
    """
    with operate(verb, sender, user, context) as operation:
        target = lock_and_read(given, model)
        operation.begin()
        with put_back_on_failure(target):
            Walk(operation, TRANSITIONS[verb], target, arguments).run()
    return target


class PassedOver(Exception):
    """The target of a cascade's row is no longer eligible."""


class Walk:
    """One target on its way along one row of the table.

    ``cascaded`` says that it is not the operation's own target: then a state that does not allow
    the row passes it over instead of failing. ``above`` are the keys of what it is cascaded from.
    """

    def __init__(
        self,
        operation: Operation,
        row: Transition,
        target: Case | WorkItem,
        arguments: Mapping[str, Any] = NOTHING,
        *,
        cascaded: bool = False,
        read_at: int | None = None,
        above: Collection[UUID | None] = (),
    ) -> None:
        self.operation = operation
        self.row = row
        self.target: Any = target
        self.arguments = arguments
        self.cascaded = cascaded
        self.read_at = operation.writes if read_at is None else read_at
        self.above = above

    def run(self) -> None:
        """Walk the row from the first guard to the continued flow."""
        try:
            self._bring_up_to_date()
            self._check()
            self._run()
        except PassedOver:
            return

    def run_if_allowed(self) -> None:
        """Walk the row, or do nothing where the first guard does not allow it."""
        try:
            self._check()
        except InvalidTransition:
            return
        self._run()

    def _run(self) -> None:
        row = self.row
        self._emit(row.before)
        self._check_again()
        self._cascade()
        self._check_again()
        if row.silently is not None:
            row.silently(self.operation, self.target, self.arguments)
            if self._bring_up_to_date():
                self._check_state()
        walked_before = len(self.operation.walked_flows)
        self._write()
        self._bring_up_to_date()
        self._emit(row.after)
        if self.cascaded:
            return
        self._bring_up_to_date()
        if row.continues:
            # What nested operations walked before the write cannot have counted on this item.
            self._continue(walked_before)
            self._bring_up_to_date()

    def _check(self) -> None:
        """Raise what the client is told, or `PassedOver`, when the row does not allow it."""
        self._check_state()
        for guard in self.row.guards:
            guard(self.target, self.arguments)

    def _check_state(self) -> None:
        if self.target.status in self.row.sources:
            return
        if self.cascaded:
            raise PassedOver
        raise InvalidTransition(
            f"{self.row.refused} {self._what()} {self.target.pk} is {self.target.status}."
        )

    def _check_again(self) -> None:
        if self._bring_up_to_date():
            self._check()

    def _bring_up_to_date(self) -> bool:
        """Read the target again if others may have written; returns whether it was read."""
        if self.operation.writes == self.read_at:
            return False
        self.read_at = self.operation.writes
        if reread(self.target):
            return True
        if self.cascaded:
            raise PassedOver
        raise InvalidTransition(f"{self._what()} {self.target.pk} was deleted meanwhile.")

    def _emit(self, event: type[Event]) -> None:
        payload: dict[str, Any] = {self._subject(): self.target}
        if "work_items" in self.arguments:
            named = WorkItem.objects.filter(pk__in=self.arguments["work_items"])
            payload["work_items"] = named.order_by("pk")
        self.operation.emit(event, **payload)

    def _cascade(self) -> None:
        if self.row.cascade is None:
            return
        if isinstance(self.target, Case):
            self._cascade_to_items(self.target)
        elif (child := open_child(self.row, self.target)) is not None:
            refuse_cycle(child, self.above)
            self._walk_inner(child, self.read_at)

    def _cascade_to_items(self, case: Case) -> None:
        for _ in range(MOST_PASSES):
            read_at = self.operation.writes
            self._pass_over_items(case, read_at)
            # A closed case holds no open item, so those that receivers have added meanwhile, or
            # made ready again, are walked as well.
            if not self.row.closes or self.operation.writes == read_at:
                return
        raise InvalidTransition(
            f"Receivers keep adding work items to case {case.pk} while {self.row.verb} closes "
            "them.",
            about=case,
            otherwise=f"Receivers keep adding work items while {self.row.verb} closes them.",
        )

    def _pass_over_items(self, case: Case, read_at: int) -> None:
        for items, in_bulk in runs_of_items(self.operation, self.row, case):
            if in_bulk:
                write_in_bulk(self.operation, self.row, items, read_at)
                continue
            for item in items:
                self._walk_inner(item, read_at)

    def _walk_inner(self, target: Case | WorkItem, read_at: int) -> None:
        inner = cascaded_row(self.row)
        above = {*self.above, self.target.pk}
        Walk(self.operation, inner, target, cascaded=True, read_at=read_at, above=above).run()

    def _write(self) -> None:
        fields = ["status"]
        self.target.status = self.row.target
        if self.row.closes:
            close(self.operation, self.target)
        if self.row.reopens:
            unclose(self.target)
        if self.row.closes or self.row.reopens:
            fields += ["closed_at", "closed_by_user", "closed_by_group"]
        if self.row.signs and not self.cascaded:
            sign(self.operation, self.target)
            fields += ["modified_by_user", "modified_by_group"]
        save_row(self.operation, self.target, fields, self.row.sources)

    def _continue(self, walked_before: int) -> None:
        case = continue_flow(
            self.operation, self.target, self.operation.walked_flows[walked_before:]
        )
        if case is not None:
            Walk(self.operation, TRANSITIONS["complete_case"], case).run_if_allowed()

    def _subject(self) -> str:
        return "case" if self.row.model is Case else "work_item"

    def _what(self) -> str:
        return "Case" if self.row.model is Case else "Work item"
