"""Importing the receiver modules once, when all apps are ready (contract section 6)."""

from __future__ import annotations

import importlib
import importlib.util
import os
import pkgutil
import traceback
from collections.abc import Iterable, Iterator
from pathlib import Path

from workflow_events.events.errors import ReceiverLoadError, RegistrationError
from workflow_events.events.registry import check, registry

SETTING = "EVENT_RECEIVER_MODULES"
PACKAGE = f"{Path(__file__).parents[1]}{os.sep}"
"""Where this package is installed."""


def load_receivers(modules: Iterable[str]) -> None:
    """Import the modules in order, then check every registration; a second call does nothing.

    Takes dotted names; ``package.*`` stands for every module of a package, by name. Raises
    `ReceiverLoadError` with the setting, the module and the reason.
    """
    if registry.loaded:
        return
    for wanted in modules:
        for module in _expanded(wanted):
            _import(module)
    for receiver in registry.receivers:
        try:
            check(receiver)
        except RegistrationError as error:
            module = receiver.function.__module__
            raise ReceiverLoadError(f"{SETTING}: {module}: {error}") from error
    registry.loaded = True


def _expanded(wanted: str) -> Iterator[str]:
    if not wanted.endswith(".*"):
        yield wanted
        return
    package = wanted.removesuffix(".*")
    _import(package)
    paths = getattr(importlib.import_module(package), "__path__", None)
    if paths is None:
        raise ReceiverLoadError(f"{SETTING}: {wanted}: {package} is a module, not a package.")
    yield from sorted(f"{package}.{found.name}" for found in pkgutil.iter_modules(paths))


def _import(module: str) -> None:
    try:
        importlib.import_module(module)
    except ModuleNotFoundError as error:
        if error.name is not None and f"{module}.".startswith(f"{error.name}."):
            raise ReceiverLoadError(f"{SETTING}: there is no module {module!r}.") from error
        raise _failed(module, error) from error
    except (Exception, SystemExit) as error:
        raise _failed(module, error) from error


def _failed(module: str, error: BaseException) -> ReceiverLoadError:
    frames = traceback.extract_tb(error.__traceback__)
    own = [frame for frame in frames if "importlib" not in frame.filename][1:]
    # A call that is refused is wrong where it stands, not where it is refused.
    own = [frame for frame in own if not frame.filename.startswith(PACKAGE)] or own
    where = f" ({own[-1].filename}:{own[-1].lineno})" if own else ""
    return ReceiverLoadError(
        f"{SETTING}: {module} fails to import: {type(error).__name__}: {error}{where}"
    )
