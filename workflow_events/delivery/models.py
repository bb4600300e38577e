"""The event log, and the ledger of what receivers in the background are to get."""

from django.db import models
from django.db.models import F, Func, Q


class LoggedEvent(models.Model):
    """One occurrence of an event, with all that a receiver needs to be called again.

    Written once, in the transaction that emitted it, and never changed.
    """

    id = models.UUIDField(primary_key=True, editable=False)
    """The id of the envelope, a UUIDv7."""
    name = models.CharField(max_length=255)
    """The event's name; of a Django signal, its dotted path."""
    time = models.DateTimeField()
    """When it was emitted."""
    sender = models.CharField(max_length=255, blank=True)
    """Dotted path of the sender; empty where it has none."""
    cause = models.UUIDField(null=True, blank=True, db_index=True)
    """The id of the event whose receiver emitted this one, whether that one is logged or not."""
    case = models.UUIDField(null=True, blank=True)
    """The key of the case that it is about, as its class declares; no foreign key, so that the
    history outlives the case."""
    username = models.CharField(max_length=150, null=True, blank=True)
    """The name of the acting user."""
    content = models.JSONField()
    """Version, payload, user and context (`workflow_events.delivery.payload`)."""

    class Meta:
        verbose_name = "event"
        indexes = (
            models.Index(fields=["case", "id"], name="logged_event_case"),
            models.Index(fields=["name", "id"], name="logged_event_name"),
            models.Index(fields=["username", "id"], name="logged_event_username"),
            models.Index(fields=["time", "id"], name="logged_event_time"),
        )

    def __str__(self) -> str:
        return f"{self.name} {self.id}"


class State(models.TextChoices):
    """Where a delivery stands."""

    PENDING = "pending"
    """It waits for its due time, or for an earlier one of its stream."""
    RUNNING = "running"
    """A worker has it, until its lease runs out."""
    DONE = "done"
    """The receiver has returned, and what it wrote is stored."""
    DEAD = "dead"
    """It failed for good: nobody tries again, unless somebody redelivers it."""
    CANCELED = "canceled"
    """Somebody has decided that it is not to be delivered."""


UNFINISHED = (State.PENDING, State.RUNNING)
FINISHED = (State.DONE, State.DEAD, State.CANCELED)


class Backwards(Func):
    """A number with its sign changed, written without a parameter as SQLite's indexes need it."""

    template = "(-%(expressions)s)"
    arity = 1


class Delivery(models.Model):
    """One event on its way to one receiver. Keys grow in the order in which a case's events do."""

    event = models.ForeignKey(LoggedEvent, models.CASCADE, related_name="deliveries")
    receiver = models.CharField(max_length=255)
    """The stable name of the receiver."""
    stream = models.CharField(max_length=255, null=True, blank=True)
    """What is delivered to this receiver one after the other; null where nothing is ordered."""
    state = models.CharField(max_length=8, choices=State, default=State.PENDING)
    attempts = models.PositiveIntegerField(default=0)
    """How often a worker has begun it, since it was stored or redelivered."""
    due = models.DateTimeField()
    """Not before this time; while it runs, the end of its lease."""
    lease = models.DateTimeField(null=True, blank=True)
    """While it runs: when others may take it over, unless its worker extends it."""
    worker = models.CharField(max_length=255, blank=True)
    """Host, process and a random part of the worker that began it last."""
    error = models.TextField(blank=True)
    """What the last failed attempt said."""
    traceback = models.TextField(blank=True)
    created_at = models.DateTimeField()
    started_at = models.DateTimeField(null=True, blank=True)
    """When the last attempt began; before the first one, when it was redelivered."""
    finished_at = models.DateTimeField(null=True, blank=True)
    """Null while it is pending or running."""

    class Meta:
        verbose_name_plural = "deliveries"
        constraints = (
            models.UniqueConstraint(fields=["event", "receiver"], name="delivery_once"),
            models.CheckConstraint(
                condition=Q(state__in=[*UNFINISHED], finished_at=None)
                | Q(state__in=[*FINISHED], finished_at__isnull=False),
                name="delivery_state",
            ),
        )
        indexes = (
            # By what has no parameters: SQLite uses partial indexes for such conditions only.
            models.Index(fields=["due", "id"], name="delivery_due", condition=Q(finished_at=None)),
            # Backwards by an expression: no other index could be taken for one that finds what
            # comes before a delivery in its stream.
            models.Index(
                F("receiver"),
                F("stream"),
                Backwards("id"),
                name="delivery_stream",
                condition=Q(finished_at=None),
            ),
            models.Index(fields=["state", "id"], name="delivery_state_id"),
            models.Index(fields=["receiver", "id"], name="delivery_receiver"),
        )

    def __str__(self) -> str:
        return f"{self.pk} to {self.receiver}"
