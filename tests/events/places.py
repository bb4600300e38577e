"""Where an emission happens: inside or outside of a transaction."""

from contextlib import nullcontext
from typing import Any

import pytest
from django.db import transaction

PLACES = pytest.mark.parametrize("outside", [False, True], ids=["inside", "outside"])


def place(outside: bool) -> Any:
    return nullcontext() if outside else transaction.atomic()


class Failed(ValueError):
    """What `fail` raises."""


def fail() -> None:
    raise Failed
