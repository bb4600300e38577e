"""What is done to the ledger, in a process of its own: storing, counting, clearing away."""

import random
import time
from uuid import UUID

TABLE = "benchmark_effect"
STORED_AT_ONCE = 1000
COLUMNS = {
    "sqlite": "id integer PRIMARY KEY AUTOINCREMENT",
    "postgresql": "id bigserial PRIMARY KEY",
}
OURS = "SELECT count(*) FROM delivery_delivery WHERE finished_at IS NULL"


class Ledger:
    """What runs in the process; each public method can be called from outside by its name."""

    def __init__(self) -> None:
        from django.db import connection

        with connection.cursor() as cursor:
            key = COLUMNS[connection.vendor]
            cursor.execute(f"CREATE TABLE {TABLE} ({key}, number integer, moment float)")

    def store(self, kind: str, number: int, streams: int, together: bool) -> float:
        """Emit so many events, about so many things in turns; returns the seconds.

        ``together``: many in one operation; else each for itself.
        """
        from django.db import transaction

        from benchmarks.delivery_receivers import Happened, Heard
        from workflow_events.events import emit
        from workflow_events.events.emission.recording import stored_together

        event = {"insert": Happened, "nothing": Heard}[kind]
        things = [UUID(int=random.getrandbits(128)) for _ in range(streams)]
        size = STORED_AT_ONCE if together else 1
        begun = time.perf_counter()
        for first in range(0, number, size):
            with transaction.atomic(), stored_together():
                for place in range(first, min(first + size, number)):
                    emit(event, sender=Ledger, about=things[place % streams], number=place)
        return time.perf_counter() - begun

    def store_bare(self, kind: str, number: int) -> None:
        """Store so many jobs of the bare engine."""
        from benchmarks.delivery_bare import store

        store(kind, number)

    def left(self) -> int:
        """Return how many deliveries are not finished."""
        return self._one(OURS)

    def left_bare(self) -> int:
        """Return how many jobs of the bare engine are not finished."""
        from benchmarks.delivery_bare import UNFINISHED

        return self._one(UNFINISHED)

    def effects(self) -> tuple[int, int]:
        """Return how many rows were written, and how many of them twice."""
        all_of_them = self._one(f"SELECT count(*) FROM {TABLE}")
        return all_of_them, all_of_them - self._one(f"SELECT count(DISTINCT number) FROM {TABLE}")

    def not_done(self) -> int:
        """Return how many deliveries ended otherwise than done."""
        return self._one("SELECT count(*) FROM delivery_delivery WHERE state <> 'done'")

    def clear(self) -> None:
        """Take away whatever was stored."""
        from django.db import connection

        from benchmarks.delivery_bare import CLEAR

        with connection.cursor() as cursor:
            for table in ("delivery_delivery", "delivery_loggedevent", TABLE):
                cursor.execute(f"DELETE FROM {table}")
            cursor.execute(CLEAR)

    def complete(self, number: int, pause: float) -> dict[str, float]:
        """Complete work items, one after a pause of about so many seconds; returns the moments.

        The moment is that at which COMMIT has returned, by what the item's context says.
        """
        from django.db import connection

        from benchmarks.http_cases import AUTHOR, ready_items
        from workflow_events.workflow.api import complete_work_item

        moments: list[float] = []
        commit = connection._commit

        def noted() -> None:
            commit()
            moments.append(time.monotonic())

        found = {}
        ready = list(ready_items(number))
        connection._commit = noted
        try:
            for place, (item, _) in enumerate(ready):
                time.sleep(random.uniform(0.5, 1.5) * pause)
                moments.clear()
                complete_work_item(item, AUTHOR, str(place))
                [found[str(place)]] = moments
        finally:
            del connection._commit
        return found

    def _one(self, query: str) -> int:
        from django.db import connection

        with connection.cursor() as cursor:
            cursor.execute(query)
            return int(cursor.fetchone()[0])
