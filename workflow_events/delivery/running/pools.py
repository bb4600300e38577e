"""Slots that are alike: how many of them there are, and who may have them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection

from workflow_events.delivery.models import Delivery
from workflow_events.delivery.running.slots import Slot, Work


class Pool:
    """So many slots for these receivers; their threads are started when they are needed.

    One receiver cannot have all of the slots as long as there are others: a slow one, or one that
    hangs, does not stop them.
    """

    def __init__(
        self, name: str, receivers: Collection[str], size: int, freed: Callable[[], None]
    ) -> None:
        self.size = size
        self._name = name
        self._receivers = receivers
        self._most = size if size == 1 or len(receivers) == 1 else size - 1
        self._freed = freed
        self._idle: list[Slot] = []
        self._busy: dict[Work, Slot] = {}
        self._given_up: dict[Work, Slot] = {}

    def running(self) -> list[Work]:
        """Return what was given to slots and not collected yet."""
        return list(self._busy)

    def room(self) -> tuple[list[str], int]:
        """Return the receivers that may have a slot now, and how many deliveries to take."""
        free = self.size - len(self._busy)
        running = Counter(work.delivery.receiver for work in self._busy)
        left = {name: self._most - running[name] for name in self._receivers}
        may_begin = [name for name in self._receivers if left[name] > 0]
        if not free or not may_begin:
            return [], 0
        return may_begin, min(free, *(left[name] for name in may_begin))

    def begin(self, delivery: Delivery) -> Work:
        """Run a delivery in a free slot."""
        slot = self._idle.pop() if self._idle else Slot(self._name, self._freed)
        work = Work(delivery)
        self._busy[work] = slot
        slot.give(work)
        return work

    def collect(self) -> list[Work]:
        """Take back the slots that are through with what they ran, and return what that was."""
        ended = [work for work in self._busy if work.ended]
        self._idle += [self._busy.pop(work) for work in ended]
        self._given_up = {w: slot for w, slot in self._given_up.items() if not w.ended}
        return ended

    def give_up(self, work: Work) -> bool:
        """Replace a slot that does not react; return whether as many are lost as there may be."""
        slot = self._given_up[work] = self._busy.pop(work)
        slot.stop()
        return len(self._given_up) >= self.size

    def stop(self) -> None:
        """End the threads; wait for those that run nothing."""
        for slot in [*self._idle, *self._busy.values()]:
            slot.stop()
        for slot in self._idle:
            slot.join(seconds=5)
        self._idle.clear()
