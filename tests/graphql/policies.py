"""Access classes for tests: what is hidden, and who is asked."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from workflow_events.access.permissions import BasePermission
from workflow_events.access.policy import Policy, using
from workflow_events.access.validations import BaseValidation
from workflow_events.access.visibilities import BaseVisibility, filter_queryset_for


def hiding(node_type: type, *, suppress: Sequence[str] = (), **lookups: Any) -> BaseVisibility:
    """Return a visibility that hides the rows of a type that match."""

    class Hiding(BaseVisibility):
        suppress_visibilities = suppress

        @filter_queryset_for(node_type)
        def others(self, node: type, queryset: Any, info: Any) -> Any:
            assert info.context.user is not None
            return queryset.exclude(**lookups)

    return Hiding()


@contextmanager
def in_force(*classes: BasePermission | BaseVisibility | BaseValidation) -> Iterator[Policy]:
    """Put these classes in force, and no others."""
    policy = Policy(
        tuple(one for one in classes if isinstance(one, BasePermission)),
        tuple(one for one in classes if isinstance(one, BaseVisibility)),
        tuple(one for one in classes if isinstance(one, BaseValidation)),
    )
    with using(policy):
        yield policy
