"""The cases that work items have to do with."""

from typing import Any

from django.db.models import QuerySet, Subquery, UUIDField


class CasesOf(Subquery):
    """The keys of the cases that hold one of these work items, or were started by one.

    Takes the queryset of the work items. For ``pk__in``. As one join, PostgreSQL can go through it
    from the items, where they are few, and from the cases, where they are many (decision 23); two
    conditions joined by OR it evaluates for every case there is.
    """

    template = (
        "(SELECT concerned.id FROM workflow_case concerned JOIN (%(subquery)s) item"
        " ON (concerned.id = item.case_id OR concerned.id = item.child_case_id))"
    )

    def __init__(self, work_items: QuerySet[Any]) -> None:
        super().__init__(work_items.values("case_id", "child_case_id"), output_field=UUIDField())
