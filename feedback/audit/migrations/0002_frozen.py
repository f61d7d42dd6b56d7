from django.db import migrations

from feedback.frozen import FreezeRows


class Migration(migrations.Migration):
    dependencies = [("audit", "0001_tables")]

    operations = [
        FreezeRows("AuditEvent", deletion=True),
        FreezeRows("AuditSeal", deletion=True),
    ]
