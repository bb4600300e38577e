"""Which models have records whose events can be heard."""

from __future__ import annotations

from collections.abc import Iterator

from django.db.migrations.state import StateApps
from django.db.models import Model

from workflow_events.events.registration.senders import names_of, with_subclasses


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
    return sorted(filter(emits, models_below(Model)), key=lambda model: names_of(model)[1])


def models_below(model: type[Model]) -> Iterator[type[Model]]:
    """Yield a model, unless it is ``Model`` itself, and all that inherit from it, abstract too."""
    return (one for one in with_subclasses([model]) if one is not Model)
