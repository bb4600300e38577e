"""Room for names and descriptions in further languages; no row is rewritten."""

from django.db import migrations, models

from workflow_events.events.database.immediate_keys import ImmediateForeignKeys


class Migration(migrations.Migration):
    dependencies = [("workflow", "0001_initial")]

    operations = [
        ImmediateForeignKeys(),
        migrations.AddField(
            model_name="task",
            name="translations",
            field=models.JSONField(blank=True, editable=False, null=True),
        ),
        migrations.AddField(
            model_name="workflow",
            name="translations",
            field=models.JSONField(blank=True, editable=False, null=True),
        ),
        migrations.AddField(
            model_name="workitem",
            name="translations",
            field=models.JSONField(blank=True, editable=False, null=True),
        ),
    ]
