"""Loading access classes with the mutations and nodes of the API, and how it is refused."""

from collections.abc import Iterator

import pytest
from django.core.exceptions import ImproperlyConfigured

from workflow_events.access import policy as policies
from workflow_events.access.loading import load_access_classes
from workflow_events.graphql import nodes
from workflow_events.graphql.mutations import DryRun, Mutation

ALLOW_ANY = "workflow_events.access.permissions.AllowAny"
ANY = "workflow_events.access.visibilities.Any"
NODES = [getattr(nodes, name) for name in nodes.__all__]


def restored() -> Iterator[None]:
    """Put back what was in force."""
    before = policies.current()
    yield
    policies.enforce(before)


def load(permissions=(ALLOW_ANY,), visibilities=(ANY,), validations=()):
    return load_access_classes(
        permissions=permissions,
        visibilities=visibilities,
        validations=validations,
        mutation=Mutation,
        nodes=NODES,
        granted=[DryRun],
    )


def refusal(**paths):
    """Load, which fails and changes nothing; the message, which is one line."""
    before = policies.current()
    with pytest.raises(ImproperlyConfigured) as raised:
        load(**paths)
    assert policies.current() is before
    message = str(raised.value)
    assert "\n" not in message
    return message
