"""What must hold when everything has been delivered."""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable
from itertools import pairwise
from typing import Any
from uuid import UUID

from tests.chaos.deliveries.rows import Delivery, Effect
from tests.chaos.deliveries.stage import PATIENCE, Scene
from tests.chaos.findings import Findings

OUTSIDE = "chaos.outside"
"""The receiver without a transaction: what it does is done at least once."""


class Span:
    """The deliveries and effects of one round: those that are newer than its beginning."""

    def __init__(self, scene: Scene, findings: Findings) -> None:
        self.scene = scene
        self.findings = findings
        self._delivery, self._effect = scene.rows.last()
        self._noted = len(scene.notes())

    def deliveries(self) -> list[Delivery]:
        """The ledger's, oldest first."""
        return self.scene.rows.deliveries(self._delivery)

    def effects(self) -> list[Effect]:
        """What the receivers wrote, in the order in which they did."""
        return self.scene.rows.effects(self._effect)

    def notes(self, what: str) -> list[dict[str, Any]]:
        """What the receivers noted of this kind."""
        return [note for note in self.scene.notes()[self._noted :] if note["what"] == what]

    def settle(
        self, seconds: float = PATIENCE, dead: Callable[[Delivery], bool] = lambda _: False
    ) -> None:
        """Wait until all is delivered, and note whatever is not as it was promised.

        So many seconds may pass at most until the next one is. Each delivery is done, or ``dead``,
        and its effect is there exactly once, or not at all, in
        the order of its stream.
        """
        while (left := self.unfinished()) and self.scene.until(
            lambda left=left: self.unfinished() < left, seconds
        ):
            pass
        if left:
            stuck = [each for each in self.deliveries() if each.state in ("pending", "running")]
            self.findings.append(f"{len(stuck)} stuck for {seconds} s, the first: {stuck[:1]}")
        deliveries, effects = self.deliveries(), self.effects()
        for each in deliveries:
            self.findings.expect(f"{each}", each.state, "dead" if dead(each) else "done")
        self._expect_once(deliveries, effects, dead)
        self._expect_order(deliveries, effects)

    def unfinished(self) -> int:
        """How many deliveries are neither done nor given up."""
        return self.scene.rows.unfinished(self._delivery)

    def _expect_once(
        self,
        deliveries: list[Delivery],
        effects: list[Effect],
        dead: Callable[[Delivery], bool],
    ) -> None:
        found = Counter((each.event, each.receiver) for each in effects)
        for each in deliveries:
            if each.receiver == OUTSIDE:
                self._expect_told(each)
                continue
            number = found.pop((each.event, each.receiver), 0)
            self.findings.expect(f"effects of {each}", number, 0 if dead(each) else 1)
        for (event, receiver), number in found.items():
            self.findings.append(f"{number} effects of {event} and {receiver} without a delivery")

    def _expect_told(self, delivery: Delivery) -> None:
        notes = self.notes("told")
        told = {note["delivery"] for note in notes if UUID(note["event"]) == delivery.event}
        self.findings.expect(f"delivery ids that {delivery} told", len(told), 1)

    def _expect_order(self, deliveries: list[Delivery], effects: list[Effect]) -> None:
        place = {(each.event, each.receiver): each.pk for each in deliveries}
        streams = defaultdict(list)
        for each in effects:
            streams[each.receiver, each.stream].append(each)
        for stream, written in streams.items():
            if not _ascends(place.get((each.event, each.receiver), 0) for each in written):
                self.findings.append(f"effects of {stream} not in the order of the ledger")
            if not _ascends(each.step for each in written if each.step is not None):
                self.findings.append(f"effects of {stream} not in the order of the case")

    def expect_attempts(self, *allowed: int) -> None:
        """Note every delivery that was begun another number of times."""
        for each in self.deliveries():
            self.findings.expect(f"attempts of {each}", each.attempts, *allowed)


def _ascends(numbers: Iterable[int]) -> bool:
    return all(one <= following for one, following in pairwise(numbers))
