"""Runs the installed command in a process of its own, as an operator does."""

import os
import re
import socket
import subprocess
import sys
import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
COMMAND = str(Path(sys.executable).with_name("workflow-events"))


def environment(**variables: str) -> dict[str, str]:
    """Return an environment with nothing of this service in it but these variables."""
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}
    return {**kept, **variables}


def run(*arguments: str, cwd: Path, **variables: str) -> subprocess.CompletedProcess[str]:
    """Run ``workflow-events`` to its end."""
    return subprocess.run(
        [COMMAND, *arguments],
        env=environment(**variables),
        cwd=cwd,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def free_port() -> int:
    """Return a port on 127.0.0.1 that nobody listens on."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        port: int = server.getsockname()[1]
        return port


class Output:
    """What a process has printed so far, line by line."""

    def __init__(self, stream: Iterable[str]) -> None:
        self.lines: list[str] = []
        self._grown = threading.Condition()
        self._ended = False
        self._reader = threading.Thread(target=self._read, args=(stream,), daemon=True)
        self._reader.start()

    def _read(self, stream: Iterable[str]) -> None:
        for line in stream:
            with self._grown:
                self.lines.append(line.rstrip("\n"))
                self._grown.notify_all()
        with self._grown:
            self._ended = True
            self._grown.notify_all()

    def wait_for(self, pattern: str, timeout: float = 30) -> str:
        """Return the first line that the pattern is found in, as soon as there is one."""
        with self._grown:
            self._grown.wait_for(lambda: self._ended or self._found(pattern), timeout)
            line = self._found(pattern)
        assert line is not None, f"{pattern!r} was not printed:\n" + "\n".join(self.lines)
        return line

    def wait_for_the_end(self, timeout: float = 30) -> None:
        """Wait until no process has it open: neither the one that was started nor its children."""
        with self._grown:
            assert self._grown.wait_for(lambda: self._ended, timeout), "\n".join(self.lines)

    def _found(self, pattern: str) -> str | None:
        return next((line for line in self.lines if re.search(pattern, line)), None)


@contextmanager
def started(
    command: list[str], *, cwd: Path, **variables: str
) -> Iterator[tuple[subprocess.Popen[str], Output]]:
    """Run a command until the block ends; its standard output and error are read as one."""
    process = subprocess.Popen(
        command,
        env=environment(**variables),
        cwd=cwd,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )
    assert process.stdout is not None
    try:
        yield process, Output(process.stdout)
    finally:
        process.terminate()
        try:
            process.wait(timeout=30)
        finally:
            # One that does not end fails this test, and is not left behind to fail others.
            process.kill()
            process.wait()
            process.stdout.close()
