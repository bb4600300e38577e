"""Walking many rows in short transactions."""

from collections.abc import Callable, Iterator
from typing import Any, Final, TypeVar

from django.db import OperationalError, connection, transaction
from django.db.models import Model, QuerySet

BATCH: Final = 500
"""Rows of one transaction: none of them is locked for long, and SQLite takes as many values."""
ATTEMPTS: Final = 5
"""How often a batch is begun when the database ends it, as the victim of a deadlock."""

Row = TypeVar("Row", bound=Model)
Result = TypeVar("Result")


def in_batches(rows: QuerySet[Row], step: Callable[[list[Any]], Result]) -> Iterator[Result]:
    """Call ``step`` with the keys of the rows, in their order, some at a time; give its results.

    Each call is a transaction of its own, in whatever is open already. It must lock its rows and
    look at them again: others may have changed them since their keys were read.
    """
    for keys in batches_of_keys(rows):
        yield in_transaction(step, keys)


def batches_of_keys(rows: QuerySet[Row]) -> Iterator[list[Any]]:
    """Give the keys of the rows, in their order, some at a time; in no transaction."""
    ordered = rows.order_by("pk")
    keys = list(ordered.values_list("pk", flat=True)[:BATCH])
    while keys:
        yield keys
        keys = list(ordered.filter(pk__gt=keys[-1]).values_list("pk", flat=True)[:BATCH])


def in_transaction(step: Callable[[list[Any]], Result], keys: list[Any]) -> Result:
    """Call ``step`` in a transaction, again when the database had to end it."""
    for _ in range(ATTEMPTS - 1):
        try:
            with transaction.atomic():
                return step(keys)
        except OperationalError:
            # Inside of somebody's transaction, that one is over, too.
            if connection.in_atomic_block:
                raise
    with transaction.atomic():
        return step(keys)
