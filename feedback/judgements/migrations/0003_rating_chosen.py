from django.db import migrations, models

from feedback.frozen import FreezeRows, ThawRows


class Migration(migrations.Migration):
    dependencies = [("judgements", "0002_frozen")]

    operations = [
        ThawRows("Rating"),
        migrations.AddField(
            model_name="rating",
            name="chosen",
            field=models.JSONField(
                blank=True, help_text="The values chosen of several, in the rubric's order.", null=True
            ),
        ),
        FreezeRows("Rating"),
    ]
