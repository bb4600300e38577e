"""The mutations of deliveries, and who may read them."""

from collections.abc import Callable
from typing import Any, ClassVar

from django.db.models import Model
from graphql import GraphQLResolveInfo

from workflow_events.delivery import models, operating
from workflow_events.graphql.ids import DELIVERY
from workflow_events.graphql.mutations.base import Members, Mutation
from workflow_events.graphql.mutations.members import Id, no_such
from workflow_events.graphql.types.delivery import Delivery
from workflow_events.workflow.errors import InvalidTransition
from workflow_events.workflow.operation import atomic_or_conflict
from workflow_events.workflow.users import User


class OperateDeliveries(Mutation, abstract=True):
    """What all that is done with deliveries has in common, reading them included.

    A permission for this class is for those who operate receivers in the background.
    """

    returns = ("delivery", Delivery)
    target = "id"
    members: ClassVar[Members] = {"id": Id(DELIVERY, "The delivery.", required=True)}
    operation: ClassVar[Callable[..., int]]

    @classmethod
    def perform(cls, data: dict[str, Any], user: User) -> Model:
        """Do it; raises `InvalidTransition` where the state does not allow it."""
        named = data["id"]
        key = named.pk if isinstance(named, models.Delivery) else named
        rows = models.Delivery.objects.filter(pk=key)
        with atomic_or_conflict():
            changed = cls.operation(rows)
            delivery = rows.select_related("event").first()
            if delivery is None:
                raise no_such(models.Delivery, [key])
            if not changed:
                raise InvalidTransition(f"The delivery is {delivery.state}.")
        return delivery


class ReadDeliveries(OperateDeliveries, abstract=True):
    """No mutation: what permissions are asked with when deliveries are read.

    What is said of `OperateDeliveries` holds for it, unless something is said of it.
    """

    @classmethod
    def get_params(cls, info: GraphQLResolveInfo) -> dict[str, Any]:
        """Return an empty input, as reading has none."""
        return {"input": {}}


class Redeliver(OperateDeliveries):
    """Deliver again what is dead, canceled or done: at once, with all its attempts ahead."""

    operation = staticmethod(operating.redeliver)


class CancelDelivery(OperateDeliveries):
    """Give up a delivery that is pending, running or dead; what comes after it goes on.

    A receiver that runs is not interrupted, but what it writes is not stored.
    """

    operation = staticmethod(operating.cancel)
