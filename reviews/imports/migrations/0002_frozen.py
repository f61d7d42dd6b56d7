from django.db import migrations

from feedback.frozen import FreezeRows


class Migration(migrations.Migration):
    dependencies = [("imports", "0001_tables")]

    operations = [
        FreezeRows("ImportedReview", except_fields=["imported_by"]),
    ]
