"""Dynamic tasks and groups: names in expressions that a deployment's code resolves (facts 2.8).

A deployment derives a class, registers its methods under names, and lists it in the setting
``DYNAMIC_TASKS_CLASSES`` or ``DYNAMIC_GROUPS_CLASSES``::

    class Choices(BaseDynamicTasks):
        @register_dynamic_task("after-review")
        def after_review(self, case, user, prev_work_item, context):
            return ["publish"] if case.meta.get("ok") else ["revise"]

There is one instance of each class per process; it serves all threads.
"""

import inspect
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.core.signals import setting_changed

from workflow_events.configuration import imported
from workflow_events.workflow.errors import BadExpression

Method = TypeVar("Method", bound=Callable[..., Any])


class BaseDynamicTasks:
    """Base of classes that resolve dynamic tasks; see ``register_dynamic_task``."""


class BaseDynamicGroups:
    """Base of classes that resolve dynamic groups; see ``register_dynamic_group``."""


@dataclass(frozen=True, slots=True)
class _Kind:
    noun: str
    setting: str
    base: type
    decorator: str
    parameters: tuple[str, ...]


_TASKS = _Kind(
    "dynamic task",
    "DYNAMIC_TASKS_CLASSES",
    BaseDynamicTasks,
    "register_dynamic_task",
    ("case", "user", "prev_work_item", "context"),
)
_GROUPS = _Kind(
    "dynamic group",
    "DYNAMIC_GROUPS_CLASSES",
    BaseDynamicGroups,
    "register_dynamic_group",
    ("task", "case", "user", "prev_work_item", "context"),
)


def register_dynamic_task(name: str) -> Callable[[Method], Method]:
    """Register a method ``(self, case, user, prev_work_item, context)`` as a dynamic task.

    It returns the slug of a task, or a list of them; an empty list means none. ``context`` is the
    whole parsed ``context`` of the mutation; ``user`` and ``context`` are None in ``redoable``.
    Decorate several times for several names. Raises ``ImproperlyConfigured`` for an empty name.
    """
    return _register(_TASKS, name)


def register_dynamic_group(name: str) -> Callable[[Method], Method]:
    """Register a method ``(self, task, case, user, prev_work_item, context)`` as a dynamic group.

    It returns the name of a group, or a list of them. ``prev_work_item`` is None for start tasks.
    Decorate several times for several names. Raises ``ImproperlyConfigured`` for an empty name.
    """
    return _register(_GROUPS, name)


def _register(kind: _Kind, name: str) -> Callable[[Method], Method]:
    if not isinstance(name, str) or not name:
        raise ImproperlyConfigured(
            f"@{kind.decorator} takes the name of the {kind.noun}: "
            f'@{kind.decorator}("name"), and was given {name!r}.'
        )

    def mark(method: Method) -> Method:
        names: set[tuple[str, str]] = method.__dict__.setdefault("dynamic_names", set())
        names.add((kind.noun, name))
        return method

    return mark


@dataclass(frozen=True, slots=True)
class _Resolver:
    """One registered method: gives the names that its name stands for."""

    kind: _Kind
    name: str
    owner: str
    method: Callable[..., Any]

    def resolve(self, arguments: tuple[Any, ...]) -> list[str]:
        result = self.method(*arguments)
        names = [result] if isinstance(result, str) else result
        if not isinstance(names, (list, tuple, set, frozenset)):
            raise self._wrong_type(result)
        for name in names:
            if not isinstance(name, str):
                raise self._wrong_type(name)
        return list(names)

    def _wrong_type(self, value: Any) -> BadExpression:
        return BadExpression(
            f"The {self.kind.noun} {self.name!r}, resolved by {self.owner}, gave "
            f"{type(value).__name__}; it must give a string or a list of strings."
        )


_loaded: dict[str, Mapping[str, _Resolver]] = {}


