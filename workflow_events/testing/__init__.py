"""For people who write receivers: the test kit (docs/how-to/test-a-receiver.md).

Under pytest its fixtures come by themselves (`plugin`); elsewhere there are `EventTestMixin` and
context managers. Nothing here needs pytest, and only the deliveries more than the event core.
"""

from workflow_events.testing.calling import Called, call
from workflow_events.testing.deliveries import Deliveries, DeliveryFailed
from workflow_events.testing.emissions import Emissions, recorded_events
from workflow_events.testing.matching_events import UnknownEvent
from workflow_events.testing.matching_receivers import UnknownReceiver
from workflow_events.testing.muting import mute, mute_all
from workflow_events.testing.stand_ins import LeftOut, stand_in
from workflow_events.testing.unittest_mixin import EventTestMixin

__all__ = [
    "Called",
    "Deliveries",
    "DeliveryFailed",
    "Emissions",
    "EventTestMixin",
    "LeftOut",
    "UnknownEvent",
    "UnknownReceiver",
    "call",
    "mute",
    "mute_all",
    "recorded_events",
    "stand_in",
]
