"""Slices of a list by offset, cursors, first and last (facts 1.1)."""

import base64
import binascii
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from django.conf import settings
from django.db.models import Model, QuerySet

from workflow_events.workflow.errors import InvalidInput

CURSOR_PREFIX = "arrayconnection:"
MAX_INDEX = 2**31


def to_cursor(index: int) -> str:
    """Return the cursor of the row at that place of the list."""
    return base64.b64encode(f"{CURSOR_PREFIX}{index}".encode()).decode()


def from_cursor(cursor: str, argument: str) -> int:
    """Return the place that a cursor names; `InvalidInput` if it is none."""
    try:
        prefix, _, digits = base64.b64decode(cursor, validate=True).decode("ascii").rpartition(":")
    except (binascii.Error, ValueError):
        prefix = digits = ""
    if f"{prefix}:" != CURSOR_PREFIX or not digits.isdecimal() or len(digits) > len(str(MAX_INDEX)):
        raise InvalidInput(f'"{argument}" is no cursor: give one that this list returned.')
    return int(digits)


@dataclass(frozen=True)
class Slice:
    """Rows ``start`` to ``end`` (excluded; None: to the end), and of these the ``last``."""

    start: int = 0
    end: int | None = None
    last: int | None = None

    @classmethod
    def of(
        cls,
        offset: int | None = None,
        before: str | None = None,
        after: str | None = None,
        first: int | None = None,
        last: int | None = None,
    ) -> "Slice":
        """Return the slice that the arguments of a connection name.

        Null and empty strings count as absent. ``first`` and ``last`` are cut to
        ``MAX_PAGE_SIZE``, unless that is 0, and without either ``first`` is as much. Raises
        `InvalidInput` for negative numbers and for what is no cursor.
        """
        for name, number in (("offset", offset), ("first", first), ("last", last)):
            if number is not None and number < 0:
                raise InvalidInput(f'"{name}" may not be negative, but is {number}.')
        first, last = _capped(first, last)
        start = (from_cursor(after, "after") + 1 if after else 0) + (offset or 0)
        end = from_cursor(before, "before") if before else None
        if first is not None:
            end = start + first if end is None else min(end, start + first)
        return cls(start, end if end is None else max(start, end), last)

    @property
    def is_whole(self) -> bool:
        """Whether it is the whole list."""
        return not self.start and self.end is None and self.last is None

    def bounds(self, total: int) -> "Slice":
        """Return the same slice of a list of that length, with ``last`` resolved."""
        if self.last is None:
            return self
        end = total if self.end is None else min(self.end, total)
        return Slice(max(self.start, end - self.last), max(self.start, end))


def _capped(first: int | None, last: int | None) -> tuple[int | None, int | None]:
    most: int = settings.MAX_PAGE_SIZE
    if not most:
        return first, last
    if last is not None:
        return first if first is None else min(first, most), min(last, most)
    return most if first is None else min(first, most), None


@dataclass
class Page:
    """The rows of one slice; the root value of a connection."""

    rows: Sequence[Model]
    start: int
    has_next: bool
    has_previous: Callable[[], bool]
    count: Callable[[], int]


def page_of(queryset: QuerySet[Any], wanted: Slice, *, with_rows: bool = True) -> Page:
    """Fetch one slice of a queryset; one row more tells whether there is a next page.

    Counts only for ``last``; otherwise when `Page.count` is called, and then once: one page is
    shown below all rows that lead to the same parent.
    """
    if wanted.last is not None:
        total = queryset.count()
        return cut(_fetch(queryset, wanted.bounds(total), with_rows), wanted.bounds(total), total)
    page = cut(_fetch(queryset, wanted, with_rows), wanted, None)
    page.count = cache(queryset.count)
    if wanted.start and not page.rows and not page.has_next:
        page.has_previous = cache(queryset.exists)
    return page


def cut(rows: list[Any], bounds: Slice, total: int | None) -> Page:
    """Make a page of the rows of a slice and, where there is one, the row after it.

    ``total`` is the length of the whole list, or None where nothing depends on it.
    """
    size = None if bounds.end is None else bounds.end - bounds.start
    has_next = size is not None and len(rows) > size
    known = bool(rows) if total is None else total > 0
    return Page(
        rows=rows[:size],
        start=bounds.start,
        has_next=has_next,
        has_previous=lambda: bounds.start > 0 and known,
        count=lambda: total or 0,
    )


def _fetch(queryset: QuerySet[Any], bounds: Slice, with_rows: bool) -> list[Any]:
    if not with_rows:
        return []
    return list(queryset[bounds.start : None if bounds.end is None else bounds.end + 1])
