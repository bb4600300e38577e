"""Errors that would tell of a case which the user may not see say less."""

from collections.abc import Iterator
from contextlib import contextmanager

from django.db.models import Model
from graphql import GraphQLResolveInfo

from workflow_events.events import ReceiverError
from workflow_events.graphql.loaded import forget_loaded, loaded
from workflow_events.graphql.nodes import NODE_TYPES
from workflow_events.workflow.errors import InvalidTransition


@contextmanager
def keeping_quiet(info: GraphQLResolveInfo) -> Iterator[None]:
    """Let errors of the body pass with what they say of other objects only if those are visible.

    That a rule does not allow the operation has to be said; which object stands in its way has not.
    """
    try:
        yield
    except (InvalidTransition, ReceiverError) as error:
        # What is visible now, after the operation was rolled back.
        forget_loaded(info)
        for refusal in _refusals(error):
            if refusal.about is not None and not _is_visible(refusal.about, info):
                refusal.args = (refusal.otherwise,)
        raise


def _refusals(error: BaseException) -> Iterator[InvalidTransition]:
    """Yield the refusals that are, or with receivers in between are in, an error."""
    if isinstance(error, InvalidTransition):
        yield error
    elif isinstance(error, ReceiverError):
        for failure in error.exceptions:
            yield from _refusals(failure)


def _is_visible(row: Model, info: GraphQLResolveInfo) -> bool:
    node_type = next(found for found in NODE_TYPES.values() if found.model is type(row))
    visible = loaded(info).restriction(node_type, info)
    return visible is None or visible.filter(pk=row.pk).exists()
