"""Any backend of ``django.tasks`` that nothing is known of: its own workers run the receivers."""

from workflow_events.delivery.engines.base import Engine, refuse


class ForeignEngine(Engine):
    """Enqueues after COMMIT, as nobody knows whether its jobs would be rolled back."""

    def check(self) -> None:
        """Refuse Django's backend that stores jobs and never runs them."""
        if self.backend.__name__ == "DummyBackend":
            raise refuse(f"{self.backend.__name__} runs nothing; it is for tests of who enqueues")

    def limits(self) -> list[str]:
        """Return what any of them cannot do; of Django's immediate one, whom it keeps waiting."""
        if self.backend.__name__ == "ImmediateBackend":
            return ["runs the receivers in the process that emits, and its client waits for them"]
        return super().limits()
