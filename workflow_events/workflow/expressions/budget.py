"""The work that one evaluation may do, and the fault that ends it."""

from collections.abc import Mapping
from typing import Any

from workflow_events.workflow.expressions import limits


class ExpressionFault(Exception):
    """What is wrong with an expression; becomes a ``BadExpression`` that quotes the expression.

    ``position`` counts characters from 1, and is None where it is not known.
    """

    def __init__(self, message: str, position: int | None = None) -> None:
        super().__init__(message)
        self.position = position


class Budget:
    """Counts the steps of one evaluation down; see ``limits.MAX_STEPS``."""

    __slots__ = ("left",)

    def __init__(self, steps: int = limits.MAX_STEPS) -> None:
        self.left = steps

    def spend(self, steps: int) -> None:
        """Take away the given steps.

        Raises ``ExpressionFault`` when there are none left.
        """
        self.left -= steps
        if self.left < 0:
            raise ExpressionFault(
                f"it takes more than {limits.MAX_STEPS} steps; "
                "decide this in a dynamic task or group instead"
            )

    def spend_on(self, value: Any) -> None:
        """Take away what it costs to copy or compare the value, nested values included."""
        if isinstance(value, str):
            if len(value) >= limits.CHARACTERS_PER_STEP:
                self.spend(len(value) // limits.CHARACTERS_PER_STEP)
        elif isinstance(value, (list, dict)):
            self._spend_on_nested([value])

    def _spend_on_nested(self, pending: list[Any]) -> None:
        # iterative, because a client's context may be nested deeper than the stack
        while pending:
            value = pending.pop()
            if isinstance(value, str):
                self.spend(len(value) // limits.CHARACTERS_PER_STEP)
            elif isinstance(value, list):
                self.spend(1 + len(value))
                pending.extend(value)
            elif isinstance(value, Mapping):
                self.spend(1 + len(value))
                pending.extend(value.values() if isinstance(value, dict) else ())
