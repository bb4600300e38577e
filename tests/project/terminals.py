"""The two terminals of somebody who follows the tutorial."""

import errno
import os
import re
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

from tests.project.curl import CURL
from tests.project.processes import Output, environment, started

COLOUR = re.compile(r"\x1b\[[0-9;]*[a-zA-Z]")


class First:
    """Where the service runs: each time it is started, it has been stopped before."""

    def __init__(self, directory: Path, **variables: str) -> None:
        self._directory = directory
        self._variables = variables
        self._typed: list[str] = []
        self._running = ExitStack()
        self.output: Output | None = None

    def serve(self, commands: str) -> None:
        """Stop what runs; change directories as the user does, and run the last command."""
        self._running.close()
        *before, last = commands.splitlines()
        self._typed += before
        # The shell is to become the service, so that it can be stopped.
        assignments, command = re.fullmatch(r"((?:\w+=\S+ )*)(.+)", last).groups()
        script = "\n".join(["set -e", *self._typed, f"{assignments}exec {command}"])
        _, self.output = self._running.enter_context(
            started(["sh", "-c", script], cwd=self._directory, **self._variables)
        )

    def close(self) -> None:
        """Stop what runs."""
        self._running.close()


class Second:
    """A shell that writes to a terminal, and goes on where it was."""

    def __init__(self, directory: Path, **variables: str) -> None:
        self._terminal, stdout = os.openpty()
        self._shell = subprocess.Popen(
            ["sh"],
            env=environment(TERM="xterm", **variables),
            cwd=directory,
            stdin=subprocess.PIPE,
            stdout=stdout,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )
        os.close(stdout)
        self._output = Output(lines_of(self._terminal))
        self.run(CURL)

    def run(self, commands: str) -> str:
        """Return what the commands have printed, without colours."""
        before = len(self._output.lines)
        end = f"These were the commands after line {before}."
        self._shell.stdin.write(f"{commands}\nprintf '\\n%s\\n' '{end}'\n")
        self._shell.stdin.flush()
        self._output.wait_for(f"^{end}$", timeout=60)
        return "\n".join(self._output.lines[before:-1])

    def close(self) -> None:
        """End the shell."""
        self._shell.stdin.close()
        self._shell.wait(timeout=30)
        self._output.wait_for_the_end()
        os.close(self._terminal)


def lines_of(terminal: int) -> Iterator[str]:
    """Give what is printed, line by line, until nobody has the terminal open any more."""
    with os.fdopen(terminal, encoding="utf-8", closefd=False) as stream:
        try:
            for line in stream:
                yield COLOUR.sub("", line)
        except OSError as error:
            # Linux reports so that the last one has closed it.
            if error.errno != errno.EIO:
                raise
