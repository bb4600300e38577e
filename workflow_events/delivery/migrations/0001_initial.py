"""The event log and the ledger of deliveries."""

import django.db.models.deletion
from django.db import migrations, models

import workflow_events.delivery.models
from workflow_events.events.database.immediate_keys import ImmediateForeignKeys


class Migration(migrations.Migration):
    initial = True

    dependencies = []

    operations = [
        ImmediateForeignKeys(),
        migrations.CreateModel(
            name="LoggedEvent",
            fields=[
                ("id", models.UUIDField(editable=False, primary_key=True, serialize=False)),
                ("name", models.CharField(max_length=255)),
                ("time", models.DateTimeField()),
                ("sender", models.CharField(blank=True, max_length=255)),
                ("cause", models.UUIDField(blank=True, db_index=True, null=True)),
                ("case", models.UUIDField(blank=True, null=True)),
                ("username", models.CharField(blank=True, max_length=150, null=True)),
                ("content", models.JSONField()),
            ],
            options={
                "verbose_name": "event",
                "indexes": [
                    models.Index(fields=["case", "id"], name="logged_event_case"),
                    models.Index(fields=["name", "id"], name="logged_event_name"),
                    models.Index(fields=["username", "id"], name="logged_event_username"),
                    models.Index(fields=["time", "id"], name="logged_event_time"),
                ],
            },
        ),
        migrations.CreateModel(
            name="Delivery",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("receiver", models.CharField(max_length=255)),
                ("stream", models.CharField(blank=True, max_length=255, null=True)),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("pending", "Pending"),
                            ("running", "Running"),
                            ("done", "Done"),
                            ("dead", "Dead"),
                            ("canceled", "Canceled"),
                        ],
                        default="pending",
                        max_length=8,
                    ),
                ),
                ("attempts", models.PositiveIntegerField(default=0)),
                ("due", models.DateTimeField()),
                ("lease", models.DateTimeField(blank=True, null=True)),
                ("worker", models.CharField(blank=True, max_length=255)),
                ("error", models.TextField(blank=True)),
                ("traceback", models.TextField(blank=True)),
                ("created_at", models.DateTimeField()),
                ("started_at", models.DateTimeField(blank=True, null=True)),
                ("finished_at", models.DateTimeField(blank=True, null=True)),
                (
                    "event",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="deliveries",
                        to="delivery.loggedevent",
                    ),
                ),
            ],
            options={
                "verbose_name_plural": "deliveries",
                "indexes": [
                    models.Index(
                        condition=models.Q(("finished_at", None)),
                        fields=["due", "id"],
                        name="delivery_due",
                    ),
                    models.Index(
                        models.F("receiver"),
                        models.F("stream"),
                        workflow_events.delivery.models.Backwards("id"),
                        condition=models.Q(("finished_at", None)),
                        name="delivery_stream",
                    ),
                    models.Index(fields=["state", "id"], name="delivery_state_id"),
                    models.Index(fields=["receiver", "id"], name="delivery_receiver"),
                ],
                "constraints": [
                    models.UniqueConstraint(fields=("event", "receiver"), name="delivery_once"),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("finished_at", None), ("state__in", ["pending", "running"])),
                            models.Q(
                                ("finished_at__isnull", False),
                                ("state__in", ["done", "dead", "canceled"]),
                            ),
                            _connector="OR",
                        ),
                        name="delivery_state",
                    ),
                ],
            },
        ),
    ]
