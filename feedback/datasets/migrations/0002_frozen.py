from django.db import migrations

from feedback.frozen import FreezeRows


class Migration(migrations.Migration):
    dependencies = [("datasets", "0001_tables")]

    operations = [
        FreezeRows("DatasetVersion", except_fields=["requested_by"], when="OLD.state = 'done'"),
        FreezeRows("GroupSplit"),
        FreezeRows("PreferencePair"),
        FreezeRows("VersionRow"),
    ]
