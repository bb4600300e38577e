"""The imports of a module, written as ruff and isort write them."""

from __future__ import annotations

import sys
from collections import defaultdict
from collections.abc import Iterable
from pathlib import Path
from typing import Final

from workflow_events.events.scaffolding.layout import LINE

MANY: Final = "\n\n"


class Imports:
    """Collects what a module imports; ``own`` is the package that it is written into."""

    def __init__(self, own: str) -> None:
        self._own = own
        self._modules: set[str] = set()
        self._names: dict[str, set[str]] = defaultdict(set)

    def add(self, module: str, name: str = "") -> None:
        """Import a name from a module, or the module itself."""
        if name:
            self._names[module].add(name)
        else:
            self._modules.add(module)

    def __str__(self) -> str:
        sections: dict[int, list[str]] = defaultdict(list)
        for module in sorted(self._modules):
            sections[self._section(module)].append(f"import {module}")
        for module in sorted(self._names):
            names = sorted(self._names[module], key=_place)
            sections[self._section(module)].append(_line(module, names))
        return MANY.join("\n".join(sections[number]) for number in sorted(sections))

    def _section(self, module: str) -> int:
        """Return where it stands: Python's own first, then what is installed, then one's own."""
        top = module.partition(".")[0]
        if top in sys.stdlib_module_names:
            return 0
        is_here = Path(top).is_dir() or Path(f"{top}.py").is_file()
        return 2 if top == self._own or is_here else 1


def _place(name: str) -> tuple[int, str]:
    """Constants come first, then classes, then the rest."""
    if name.isupper() and len(name) > 1:
        return 0, name
    return (1 if name[0].isupper() else 2), name


def _line(module: str, names: Iterable[str]) -> str:
    line = f"from {module} import {', '.join(names)}"
    if len(line) <= LINE:
        return line
    inner = "".join(f"    {name},\n" for name in names)
    return f"from {module} import (\n{inner})"
