"""Indexes that give a list by deadline in its whole order, the key included (decision 23)."""

from django.db import migrations, models

from workflow_events.events.database.immediate_keys import ImmediateForeignKeys


class Migration(migrations.Migration):
    dependencies = [("workflow", "0002_translations")]

    operations = [
        ImmediateForeignKeys(),
        migrations.RemoveIndex(model_name="workitem", name="work_item_status_deadline"),
        migrations.AlterField(
            model_name="workitem",
            name="deadline",
            field=models.DateTimeField(blank=True, null=True),
        ),
        migrations.AddIndex(
            model_name="workitem",
            index=models.Index(
                fields=["status", "deadline", "id"], name="work_item_status_deadline"
            ),
        ),
        migrations.AddIndex(
            model_name="workitem",
            index=models.Index(fields=["deadline", "id"], name="work_item_deadline"),
        ),
    ]
