"""Random operations on random workflows (issue "How it is measured", event order)."""

import logging
from collections.abc import Iterator

import pytest
from hypothesis.stateful import run_state_machine_as_test

from tests.properties.machine import Bulk, Nested, Recorded
from tests.properties.profile import PROFILE

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("_dynamic_tasks")]


@pytest.fixture(autouse=True)
def _quiet() -> Iterator[None]:
    """Receivers fail by the hundred here, and each failure would be logged with its traceback."""
    logging.disable(logging.ERROR)
    yield
    logging.disable(logging.NOTSET)


def test_operations_that_nobody_listens_to() -> None:
    run_state_machine_as_test(Bulk, settings=PROFILE)


def test_operations_whose_events_are_written_down() -> None:
    run_state_machine_as_test(Recorded, settings=PROFILE)


def test_operations_in_which_receivers_take_part() -> None:
    run_state_machine_as_test(Nested, settings=PROFILE)
