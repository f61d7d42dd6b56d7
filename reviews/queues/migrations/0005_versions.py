import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0001_initial"),
        ("queues", "0004_rounds_validated"),
        ("responses", "0001_initial"),
        ("rubrics", "0001_initial"),
    ]

    operations = [
        migrations.AddField(
            model_name="item",
            name="earlier",
            field=models.ForeignKey(
                blank=True,
                db_index=False,
                help_text="The item of the same subject that this one asks about again, under a newer version.",
                null=True,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="later",
                to="queues.item",
            ),
        ),
        migrations.AddField(
            model_name="item",
            name="kept_version",
            field=models.ForeignKey(
                blank=True,
                db_index=False,
                help_text="What it is judged under since its queue moved on; empty: what its queue has.",
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="rubrics.rubricversion",
            ),
        ),
        migrations.AddField(
            model_name="queue",
            name="moved_from",
            field=models.ForeignKey(
                blank=True,
                help_text="The version before; the way back while nobody has begun under the present one.",
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="rubrics.rubricversion",
            ),
        ),
    ]
