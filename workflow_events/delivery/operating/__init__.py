"""What an operator does with deliveries: find, redeliver, cancel, prune, replay, and count them.

Everything works beside running workers and other operators: in batches, each of which is a
transaction that holds the locks of its rows, so that what is said to be done was done here.
"""

from workflow_events.delivery.operating.cancellation import cancel, cancel_in_steps
from workflow_events.delivery.operating.changes import Changed
from workflow_events.delivery.operating.figures import Figures, bounded_figures, figures
from workflow_events.delivery.operating.pruning import (
    Pruned,
    end_of_retention,
    prune,
    prune_in_steps,
)
from workflow_events.delivery.operating.redelivery import redeliver, redeliver_in_steps
from workflow_events.delivery.operating.replay import (
    CannotReplay,
    Replayed,
    check_hearing,
    names_heard_by,
    replay,
    replay_in_steps,
)
from workflow_events.delivery.operating.selection import (
    NEEDS_ATTENTION,
    deliveries,
    known_receivers,
    logged_events,
    names_in,
)

__all__ = [
    "NEEDS_ATTENTION",
    "CannotReplay",
    "Changed",
    "Figures",
    "Pruned",
    "Replayed",
    "bounded_figures",
    "cancel",
    "cancel_in_steps",
    "check_hearing",
    "deliveries",
    "end_of_retention",
    "figures",
    "known_receivers",
    "logged_events",
    "names_heard_by",
    "names_in",
    "prune",
    "prune_in_steps",
    "redeliver",
    "redeliver_in_steps",
    "replay",
    "replay_in_steps",
]
