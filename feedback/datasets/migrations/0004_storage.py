from django.db import migrations

from feedback.alter import CompressWithLz4


class Migration(migrations.Migration):
    dependencies = [("datasets", "0003_description_and_reasons")]

    operations = [
        CompressWithLz4({
            "PreferencePair": ["prompt", "chosen", "rejected", "tools", "provenance"],
            "VersionRow": ["data"],
        }),
    ]
