"""What must hold before anything is delivered; a start without it ends with the reason."""

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

from workflow_events.configuration import NOT_ONE_TRANSACTION, ONE_TRANSACTION, is_on


def refuse_wider_transactions() -> None:
    """Raise `ImproperlyConfigured` where a setting would make several operations one transaction.

    Contract section 5, "Transactions": each root field has committed before the next one begins.
    """
    switches = [
        (f"DATABASES[{alias!r}][{name!r}]", database.get(name))
        for alias, database in settings.DATABASES.items()
        for name in ONE_TRANSACTION
    ]
    graphene = getattr(settings, "GRAPHENE", {})
    switches.append(("GRAPHENE['ATOMIC_MUTATIONS']", graphene.get("ATOMIC_MUTATIONS")))
    for setting, value in switches:
        if is_on(value):
            raise ImproperlyConfigured(f"{setting}: {NOT_ONE_TRANSACTION}")
