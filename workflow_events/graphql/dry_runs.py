"""``dryRun: true``: a mutation is done, answered and undone."""

from contextlib import ExitStack
from contextvars import ContextVar
from typing import Any

from django.db import OperationalError
from graphql import FieldNode, GraphQLError, GraphQLObjectType, GraphQLOutputType
from graphql.pyutils import Path

from workflow_events.events import ReceiverError
from workflow_events.events.tracing import explanation as explanations
from workflow_events.events.tracing import traces
from workflow_events.events.tracing.dry_runs import dry_run
from workflow_events.events.tracing.traces import Trace
from workflow_events.graphql.errors import EXPLANATION, UNTOLD, public_message
from workflow_events.graphql.limits.deadline import LimitedExecution
from workflow_events.workflow.errors import Conflict, InvalidTransition
from workflow_events.workflow.operation import lost_to_another


class Execution(LimitedExecution):
    """Executes operations; what is below a root field that is run dry is resolved in it, too.

    Its error, if it fails, brings the explanation along.
    """

    def execute_fields_serially(
        self,
        parent_type: GraphQLObjectType,
        source_value: Any,
        path: Path | None,
        fields: dict[str, list[FieldNode]],
    ) -> Any:
        """Execute the root fields of a mutation, one after the other."""
        results: dict[str, Any] = {}
        for name, nodes in fields.items():
            with _RootField():
                one: Any = super().execute_fields_serially(
                    parent_type, source_value, path, {name: nodes}
                )
                results.update(one)
        return results

    def handle_field_error(
        self, error: GraphQLError, return_type: GraphQLOutputType, path: Path
    ) -> None:
        """Record the error, or pass it on to the field above."""
        field = _under_way.get()
        if field is not None and field.trace is not None and path.prev is None:
            error.extensions = {**(error.extensions or {}), EXPLANATION: explanation()}
        super().handle_field_error(error, return_type, path)


class _RootField:
    """One root field of a mutation under way; a dry run that begins in it ends with it."""

    def __init__(self) -> None:
        self.trace: Trace | None = None
        self.stack = ExitStack()

    def __enter__(self) -> None:
        self._token = _under_way.set(self)

    def __exit__(self, *_: object) -> None:
        _under_way.reset(self._token)
        self.stack.close()


_under_way: ContextVar[_RootField | None] = ContextVar("workflow_events_root_field", default=None)


def begin() -> None:
    """Begin the dry run of the root field that is under way, once it is permitted.

    Raises `Conflict` where the database is busy, and ``RuntimeError`` where the schema is executed
    by somebody who would not undo it.
    """
    field = _under_way.get()
    if field is None:
        raise RuntimeError("dryRun needs execution_context_class=graphql.dry_runs.Execution.")
    trace = traces.current.get()
    if trace is not None and trace.dry_run:  # whoever executes it undoes all of it
        field.trace = trace
        return
    try:
        field.trace = field.stack.enter_context(dry_run())
    except OperationalError as error:
        if not lost_to_another(error):
            raise
        raise Conflict("Another operation is under way; try again.") from error


def explanation() -> dict[str, Any]:
    """Return what the dry run of this root field has found so far."""
    field = _under_way.get()
    if field is None or field.trace is None:
        raise RuntimeError("No dry run is under way.")
    return explanations.explained(field.trace, _for_clients)


def _for_clients(error: BaseException) -> str | None:
    """Return the message of an error that is meant for clients, unless it is of another row."""
    if isinstance(error, ReceiverError):
        return ", ".join(_for_clients(failure) or UNTOLD for failure in error.exceptions)
    if isinstance(error, InvalidTransition) and error.about is not None:
        return error.otherwise or None
    return public_message(error)
