from django.db import migrations, models

from feedback.frozen import FreezeRows, ThawRows


class Migration(migrations.Migration):
    dependencies = [("rubrics", "0002_frozen")]

    operations = [
        ThawRows("Criterion"),
        migrations.AddField(
            model_name="criterion",
            name="asked_when",
            field=models.JSONField(
                blank=True,
                db_default=models.Value({}, models.JSONField()),
                default=dict,
                help_text="Empty: always.",
            ),
        ),
        migrations.AlterField(
            model_name="criterion",
            name="kind",
            field=models.CharField(
                choices=[
                    ("scale", "Scale"),
                    ("yes_no", "yes/no"),
                    ("choice", "Choice"),
                    ("multi_choice", "choice of several"),
                    ("text", "Text"),
                    ("spans", "Spans"),
                    ("comparison", "Comparison"),
                    ("correction", "Correction"),
                ],
                max_length=12,
            ),
        ),
        FreezeRows("Criterion"),
    ]
