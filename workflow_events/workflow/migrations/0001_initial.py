"""The tables of the workflow."""

import django.core.validators
import django.db.models.deletion
from django.db import migrations, models

import workflow_events.events.declaration.identifiers
import workflow_events.workflow.models.indexes
from workflow_events.events.database.immediate_keys import ImmediateForeignKeys


class Migration(migrations.Migration):
    initial = True

    dependencies = []

    operations = [
        ImmediateForeignKeys(),
        migrations.CreateModel(
            name="Flow",
            fields=[
                ("created_at", models.DateTimeField(auto_now_add=True, db_index=True)),
                ("modified_at", models.DateTimeField(auto_now=True)),
                ("created_by_user", models.CharField(blank=True, max_length=150, null=True)),
                (
                    "created_by_group",
                    models.CharField(blank=True, db_index=True, max_length=255, null=True),
                ),
                ("modified_by_user", models.CharField(blank=True, max_length=150, null=True)),
                ("modified_by_group", models.CharField(blank=True, max_length=255, null=True)),
                (
                    "id",
                    models.UUIDField(
                        default=workflow_events.events.declaration.identifiers.uuid7,
                        editable=False,
                        primary_key=True,
                        serialize=False,
                    ),
                ),
                ("next", models.TextField()),
            ],
            options={
                "abstract": False,
            },
        ),
        migrations.CreateModel(
            name="Task",
            fields=[
                ("created_at", models.DateTimeField(auto_now_add=True, db_index=True)),
                ("modified_at", models.DateTimeField(auto_now=True)),
                ("created_by_user", models.CharField(blank=True, max_length=150, null=True)),
                (
                    "created_by_group",
                    models.CharField(blank=True, db_index=True, max_length=255, null=True),
                ),
                ("modified_by_user", models.CharField(blank=True, max_length=150, null=True)),
                ("modified_by_group", models.CharField(blank=True, max_length=255, null=True)),
                ("name", models.CharField(max_length=255)),
                ("description", models.TextField(blank=True, null=True)),
                ("meta", models.JSONField(blank=True, default=dict)),
                (
                    "slug",
                    models.CharField(
                        max_length=127,
                        primary_key=True,
                        serialize=False,
                        validators=[
                            django.core.validators.RegexValidator(
                                "\\A[-A-Za-z0-9_]+\\Z",
                                "A slug consists of letters, digits, hyphens and underscores.",
                            )
                        ],
                    ),
                ),
                (
                    "type",
                    models.CharField(
                        choices=[
                            ("simple", "Nothing but the click."),
                            ("complete_workflow_form", "The form of the case, filled."),
                            ("complete_task_form", "The form of the work item, filled."),
                        ],
                        default="simple",
                        max_length=50,
                    ),
                ),
                ("address_groups", models.TextField(blank=True, null=True)),
                ("control_groups", models.TextField(blank=True, null=True)),
                ("is_archived", models.BooleanField(default=False)),
                (
                    "lead_time",
                    models.PositiveIntegerField(
                        blank=True,
                        help_text="Seconds from the creation of an item to its deadline.",
                        null=True,
                        validators=[django.core.validators.MaxValueValidator(2147483647)],
                    ),
                ),
                ("is_multiple_instance", models.BooleanField(default=False)),
                ("continue_async", models.BooleanField(default=False, null=True)),
            ],
            options={
                "abstract": False,
            },
        ),
        migrations.CreateModel(
            name="Workflow",
            fields=[
                ("created_at", models.DateTimeField(auto_now_add=True, db_index=True)),
                ("modified_at", models.DateTimeField(auto_now=True)),
                ("created_by_user", models.CharField(blank=True, max_length=150, null=True)),
                (
                    "created_by_group",
                    models.CharField(blank=True, db_index=True, max_length=255, null=True),
                ),
                ("modified_by_user", models.CharField(blank=True, max_length=150, null=True)),
                ("modified_by_group", models.CharField(blank=True, max_length=255, null=True)),
                ("name", models.CharField(max_length=255)),
                ("description", models.TextField(blank=True, null=True)),
                ("meta", models.JSONField(blank=True, default=dict)),
                (
                    "slug",
                    models.CharField(
                        max_length=127,
                        primary_key=True,
                        serialize=False,
                        validators=[
                            django.core.validators.RegexValidator(
                                "\\A[-A-Za-z0-9_]+\\Z",
                                "A slug consists of letters, digits, hyphens and underscores.",
                            )
                        ],
                    ),
                ),
                ("is_published", models.BooleanField(default=False)),
                ("is_archived", models.BooleanField(default=False)),
                ("allow_all_forms", models.BooleanField(default=False)),
            ],
            options={
                "abstract": False,
            },
        ),
        migrations.CreateModel(
            name="Case",
            fields=[
                ("created_at", models.DateTimeField(auto_now_add=True, db_index=True)),
                ("modified_at", models.DateTimeField(auto_now=True)),
                ("created_by_user", models.CharField(blank=True, max_length=150, null=True)),
                (
                    "created_by_group",
                    models.CharField(blank=True, db_index=True, max_length=255, null=True),
                ),
                ("modified_by_user", models.CharField(blank=True, max_length=150, null=True)),
                ("modified_by_group", models.CharField(blank=True, max_length=255, null=True)),
                ("closed_at", models.DateTimeField(blank=True, null=True)),
                ("closed_by_user", models.CharField(blank=True, max_length=150, null=True)),
                ("closed_by_group", models.CharField(blank=True, max_length=255, null=True)),
                (
                    "id",
                    models.UUIDField(
                        default=workflow_events.events.declaration.identifiers.uuid7,
                        editable=False,
                        primary_key=True,
                        serialize=False,
                    ),
                ),
                (
                    "status",
                    models.CharField(
                        choices=[
                            ("running", "Work items can be completed and new ones are created."),
                            (
                                "completed",
                                "The last flow has ended; the case was closed by the engine.",
                            ),
                            ("canceled", "Ended by cancelCase, with every open work item."),
                            ("suspended", "Paused by suspendCase until resumeCase."),
                        ],
                        default="running",
                        max_length=50,
                    ),
                ),
                ("meta", models.JSONField(blank=True, default=dict)),
                (
                    "family",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="family_cases",
                        to="workflow.case",
                    ),
                ),
                (
                    "workflow",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="cases",
                        to="workflow.workflow",
                    ),
                ),
            ],
            options={
                "abstract": False,
                "base_manager_name": "objects",
            },
        ),
        migrations.CreateModel(
            name="WorkflowStartTask",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("position", models.PositiveSmallIntegerField(default=0)),
                (
                    "task",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="workflow.task",
                    ),
                ),
                (
                    "workflow",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="start_task_rows",
                        to="workflow.workflow",
                    ),
                ),
            ],
            options={
                "ordering": ("position", "id"),
            },
        ),
        migrations.AddField(
            model_name="workflow",
            name="start_tasks",
            field=models.ManyToManyField(
                related_name="+", through="workflow.WorkflowStartTask", to="workflow.task"
            ),
        ),
        migrations.CreateModel(
            name="WorkItem",
            fields=[
                ("created_at", models.DateTimeField(auto_now_add=True, db_index=True)),
                ("modified_at", models.DateTimeField(auto_now=True)),
                ("created_by_user", models.CharField(blank=True, max_length=150, null=True)),
                (
                    "created_by_group",
                    models.CharField(blank=True, db_index=True, max_length=255, null=True),
                ),
                ("modified_by_user", models.CharField(blank=True, max_length=150, null=True)),
                ("modified_by_group", models.CharField(blank=True, max_length=255, null=True)),
                ("closed_at", models.DateTimeField(blank=True, null=True)),
                ("closed_by_user", models.CharField(blank=True, max_length=150, null=True)),
                ("closed_by_group", models.CharField(blank=True, max_length=255, null=True)),
                ("name", models.CharField(max_length=255)),
                ("description", models.TextField(blank=True, null=True)),
                ("meta", models.JSONField(blank=True, default=dict)),
                (
                    "id",
                    models.UUIDField(
                        default=workflow_events.events.declaration.identifiers.uuid7,
                        editable=False,
                        primary_key=True,
                        serialize=False,
                    ),
                ),
                (
                    "status",
                    models.CharField(
                        choices=[
                            ("ready", "Waiting to be worked on."),
                            ("completed", "Done; its flow was continued."),
                            ("canceled", "Ended without continuing its flow."),
                            (
                                "skipped",
                                "Passed over; its flow was continued as if it were completed.",
                            ),
                            ("suspended", "Paused until it, or its case, is resumed."),
                            (
                                "redo",
                                "An earlier item is being redone; revived if the flow comes here again.",
                            ),
                        ],
                        default="ready",
                        max_length=50,
                    ),
                ),
                ("deadline", models.DateTimeField(blank=True, db_index=True, null=True)),
                ("addressed_groups", models.JSONField(blank=True, default=list)),
                ("controlling_groups", models.JSONField(blank=True, default=list)),
                ("assigned_users", models.JSONField(blank=True, default=list)),
                (
                    "case",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="work_items",
                        to="workflow.case",
                    ),
                ),
                (
                    "child_case",
                    models.OneToOneField(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="parent_work_item",
                        to="workflow.case",
                    ),
                ),
                (
                    "previous_work_item",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="succeeding_work_items",
                        to="workflow.workitem",
                    ),
                ),
                (
                    "task",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="work_items",
                        to="workflow.task",
                    ),
                ),
            ],
            options={
                "abstract": False,
                "base_manager_name": "objects",
            },
        ),
        migrations.CreateModel(
            name="TaskFlow",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("redoable", models.TextField(blank=True, null=True)),
                (
                    "flow",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="task_flows",
                        to="workflow.flow",
                    ),
                ),
                (
                    "task",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="task_flows",
                        to="workflow.task",
                    ),
                ),
                (
                    "workflow",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="task_flows",
                        to="workflow.workflow",
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=("workflow", "task"), name="one_flow_per_task")
                ],
            },
        ),
        migrations.AddIndex(
            model_name="case",
            index=models.Index(fields=["workflow", "status"], name="case_workflow_status"),
        ),
        migrations.AddIndex(
            model_name="case",
            index=models.Index(fields=["status", "created_at"], name="case_status_created_at"),
        ),
        migrations.AddIndex(
            model_name="case",
            index=workflow_events.workflow.models.indexes.ContainmentIndex(
                fields=["meta"], name="case_meta", opclasses=["jsonb_path_ops"]
            ),
        ),
        migrations.AddConstraint(
            model_name="case",
            constraint=models.CheckConstraint(
                condition=models.Q(("family__isnull", False)), name="case_has_a_family"
            ),
        ),
        migrations.AddConstraint(
            model_name="workflowstarttask",
            constraint=models.UniqueConstraint(fields=("workflow", "task"), name="start_task_once"),
        ),
        migrations.AddIndex(
            model_name="workitem",
            index=models.Index(fields=["case", "status"], name="work_item_case_status"),
        ),
        migrations.AddIndex(
            model_name="workitem",
            index=models.Index(fields=["task", "status"], name="work_item_task_status"),
        ),
        migrations.AddIndex(
            model_name="workitem",
            index=models.Index(fields=["status", "deadline"], name="work_item_status_deadline"),
        ),
        migrations.AddIndex(
            model_name="workitem",
            index=models.Index(fields=["closed_at"], name="work_item_closed_at"),
        ),
        migrations.AddIndex(
            model_name="workitem",
            index=workflow_events.workflow.models.indexes.ContainmentIndex(
                fields=["addressed_groups"],
                name="work_item_addressed_groups",
                opclasses=["jsonb_path_ops"],
            ),
        ),
        migrations.AddIndex(
            model_name="workitem",
            index=workflow_events.workflow.models.indexes.ContainmentIndex(
                fields=["controlling_groups"],
                name="work_item_controlling_groups",
                opclasses=["jsonb_path_ops"],
            ),
        ),
        migrations.AddIndex(
            model_name="workitem",
            index=workflow_events.workflow.models.indexes.ContainmentIndex(
                fields=["assigned_users"],
                name="work_item_assigned_users",
                opclasses=["jsonb_path_ops"],
            ),
        ),
        migrations.AddIndex(
            model_name="workitem",
            index=workflow_events.workflow.models.indexes.ContainmentIndex(
                fields=["meta"], name="work_item_meta", opclasses=["jsonb_path_ops"]
            ),
        ),
    ]