def load_dynamic_classes() -> None:
    """Load the classes that the two settings list; called once at start, and at first use else.

    Raises ``ImproperlyConfigured``, naming the setting and the class, for what is missing, no
    subclass, registers a name twice, or has a method that cannot be called with its arguments.
    """
    loaded = {kind.noun: _load(kind) for kind in (_TASKS, _GROUPS)}
    _loaded.update(loaded)


def is_dynamic_task(name: str) -> bool:
    """Whether a class registered the name as a dynamic task."""
    return name in _resolvers(_TASKS)


def resolve_task(name: str, *arguments: Any) -> list[str]:
    """The slugs that a name in a flow stands for: itself when it is no dynamic task.

    Takes the name, and case, user, prev_work_item, context. Raises ``BadExpression`` when
    the method returns anything but strings; its exceptions pass.
    """
    resolver = _resolvers(_TASKS).get(name)
    return resolver.resolve(arguments) if resolver else [name]


def resolve_group(name: str, *arguments: Any) -> list[str]:
    """The groups that a name stands for: itself when it is no dynamic group.

    Takes the name, and task, case, user, prev_work_item, context. Raises ``BadExpression`` when
    the method returns anything but strings; its exceptions pass.
    """
    resolver = _resolvers(_GROUPS).get(name)
    return resolver.resolve(arguments) if resolver else [name]


def _resolvers(kind: _Kind) -> Mapping[str, _Resolver]:
    if kind.noun not in _loaded:
        load_dynamic_classes()
    return _loaded[kind.noun]


def _load(kind: _Kind) -> Mapping[str, _Resolver]:
    paths = getattr(settings, kind.setting, [])
    if not isinstance(paths, (list, tuple)):
        raise ImproperlyConfigured(f"{kind.setting} must be a list of dotted paths of classes.")
    resolvers: dict[str, _Resolver] = {}
    for path in paths:
        for resolver in _resolvers_of(kind, path, _import(kind, path)):
            resolvers.setdefault(resolver.name, resolver)
    return resolvers


def _import(kind: _Kind, path: str) -> type:
    found = imported(kind.setting, path)
    if not isinstance(found, type) or not issubclass(found, kind.base):
        raise ImproperlyConfigured(
            f"{kind.setting}: {path} is no subclass of {kind.base.__name__}."
        )
    return found


def _resolvers_of(kind: _Kind, path: str, cls: type) -> Iterator[_Resolver]:
    attributes: dict[str, str] = {}
    for ancestor in reversed(cls.__mro__):
        # what a subclass registers replaces what it inherits
        attributes |= _registered_in(kind, path, ancestor)
    instance = cls()
    for name, attribute in attributes.items():
        method = getattr(instance, attribute)
        if problem := _problem_of(method, kind.parameters):
            raise ImproperlyConfigured(
                f"{kind.setting}: {path}.{attribute}, registered as {name!r}, {problem}."
            )
        yield _Resolver(kind, name, f"{path}.{attribute}", method)


def _registered_in(kind: _Kind, path: str, cls: type) -> dict[str, str]:
    attributes: dict[str, str] = {}
    for attribute, value in vars(cls).items():
        for noun, name in sorted(getattr(value, "dynamic_names", ())):
            if noun != kind.noun:
                continue
            if name in attributes:
                raise ImproperlyConfigured(
                    f"{kind.setting}: {path} registers {name!r} twice, as {attributes[name]} and "
                    f"as {attribute}; rename one of them."
                )
            attributes[name] = attribute
    return attributes


def _problem_of(method: Any, parameters: tuple[str, ...]) -> str | None:
    if not callable(method):
        return "is no method"
    if inspect.iscoroutinefunction(method) or inspect.isgeneratorfunction(method):
        return "must be a plain function, neither async nor a generator"
    try:
        inspect.signature(method).bind(*parameters)
    except TypeError as error:
        return f"must take (self, {', '.join(parameters)}): {error}"
    return None


def _forget(*, setting: str, **_: Any) -> None:
    if setting in (_TASKS.setting, _GROUPS.setting):
        _loaded.clear()


setting_changed.connect(_forget, dispatch_uid="workflow_events.dynamic")
