"""An environment that has our wheel and Django, and nothing else but what a test asks for."""

from __future__ import annotations

import importlib.metadata
import shutil
import subprocess
import sys
import venv
import zipfile
from pathlib import Path

from tests.project.processes import ROOT, environment

DJANGO = ("asgiref", "django", "sqlparse")
MANAGE = """
import os, sys
from django.core.management import execute_from_command_line

settings, *commands = sys.argv[1:]
if settings:
    os.environ["DJANGO_SETTINGS_MODULE"] = settings
for command in commands:
    execute_from_command_line(["manage.py", *command.split()])
"""
SOURCES = ("pyproject.toml", "README.md", "LICENSE", "workflow_events")


def build(directory: Path) -> Path:
    """Build the wheel from a copy of the sources, so that the checkout stays as it is."""
    for name in SOURCES:
        source, copy = ROOT / name, directory / "sources" / name
        if source.is_dir():
            shutil.copytree(source, copy, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            copy.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(source, copy)
    command = [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", directory]
    ended = _run([*command, directory / "sources"], cwd=directory)
    assert ended.returncode == 0, ended.stdout + ended.stderr
    [wheel] = directory.glob("*.whl")
    return wheel


class Bare:
    """A virtual environment with a working directory."""

    def __init__(self, directory: Path, wheel: Path) -> None:
        self.project = directory / "project"
        self.project.mkdir(parents=True)
        home = directory / "venv"
        venv.EnvBuilder(with_pip=False, symlinks=True).create(home)
        self.python = home / "bin/python"
        [self._packages] = home.glob("lib/python*/site-packages")
        # A wheel without compiled code is installed by unpacking it.
        with zipfile.ZipFile(wheel) as archive:
            archive.extractall(self._packages)
        self.add(*DJANGO)

    def add(self, *distributions: str) -> None:
        """Make the files of distributions importable that this suite runs with."""
        for name in distributions:
            distribution = importlib.metadata.distribution(name)
            for top in {Path(file).parts[0] for file in distribution.files or ()} - {".."}:
                target = self._packages / top
                if not target.exists() and top != "__pycache__":
                    target.symlink_to(Path(str(distribution.locate_file(top))))

    def run(self, *arguments: str | Path) -> subprocess.CompletedProcess[str]:
        """Run Python with these arguments in the directory of the project."""
        return _run([self.python, *arguments], cwd=self.project)

    def manage(self, *commands: str, settings: str = "") -> subprocess.CompletedProcess[str]:
        """Run commands of Django one after the other in one process, as ``manage.py`` would."""
        return self.run("-W", "error", "-c", MANAGE, settings, *commands)


def _run(command: list[str | Path], cwd: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command,
        env=environment(PYTHONDONTWRITEBYTECODE="1"),
        cwd=cwd,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
