from django.db import migrations

from feedback.frozen import FreezeRows


class Migration(migrations.Migration):
    dependencies = [("sampling", "0001_tables")]

    operations = [
        FreezeRows("SamplingRuleVersion"),
    ]
