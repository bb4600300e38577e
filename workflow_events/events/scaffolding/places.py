"""Where the files of a new module go; nothing that exists is written over."""

from __future__ import annotations

import keyword
import os
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Final

from django.conf import settings

from workflow_events.events.loading import SETTING
from workflow_events.events.scaffolding.errors import CannotWrite

LONGEST: Final = 50
"""Characters of a name: longer ones fit no line."""
PYTEST_INI: Final = """\
[pytest]
DJANGO_SETTINGS_MODULE = {settings}
pythonpath = .
"""
_COLLECTED: Final = ("__", "conftest", "test")
"""Beginnings of names: of modules that Python runs, and of what pytest takes for a test."""
_SECTIONS: Final = {
    "pytest.ini": "",
    ".pytest.ini": "",
    "pyproject.toml": "[tool.pytest",
    "tox.ini": "[pytest]",
    "setup.cfg": "[tool:pytest]",
}


@dataclass(frozen=True, slots=True)
class NewModule:
    """A new module of a package below the working directory."""

    directory: PurePosixPath
    name: str

    @property
    def package(self) -> str:
        """The dotted name of the package."""
        return ".".join(self.directory.parts)

    @property
    def top(self) -> str:
        """The name of the outermost package."""
        return self.directory.parts[0]

    @property
    def module(self) -> str:
        """The dotted name of the module."""
        return f"{self.package}.{self.name}"

    @property
    def file(self) -> Path:
        """The file of the module."""
        return Path(self.directory, f"{self.name}.py")

    @property
    def test(self) -> Path:
        """The file of its tests, which pytest finds."""
        return Path("tests", f"test_{self.name}.py")


def place_for(directory: str, name: str) -> NewModule:
    """Return the place of a module; raises `CannotWrite` for names that cannot be imported."""
    check_name(name, "the name of a module")
    if beginning := next(filter(name.startswith, _COLLECTED), ""):
        raise CannotWrite(
            f"{name!r} begins with {beginning!r}, which has a meaning for Python or pytest; choose "
            "another name."
        )
    path = PurePosixPath(directory)
    if path.is_absolute() or not path.parts:
        raise CannotWrite(
            f"--dir {directory}: give a directory below this one, such as myapp/receivers."
        )
    for part in path.parts:
        check_name(part, f"the name of a package (--dir {directory})")
    place = NewModule(path, name)
    if place.file.with_suffix("").is_dir():
        raise CannotWrite(f"{place.directory}/{name} is a package already; choose another name.")
    return place


def check_name(name: str, what: str) -> None:
    """Raise `CannotWrite` for what Python cannot import by its name."""
    if len(name) > LONGEST:
        raise CannotWrite(f"{name!r} has more than {LONGEST} characters; find a shorter name.")
    if not name.isidentifier() or keyword.iskeyword(name):
        raise CannotWrite(
            f"{name!r} cannot be {what}: letters, digits and _ only, and no word of Python's own."
        )


def write(place: NewModule, module: str, test: str) -> list[Path]:
    """Write the module and its test, and what both need; gives the paths of what is new.

    Raises `CannotWrite`, and leaves nothing behind, where one of the two is there already, or the
    file system refuses.
    """
    files = {place.file: module, place.test: test}
    for file in files:
        if file.exists():
            raise CannotWrite(f"{file} is there already; choose another name, or remove it.")
    with ExitStack() as undone:
        try:
            written = list(_write({**_packages(place), **files, **_configuration()}, undone))
        except OSError as error:
            raise CannotWrite(f"{error.filename}: {error.strerror}; nothing is written.") from error
        undone.pop_all()
    return written


def _write(files: Mapping[Path, str], undone: ExitStack) -> Iterator[Path]:
    for file, text in files.items():
        for directory in reversed([file.parent, *file.parent.parents]):
            if not directory.exists():
                directory.mkdir()
                undone.callback(directory.rmdir)
        with file.open("x", encoding="utf-8") as output:
            undone.callback(file.unlink)
            output.write(text)
        yield file


def _packages(place: NewModule) -> dict[Path, str]:
    directories = [place.directory, *place.directory.parents][:-1]
    new = [d for d in directories if d == place.directory or not Path(d).exists()]
    files = [Path(directory, "__init__.py") for directory in reversed(new)]
    return {file: "" for file in files if not file.exists()}


def _configuration() -> dict[Path, str]:
    for name, section in _SECTIONS.items():
        if Path(name).is_file() and section in Path(name).read_text(encoding="utf-8"):
            return {}
    used = os.environ.get("DJANGO_SETTINGS_MODULE", "")
    return {Path("pytest.ini"): PYTEST_INI.format(settings=used)} if used else {}


def is_loaded(place: NewModule) -> bool:
    """Tell whether the setting, as it is now, has the module loaded at the next start."""
    modules = getattr(settings, SETTING, None) or ()
    return bool({place.module, f"{place.package}.*"}.intersection(modules))
