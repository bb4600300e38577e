"""The database goes away under service, worker and clients, and comes back."""

import random
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing, contextmanager
from subprocess import Popen
from uuid import UUID

from tests.chaos.clients import ask_at_once
from tests.chaos.deliveries.settling import Span
from tests.chaos.deliveries.stage import VARIABLES, Scene
from tests.chaos.findings import Findings, Result
from tests.chaos.races import complete
from tests.project.processes import COMMAND, ROOT, free_port, started

CLIENTS = 3
WANTED = ["first", "later", "outside"]
EVENTS = 2
"""Of one completion: the item's end, and its follower."""
PAUSE = 0.1
"""Seconds that a client waits from one answer to the next request."""
BEFORE = 0.5
"""Seconds that clients go on at most before the database goes away."""
PATIENCE_OF_SQLITE = 1
LOCKED = 2.5
"""Seconds that somebody else keeps the SQLite file: longer than anybody waits for it."""
MODES = ("immediate", "fast")


class Client:
    """Completes the items of one case, one after the other."""

    def __init__(self, scene: Scene, port: int, case: UUID) -> None:
        self.case = case
        self.done: set[UUID] = set()
        """The items that the service said it had completed."""
        self._rows = scene.stage.rows(scene.name)
        self._port = port

    def run(self, told_to_stop: threading.Event) -> None:
        """Go on until told to stop, whatever the service says."""
        while not told_to_stop.wait(PAUSE):
            [item] = self._rows.items(self.case).values()
            [answer] = ask_at_once(self._port, complete(str(item), to=WANTED))
            if answer.code is None:
                self.done.add(item)


class Outages:
    """A service and a worker as an operator runs them, and clients."""

    def __init__(self, scene: Scene, port: int, processes: list[Popen[str]]) -> None:
        self.scene = scene
        self._port = port
        self._processes = processes

    def round(self, number: int) -> Result:
        """Nothing acknowledged is lost, nothing comes twice, nobody must be started again."""
        strike, what = self._strike(number)
        findings = Findings()
        span = Span(self.scene, findings)
        cases = self.scene.start("circle", CLIENTS)
        clients = [Client(self.scene, self._port, case) for case in cases]
        stop = threading.Event()
        with ThreadPoolExecutor(len(clients)) as pool:
            running = [pool.submit(client.run, stop) for client in clients]
            try:
                time.sleep(random.uniform(0, BEFORE))
                strike()
                self._expect_served(clients, findings)
            finally:
                stop.set()
        for each in running:
            each.result()
        span.settle()
        for client in clients:
            self._expect_kept(client, findings)
        for process in self._processes:
            findings.expect("end of a process", process.poll(), None)
        return Result(what, findings)

    def _expect_served(self, clients: list[Client], findings: Findings) -> None:
        """Wait until each client has got some more done."""
        before = {client: len(client.done) for client in clients}

        def all_served() -> bool:
            return all(len(client.done) > done for client, done in before.items())

        if not self.scene.until(all_served):
            findings.append("some clients were not served any more")

    def _strike(self, number: int) -> tuple[Callable[[], None], str]:
        cluster = self.scene.stage.cluster
        if cluster is None:
            return self._lock, "locked by another process"
        mode = MODES[number % len(MODES)]
        return lambda: cluster.restart(mode), f"restarted, {mode}"

    def _lock(self) -> None:
        file = self.scene.stage.database(self.scene.name)
        with closing(sqlite3.connect(file, 30, isolation_level=None)) as locking:
            locking.execute("BEGIN EXCLUSIVE")
            time.sleep(LOCKED)
            locking.execute("ROLLBACK")

    def _expect_kept(self, client: Client, findings: Findings) -> None:
        query = "SELECT id FROM workflow_workitem WHERE case_id = %s AND status = 'completed'"
        completed = {UUID(str(item)) for (item,) in self.scene.rows.all(query, client.case)}
        findings.expect("acknowledged, and not completed", client.done - completed, set())
        picture = self.scene.rows.picture(client.case)
        findings.expect("events", len(picture.events), EVENTS * len(completed))
        findings.expect(
            "deliveries", len(picture.deliveries), EVENTS * len(completed) * len(WANTED)
        )


@contextmanager
def outages(scene: Scene) -> Iterator[Callable[[int], Result]]:
    """Run a service and a worker on the database of the scene."""
    port = free_port()
    variables = {
        **VARIABLES,
        "DATABASE_URL": scene.url,
        "EVENT_RECEIVER_MODULES": scene.stage.modules,
        "SQLITE_TIMEOUT": str(PATIENCE_OF_SQLITE),
        "CHAOS_PLACE": str(scene.place),
        "PYTHONPATH": str(ROOT),
        "PORT": str(port),
    }
    with ExitStack() as stack:
        service, output = stack.enter_context(
            started([COMMAND, "serve"], cwd=scene.place, **variables)
        )
        worker, _ = stack.enter_context(started([COMMAND, "worker"], cwd=scene.place, **variables))
        output.wait_for("Serving")
        yield Outages(scene, port, [service, worker]).round
