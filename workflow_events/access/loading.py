"""Loading the access classes that the settings name, once at start.

Whatever could only fail, or be ignored, when a request comes stops the start with one line that
names the setting, the class and what to do.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TypeVar

from django.core.exceptions import ImproperlyConfigured

from workflow_events.access.methods import AccessClass, Kind, result_of
from workflow_events.access.permissions import (
    OBJECT_PERMISSION,
    PERMISSION,
    AllowAny,
    BasePermission,
)
from workflow_events.access.policy import Policy, enforce
from workflow_events.access.validations import VALIDATION, BaseValidation
from workflow_events.access.visibilities import (
    FILTER,
    Any,
    BaseVisibility,
    Union,
    model_of,
)
from workflow_events.configuration import imported, one_line

PERMISSIONS = "PERMISSION_CLASSES"
VISIBILITIES = "VISIBILITY_CLASSES"
VALIDATIONS = "VALIDATION_CLASSES"

UNMARKED = {
    PERMISSION: "has_permission",
    OBJECT_PERMISSION: "has_object_permission",
    FILTER: "filter_queryset",
    VALIDATION: "validate",
}
"""What Caluma calls without a mark, and we do not: as a permission it would refuse nothing."""

Loaded = TypeVar("Loaded", bound=AccessClass)


@dataclass(frozen=True, slots=True)
class Keys:
    """What methods may be marked with.

    Takes the root of the mutations, the node types, the root of them included, and the classes
    below the root that stand for a permission alone (`Policy.check_granted`). Another type of a
    model that one of the nodes has, such as a concrete type of task, goes by that one.
    """

    mutation: type
    nodes: Sequence[type]
    granted: Sequence[type]

    def relations(self) -> list[str]:
        """Return the relations to one object that ``suppress_visibilities`` may name."""
        return sorted(
            f"{node.__name__}.{field.name}"
            for node in self.nodes
            if (model := model_of(node)) is not None
            for field in model._meta.get_fields()
            if field.many_to_one or field.one_to_one
        )

    def problem_of(self, kind: Kind, key: type) -> str | None:
        """Return why a method may not be marked with this class, or None."""
        if key is object:
            return None
        if key in self.granted and kind is not PERMISSION:
            return f"and would not be called: only @{PERMISSION.decorator} decides about that"
        if kind is not FILTER:
            return None if issubclass(key, self.mutation) else "which is no mutation"
        by_model = {model: node for node in self.nodes if (model := model_of(node))}
        if key in self.nodes or key in by_model:
            return None
        for model in map(model_of, key.__mro__):
            if model in by_model:
                return f"which goes by {by_model[model].__name__}: say that"
        return "which is none of " + ", ".join(node.__name__ for node in self.nodes)


def load_access_classes(
    *,
    permissions: Sequence[str],
    visibilities: Sequence[str],
    validations: Sequence[str],
    mutation: type,
    nodes: Sequence[type],
    granted: Sequence[type],
) -> Policy:
    """Import the classes by their dotted paths, check them, put them in force and return them.

    ``mutation`` is the root of the mutation classes, ``nodes`` the types of nodes and their root,
    ``granted`` what only a permission can be asked for.
    Raises ``ImproperlyConfigured`` with the setting and the class for one that is missing, fails to
    import, is of the wrong kind, decides nothing, or speaks of what is no mutation or node; and
    for an empty list of permissions or visibilities, which could be a mistake.
    """
    for setting, paths, everybody in (
        (PERMISSIONS, permissions, AllowAny),
        (VISIBILITIES, visibilities, Any),
    ):
        if not paths:
            path = f"{everybody.__module__}.{everybody.__name__}"
            raise ImproperlyConfigured(
                f"{setting}: is empty; name {path} to restrict nobody, on purpose"
            )
    keys = Keys(mutation, nodes, granted)
    policy = Policy(
        tuple(_load(PERMISSIONS, path, BasePermission, keys) for path in permissions),
        tuple(_load(VISIBILITIES, path, BaseVisibility, keys) for path in visibilities),
        tuple(_load(VALIDATIONS, path, BaseValidation, keys) for path in validations),
    )
    enforce(policy)
    return policy


def _load(setting: str, path: str, base: type[Loaded], keys: Keys) -> Loaded:
    found = imported(setting, path)
    try:
        instance = _made(_of_kind(found, base))
        for part in _with_members(instance):
            _check(part, keys)
    except ImproperlyConfigured as error:
        raise ImproperlyConfigured(f"{setting}: {path}: {one_line(error)}") from error
    return instance


def _of_kind(found: object, base: type[Loaded]) -> type[Loaded]:
    if not isinstance(found, type) or not issubclass(found, base):
        raise ImproperlyConfigured(
            f"is no subclass of {base.__name__}; name a class that is, or move it to its setting"
        )
    if found is base:
        raise ImproperlyConfigured("is only a base; name a class derived from it")
    return found


def _made(cls: type[Loaded]) -> Loaded:
    try:
        return cls()
    except ImproperlyConfigured:
        raise
    except (Exception, SystemExit) as error:
        raise ImproperlyConfigured(
            f"cannot be made without arguments: {type(error).__name__}: {error}"
        ) from error


def _with_members(instance: AccessClass) -> Iterator[AccessClass]:
    yield instance
    if isinstance(instance, Union):
        for member in instance.members:
            yield from _with_members(member)


def _check(instance: AccessClass, keys: Keys) -> None:
    cls = type(instance)
    _check_marked(cls)
    if not cls.entries and not isinstance(instance, AllowAny | Any | Union):
        decorators = " or ".join(f"@{kind.decorator}" for kind in cls.kinds)
        raise ImproperlyConfigured(
            f"{cls.__name__} has no method marked {decorators}, so that it does nothing; mark one"
        )
    for (kind, key), entry in cls.entries.items():
        if problem := keys.problem_of(kind, key):
            raise ImproperlyConfigured(
                f"{cls.__name__}.{entry.name} is marked @{kind.decorator}({key.__name__}), "
                f"{problem}"
            )
    for node in keys.nodes:
        _check_said_once(cls, node)
    if isinstance(instance, BaseVisibility):
        _check_suppressed(instance, keys)


def _check_marked(cls: type[AccessClass]) -> None:
    """Refuse a method that overrides one of Caluma's bases, and would never be called here."""
    marked = {entry.name for entry in cls.entries.values()}
    for kind in cls.kinds:
        name = UNMARKED[kind]
        if hasattr(cls, name) and name not in marked:
            raise ImproperlyConfigured(
                f"{cls.__name__}.{name} would not be called; mark what it does "
                f"@{kind.decorator}, or give it another name if you call it yourself"
            )


def _check_said_once(cls: type[AccessClass], node: type) -> None:
    """Refuse one class that says two things of a node: by its type, and by its model."""
    model = model_of(node)
    by_node = cls.entries.get((FILTER, node))
    by_model = None if model is None else cls.entries.get((FILTER, model))
    if by_node and by_model and by_node.owner is by_model.owner:
        raise ImproperlyConfigured(
            f"{by_node.owner.__name__}.{by_node.name} and .{by_model.name} both speak of "
            f"{node.__name__}: a node and its model are the same; leave one"
        )


def _check_suppressed(visibility: BaseVisibility, keys: Keys) -> None:
    valid = keys.relations()
    named = visibility.suppress_visibilities
    if not isinstance(named, list | tuple | set | frozenset):
        raise ImproperlyConfigured(
            f"{type(visibility).__name__}.suppress_visibilities is {result_of(named)}; write a list"
        )
    for relation in named:
        if relation not in valid:
            raise ImproperlyConfigured(
                f"{type(visibility).__name__}.suppress_visibilities: there is no relation "
                f"{relation!r}; it may name {', '.join(valid)}"
            )
