"""Modules of receivers that are written for a test, loaded as at the start, and checked."""

import importlib
import itertools
import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from textwrap import dedent

from workflow_events.events.checks import check_receivers
from workflow_events.events.errors import ReceiverLoadError
from workflow_events.events.loading import load_receivers
from workflow_events.events.registration.registry import registry

_numbers = itertools.count()


class Found:
    """What the start or `check_receivers` said of a module, one line for each problem."""

    def __init__(self, file: Path, refused: str, lines: list[str]) -> None:
        self.file, self.refused, self.lines = file, refused, lines

    @property
    def short(self) -> list[str]:
        """Ids without the app, each with the line: ``"W002:12"``."""
        found = []
        for line in self.lines:
            [number] = re.findall(r"workflow_events\.([EW]\d{3})", line)
            place = line.partition(f"{self.file}:")[2]
            digits = "".join(itertools.takewhile(str.isdigit, place))
            found.append(f"{number}:{digits or '-'}")
        return found


class Modules:
    """A directory from which modules are imported while a test runs."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def write(self, text: str, name: str = "") -> str:
        """Write a module; returns its name."""
        name = name or f"checked_{next(_numbers)}"
        file = self.path / f"{name.replace('.', '/')}.py"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(dedent(text), encoding="utf-8")
        return name

    def check(self, text: str, *others: str) -> Found:
        """Load a module of this text, and others by name, as at the start; say what is found."""
        return self.load(self.write(text), *others)

    def load(self, *names: str) -> Found:
        """Load modules in a registry of their own, in which nothing else listens."""
        file = self.path / f"{names[0].replace('.', '/')}.py"
        importlib.invalidate_caches()
        with registry.scoped():
            registry.receivers, registry.loaded = [], False
            registry.forget_plans()
            try:
                load_receivers(list(names))
            except ReceiverLoadError as error:
                first, *lines = str(error).split("\n  ")
                return Found(file, str(error), lines or [first])
            return Found(file, "", [str(message) for message in check_receivers()])


@contextmanager
def modules_in(path: Path) -> Iterator[Modules]:
    """Import from this directory meanwhile; what was imported is forgotten afterwards."""
    known = set(sys.modules)
    sys.path.insert(0, str(path))
    try:
        yield Modules(path)
    finally:
        sys.path.remove(str(path))
        for name in set(sys.modules) - known:
            if str(getattr(sys.modules[name], "__file__", "")).startswith(str(path)):
                del sys.modules[name]
