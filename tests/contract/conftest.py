"""A client, and access classes in force or not."""

from collections.abc import Iterator

import pytest

from tests.contract.access import EVERYTHING_CHECKED
from tests.graphql.conftest import GraphQLClient
from tests.graphql.policies import in_force


@pytest.fixture
def api(db: None) -> GraphQLClient:
    return GraphQLClient()


@pytest.fixture(params=["open", "checked"])
def access(request: pytest.FixtureRequest) -> Iterator[None]:
    """Without access classes in force, and with some that let everything pass."""
    with in_force(*(EVERYTHING_CHECKED if request.param == "checked" else ())):
        yield
