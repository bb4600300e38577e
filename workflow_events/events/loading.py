"""Importing the receiver modules once, when all apps are ready (contract section 6)."""

from __future__ import annotations

import importlib
import importlib.util
import os
import pkgutil
import traceback
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Final

from django.apps import apps
from django.conf import settings
from django.utils.module_loading import module_has_submodule

from workflow_events.events.errors import ReceiverLoadError, RegistrationError
from workflow_events.events.registry import check, registry

SETTING: Final = "EVENT_RECEIVER_MODULES"
MODULES_OF_AN_APP: Final = ("events", "receivers")
"""What is imported of each app where the setting is left out: those that declare go first."""
UNSET: Final = f"{SETTING} is not set, so {' and '.join(MODULES_OF_AN_APP)} of each app are loaded"
PACKAGE = f"{Path(__file__).parents[1]}{os.sep}"
"""Where this package is installed."""


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
    try:
        for wanted in modules:
            for module in _expanded(wanted):
                _import(module)
        _check_registrations()
    except _NotLoaded as error:
        raise ReceiverLoadError(f"{because}: {error}") from error.__cause__
    registry.loaded = True


class _NotLoaded(Exception):
    """Why a module, or what it registers, stops the start."""


def _modules_of_apps() -> Iterator[str]:
    for name in MODULES_OF_AN_APP:
        for app in apps.get_app_configs():
            if app.module is not None and module_has_submodule(app.module, name):
                yield f"{app.name}.{name}"


def _check_registrations() -> None:
    for receiver in registry.receivers:
        try:
            check(receiver)
        except RegistrationError as error:
            module = receiver.function.__module__
            raise _NotLoaded(f"{module}: {error}") from error


def _expanded(wanted: str) -> Iterator[str]:
    if not wanted.endswith(".*"):
        yield wanted
        return
    package = wanted.removesuffix(".*")
    _import(package)
    paths = getattr(importlib.import_module(package), "__path__", None)
    if paths is None:
        raise _NotLoaded(f"{wanted}: {package} is a module, not a package.")
    yield from sorted(f"{package}.{found.name}" for found in pkgutil.iter_modules(paths))


def _import(module: str) -> None:
    try:
        importlib.import_module(module)
    except ModuleNotFoundError as error:
        if error.name is not None and f"{module}.".startswith(f"{error.name}."):
            raise _NotLoaded(f"there is no module {module!r}.") from error
        raise _failed(module, error) from error
    except (Exception, SystemExit) as error:
        raise _failed(module, error) from error


def _failed(module: str, error: BaseException) -> _NotLoaded:
    frames = traceback.extract_tb(error.__traceback__)
    own = [frame for frame in frames if "importlib" not in frame.filename][1:]
    # A call that is refused is wrong where it stands, not where it is refused.
    own = [frame for frame in own if not frame.filename.startswith(PACKAGE)] or own
    where = f" ({own[-1].filename}:{own[-1].lineno})" if own else ""
    return _NotLoaded(f"{module} fails to import: {type(error).__name__}: {error}{where}")
