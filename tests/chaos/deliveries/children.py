"""The harness's side of the nursery: orders, and the processes that carry them out."""

import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import Any

from tests.project.processes import ROOT, environment

LIMIT = 60
"""Seconds that anything may take that is waited for without another limit."""


class NurseryEnded(Exception):
    """The nursery has ended, see its output, and with it whatever it was to do."""


@dataclass(frozen=True)
class Child:
    """A process that carries out one order."""

    process: Future[int] = field(default_factory=Future)
    answered: Future[Any] = field(default_factory=Future)
    """What the order returned, once it has."""
    ended: Future[int] = field(default_factory=Future)
    """The status, or the negative number of the signal that ended it."""

    def send(self, number: signal.Signals) -> None:
        """Send a signal, unless it has ended."""
        if not self.ended.done():
            os.kill(self.process.result(LIMIT), number)

    def kill(self) -> None:
        """Kill it, and wait until it is gone."""
        self.send(signal.SIGKILL)
        self.ended.result(LIMIT)

    def answer(self) -> Any:
        """Wait for its end; returns what the order returned, None if it was killed."""
        status = self.ended.result(LIMIT)
        assert status in (0, -signal.SIGKILL), f"an order ended with {status}"
        return self.answered.result(LIMIT) if status == 0 else None


class Nursery:
    """A running nursery; may be asked by several threads."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process
        self._numbers = count()
        self._children: dict[int, Child] = {}
        self._lock = threading.Lock()
        threading.Thread(target=self._listen, daemon=True).start()

    def order(self, do: str, scene: dict[str, Any], **arguments: Any) -> Child:
        """Have an order carried out; returns at once."""
        child = Child()
        with self._lock:
            number = next(self._numbers)
            self._children[number] = child
            order = {"number": number, "do": do, "scene": scene, "arguments": arguments}
            assert self._process.stdin is not None
            self._process.stdin.write(json.dumps(order) + "\n")
            self._process.stdin.flush()
        return child

    def _listen(self) -> None:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            said = json.loads(line)
            child = self._children[said["number"]]
            for what in ("process", "ended"):
                if what in said:
                    getattr(child, what).set_result(said[what])
            if "answer" in said:
                child.answered.set_result(said["answer"])
        with self._lock:
            for child in self._children.values():
                if not child.ended.done():
                    child.ended.set_exception(NurseryEnded())


@contextmanager
def nursery(place: Path, **variables: str) -> Iterator[Nursery]:
    """Run a nursery, and kill it with everything that it has forked."""
    with (place / "nursery.output").open("w") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", "tests.chaos.deliveries.nursery"],
            env=environment(
                **variables,
                PYTHONPATH=str(ROOT),
                DJANGO_SETTINGS_MODULE="workflow_events.settings",
            ),
            cwd=place,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=output,
            text=True,
            start_new_session=True,
        )
    try:
        yield Nursery(process)
    finally:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait(LIMIT)
