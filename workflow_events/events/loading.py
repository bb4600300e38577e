"""Importing the receiver modules once, when all apps are ready (contract section 6)."""

from __future__ import annotations

import importlib
import os
import pkgutil
import sys
import sysconfig
import traceback
from collections.abc import Iterable, Iterator
from pathlib import Path
from types import ModuleType
from typing import Final

from django.apps import apps
from django.conf import settings
from django.core.checks import register
from django.utils.module_loading import module_has_submodule

from workflow_events.events.checking.problems import CheckId, Problem
from workflow_events.events.checks import TAG, check_receivers
from workflow_events.events.errors import ReceiverLoadError
from workflow_events.events.registration.definitions import Place
from workflow_events.events.registration.registry import registry

SETTING: Final = "EVENT_RECEIVER_MODULES"
MODULES_OF_AN_APP: Final = ("events", "receivers")
"""What is imported of each app where the setting is left out: those that declare go first."""
UNSET: Final = f"{SETTING} is not set, so {' and '.join(MODULES_OF_AN_APP)} of each app are loaded"
PACKAGE = f"{Path(__file__).parents[1]}{os.sep}"
"""Where this package is installed."""
PYTHON: Final = f"{sysconfig.get_path('stdlib')}{os.sep}"
"""Where Python's own modules are; what is installed may be below it, in one of `INSTALLED`."""
INSTALLED: Final = ("site-packages", "dist-packages")


def load_configured_receivers() -> None:
    """Load what ``EVENT_RECEIVER_MODULES`` lists, or what the apps have where it is left out.

    These are the modules ``events`` of all apps, then the modules ``receivers``, in the order of
    ``INSTALLED_APPS``. Raises `ReceiverLoadError` as `load_receivers` does.
    """
    modules = getattr(settings, SETTING, None)
    if modules is None:
        load_receivers(_modules_of_apps(), because=UNSET)
    else:
        load_receivers(modules)


def load_receivers(modules: Iterable[str], because: str = SETTING) -> None:
    """Import the modules in order, then check every registration; a second call does nothing.

    Takes dotted names; ``package.*`` stands for every module of a package, by name; ``because``
    says what has named them. Raises `ReceiverLoadError` with that, the module and the reason.
    """
    if isinstance(modules, str):
        raise ReceiverLoadError(f"{SETTING}: give a list of modules, not the string {modules!r}.")
    if registry.loaded:
        return
    loading = _Loading()
    for wanted in modules:
        loading.take(wanted)
    for receiver in registry.receivers:
        loading.problems += registry.problems_of(receiver)
    if loading.problems:
        raise ReceiverLoadError(f"{because}: {_shown(loading.problems)}") from loading.cause
    registry.start()
    register(check_receivers, TAG)


class _Loading:
    """Imports modules, each once, and keeps what is wrong with them: all is said together."""

    def __init__(self) -> None:
        self.problems: list[Problem] = []
        self.cause: BaseException | None = None
        self._seen: set[str] = set()

    def take(self, wanted: str) -> None:
        """Import a module, or with ``package.*`` every module of a package, by name."""
        package = wanted.removesuffix(".*")
        module = self._import(package)
        if package == wanted or module is None:
            return
        paths = getattr(module, "__path__", None)
        if paths is None:
            message = f"{wanted}: {package} is a module, not a package."
            hint = f"Write {package}, without the star."
            self.problems.append(Problem(CheckId.MISSING_MODULE, message, hint))
            return
        for name in sorted(f"{package}.{found.name}" for found in pkgutil.iter_modules(paths)):
            self._import(name)

    def _import(self, module: str) -> ModuleType | None:
        # One that has failed would run again, and register its receivers a second time.
        if module in self._seen:
            return sys.modules.get(module)
        self._seen.add(module)
        try:
            return importlib.import_module(module)
        except (Exception, SystemExit) as error:
            self.problems.append(_failure(module, error))
            self.cause = self.cause or error
            return None


def _shown(problems: list[Problem]) -> str:
    lines = [str(problem) for problem in dict.fromkeys(problems)]
    return lines[0] if len(lines) == 1 else "\n  ".join([f"{len(lines)} problems", *lines])


def _failure(module: str, error: BaseException) -> Problem:
    is_missing = isinstance(error, ModuleNotFoundError) and error.name is not None
    if is_missing and f"{module}.".startswith(f"{error.name}."):  # type: ignore[attr-defined]
        hint = "Correct the name; modules are found in the directories of PYTHONPATH."
        return Problem(CheckId.MISSING_MODULE, f"there is no module {module!r}.", hint)
    return Problem(
        CheckId.FAILING_MODULE,
        f"{module} fails to import: {type(error).__name__}: {error}",
        "Mend that line: until then no receiver of the module is in force.",
        _place(error),
    )


def _place(error: BaseException) -> Place | None:
    """Return the line that raised, in what others have written."""
    if isinstance(error, SyntaxError) and error.filename and error.lineno:
        return Place(error.filename, error.lineno)
    frames = traceback.extract_tb(error.__traceback__)
    own = [frame for frame in frames if "importlib" not in frame.filename][1:]
    # A call that is refused is wrong where it stands, not where it is refused.
    own = [frame for frame in own if not _is_of_others(Path(frame.filename))] or own
    return Place(own[-1].filename, own[-1].lineno or 0) if own else None


def _is_of_others(file: Path) -> bool:
    """Tell whether a file is of this package, or of Python itself: no line to mend."""
    if str(file).startswith(PACKAGE):
        return True
    return str(file).startswith(PYTHON) and not {*file.parts} & {*INSTALLED}


def _modules_of_apps() -> Iterator[str]:
    for name in MODULES_OF_AN_APP:
        for app in apps.get_app_configs():
            if app.module is not None and module_has_submodule(app.module, name):
                yield f"{app.name}.{name}"
