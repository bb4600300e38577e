"""The service on one database, in a process of its own, that does what it is told over a pipe.

Two of them, one with few rows and one with many, take turns within one run.
"""

import re
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

Variables = dict[str, Any]

SCANNED = re.compile(r"Seq Scan on workflow_(?:case|workitem)\b")


@dataclass(frozen=True)
class Question:
    """A document and its variables; with groups, asked by their member under AddressedGroups."""

    document: str
    variables: Variables = field(default_factory=dict)
    groups: tuple[str, ...] = ()


class Service:
    """What runs in the process; each public method can be called from outside by its name."""

    def seed(self, items: int) -> float:
        """Fill the database; return the seconds that it took."""
        from benchmarks.million_seed import seed

        begun = time.perf_counter()
        seed(items)
        return time.perf_counter() - begun

    def ask(self, question: Question) -> tuple[float, dict[str, Any]]:
        """Execute the document; return the seconds and the answer."""
        from graphql import execute

        from workflow_events.graphql.view import GraphQLView, documents

        schema = GraphQLView.graphql_schema
        with self._asker(question) as request:
            begun = time.perf_counter()
            document = documents.get(schema, question.document)
            answer: Any = execute(
                schema, document, context_value=request, variable_values=question.variables
            )
            seconds = time.perf_counter() - begun
        if answer.errors:
            raise answer.errors[0]
        return seconds, answer.data

    def plans(self, question: Question) -> list[str]:
        """Return the plans of the very statements that the document takes."""
        from django.db import connection

        plans: list[str] = []

        def explained(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
            cursor = context["cursor"].cursor
            cursor.execute(f"EXPLAIN {sql}", params)
            plans.append("\n".join(line for (line,) in cursor.fetchall()))
            return execute(sql, params, many, context)

        with connection.execute_wrapper(explained):
            self.ask(question)
        return plans

    def open_items(self, task: str, at_most: int) -> list[str]:
        """Return the ids of READY items of the task, in no order that means anything."""
        from django.db import connection

        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT id::text FROM workflow_workitem WHERE status = 'ready' AND task_id = %s"
                " ORDER BY md5(id::text) LIMIT %s",
                [task, at_most],
            )
            return [key for (key,) in cursor.fetchall()]

    @contextmanager
    def _asker(self, question: Question) -> Iterator[Any]:
        from django.http import HttpRequest

        from workflow_events.access.policy import Policy, using
        from workflow_events.access.visibilities import AddressedGroups
        from workflow_events.workflow.users import BaseUser

        request: Any = HttpRequest()
        request.user = BaseUser("ada", list(question.groups))
        with using(Policy(visibilities=(AddressedGroups(),) if question.groups else ())):
            yield request


def sequential_scans(plans: list[str]) -> list[str]:
    """Return which of the two large tables are read from beginning to end in these plans."""
    return [found for plan in plans for found in SCANNED.findall(plan)]
