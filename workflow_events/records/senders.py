"""Which models have records whose events can be heard."""

from __future__ import annotations

from collections.abc import Iterator

from django.db.migrations.state import StateApps
from django.db.models import Model

from workflow_events.events.registration.senders import names_of


def emits(model: type[Model]) -> bool:
    """Tell whether records of a model can emit events.

    Not those of abstract models, which have none; of the tables between two models, for which
    Django sends no signals; and of models as migrations make them.
    """
    meta = model._meta
    if meta.abstract or meta.auto_created:
        return False
    # The last is the model in which Django notes migrations.
    return not isinstance(meta.apps, StateApps) and not _is_of_migrations(model)


def _is_of_migrations(model: type[Model]) -> bool:
    return model.__module__.startswith("django.db.migrations.")


def sending_models() -> list[type[Model]]:
    """Return every model whose records can emit events, by its dotted path."""
    return sorted(filter(emits, with_subclasses(Model)), key=lambda model: names_of(model)[1])


def with_subclasses(model: type[Model]) -> Iterator[type[Model]]:
    """Yield a model, and all that inherit from it, abstract ones too."""
    found: dict[type[Model], None] = {model: None}
    queue = [model]
    while queue:
        below: list[type[Model]] = type.__subclasses__(queue.pop())
        queue += [subclass for subclass in below if subclass not in found]
        found.update(dict.fromkeys(below))
    return (one for one in found if one is not Model)
