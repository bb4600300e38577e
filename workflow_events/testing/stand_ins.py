"""Stand-ins for rows, in unit tests of receivers."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import FieldDoesNotExist
from django.db.models import Field, ForeignKey, Model

from workflow_events.events.near import near


class LeftOut(Exception):
    """A receiver has used what its test left out."""


class StandIn:
    """An object with some of the attributes of a model's rows; made by `stand_in`."""

    def __init__(self, model: type[Model], attributes: dict[str, Any]) -> None:
        """Take the model, and the attributes of the row. Raises ``AttributeError``."""
        vars(self)["_model"] = model
        for name, value in attributes.items():
            setattr(self, name, value)

    def __getattr__(self, name: str) -> Any:
        """Return what is known by another name; otherwise say what is missing."""
        if name.startswith("__"):
            raise AttributeError(name)  # as copy() and others ask for what may be there
        _check(self._model, name)
        known = vars(self)
        for other, attribute in _other_names(self._model, name):
            if other in known:
                return getattr(known[other], attribute) if attribute else known[other]
        raise LeftOut(
            f"{name} of a {self._model.__name__} is used, which the test left out; "
            f"give it: stand_in({self._model.__name__}, {name}=…)."
        )

    def __setattr__(self, name: str, value: Any) -> None:
        """Set an attribute that the model has."""
        _check(self._model, name)
        vars(self)[name] = value

    def __repr__(self) -> str:
        shown = ", ".join(f"{n}={value!r}" for n, value in vars(self).items() if n != "_model")
        return f"<stand-in for {self._model.__name__}: {shown}>"


def stand_in(model: type[Model], /, **attributes: Any) -> Any:
    """Return an object that has these attributes of a model's row, and touches no database.

    It may be given methods, too. Of a foreign key the row, itself a stand-in, or its key will do.
    Raises ``AttributeError`` for a name that the model does not have, now or when it is used, and
    `LeftOut` when something is used that was not given.
    """
    return StandIn(model, attributes)


def _check(model: type[Model], name: str) -> None:
    names = {"pk", *_names(model), *(n for n in dir(model) if not n.startswith("__"))}
    if name not in names:
        likely = near(name, names)
        hint = f"; did you mean {' or '.join(likely)}?" if likely else "."
        raise AttributeError(f"{model.__name__} has no {name!r}{hint}")


def _names(model: type[Model]) -> set[str]:
    fields = model._meta.get_fields(include_hidden=False)
    found = {field.name for field in fields}
    return found | {field.attname for field in fields if isinstance(field, Field)}


def _other_names(model: type[Model], name: str) -> list[tuple[str, str]]:
    """Return other attributes that tell the same, and which attribute of their value does."""
    key = model._meta.pk
    if name == "pk":
        return [(key.attname, "")]
    if name == key.attname:
        return [("pk", "")]
    try:
        field = model._meta.get_field(name.removesuffix("_id"))
    except FieldDoesNotExist:
        return []
    if isinstance(field, ForeignKey) and name == field.attname:
        return [(field.name, field.target_field.attname)]
    return []
