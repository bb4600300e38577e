"""Observers: what is to happen to the records of a model, as one class."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from inspect import isroutine
from typing import Any, ClassVar, Final

from django.db.models import Model

from workflow_events.events.near import near
from workflow_events.events.registration.filters import Filtered
from workflow_events.events.registration.listeners import ReceiverClass, Targets, refusal
from workflow_events.records.events import (
    PostCreateRecord,
    PostDeleteRecord,
    PostUpdateRecord,
    PreCreateRecord,
    PreDeleteRecord,
    PreUpdateRecord,
)

HOOKS: Final[Mapping[str, Any]] = {
    "creating": PreCreateRecord,
    "created": PostCreateRecord,
    "updating": PreUpdateRecord,
    "updated": PostUpdateRecord,
    "deleting": PreDeleteRecord,
    "deleted": PostDeleteRecord,
}
"""The event of each method that an `Observer` may have."""


class Observer(ReceiverClass, abstract=True):
    """Receivers of the records of a model: ``observes`` names it, or several in a list.

    Any of ``creating``, ``created``, ``updating``, ``updated``, ``deleting`` and ``deleted`` is
    called, by name as every receiver, with what it asks for of ``record``, ``event``, ``sender``,
    and ``diff`` or ``values``. The options of ``@on`` are class attributes; `changed` and
    ``filter_events`` stand above a method. Each is a registration like
    ``on(PostUpdateRecord[Setting])(observer.updated)``, and named ``module.Class.updated``. Raises
    `RegistrationError` when the class is made and could not work.
    """

    observes: ClassVar[type[Model] | Sequence[type[Model]]]
    declares = frozenset({"observes"})

    @classmethod
    def registrations(cls) -> Mapping[str, Targets]:
        """Return the methods that the class has, with the events of its models."""
        models = _models_of(cls)
        _check_methods(cls)
        hooks = [hook for hook in HOOKS if hasattr(cls, hook)]
        if not hooks:
            raise refusal(cls, "observes nothing that happens", f"write one of {', '.join(HOOKS)}")
        return {hook: [HOOKS[hook][model] for model in models] for hook in hooks}

    @classmethod
    def options_of(cls, method: str) -> dict[str, Any]:
        """Return the options; a ``name`` is that of the class, and its methods have each one."""
        options = super().options_of(method)
        return {**options, "name": f"{options['name']}.{method}"} if "name" in options else options


def _models_of(cls: type[Observer]) -> list[type[Model]]:
    given: Any = getattr(cls, "observes", ())
    models = list(given) if isinstance(given, list | tuple) else [given]
    if not models:
        raise refusal(cls, "observes no model", "write observes = …, or abstract=True for a base")
    for model in models:
        if not (isinstance(model, type) and issubclass(model, Model)):
            raise refusal(cls, f"observes {model!r}, which is no model", "give the class itself")
    return models


def _check_methods(cls: type[Observer]) -> None:
    """Refuse a public method that looks like a misspelt one, which would never be called."""
    for base in cls.__mro__[: cls.__mro__.index(Observer)]:
        for name, value in vars(base).items():
            is_method = isroutine(value) or isinstance(value, Filtered)
            if name in HOOKS and not is_method:
                raise refusal(cls, f"has {name} = {value!r}, which is no method", "write a method")
            if name.startswith("_") or name in HOOKS or not is_method:
                continue
            if meant := near(name, HOOKS, most=2, likeness=0.7):
                raise refusal(
                    cls,
                    f"has a method {name}, which is never called",
                    f"is it {' or '.join(meant)}? One of your own needs a name that is less like "
                    "it, or begins with an underscore",
                )
