from django.db import migrations

from feedback.frozen import FreezeRows


class Migration(migrations.Migration):
    dependencies = [("rubrics", "0001_tables")]

    operations = [
        FreezeRows("GuidelineVersion"),
        FreezeRows("RubricVersion", when="OLD.frozen_at IS NOT NULL"),
        FreezeRows("Criterion"),
    ]
