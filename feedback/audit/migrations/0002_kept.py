from django.db import migrations

from feedback.frozen import KeepRows


class Migration(migrations.Migration):

    dependencies = [
        ('audit', '0001_initial'),
    ]

    operations = [
        KeepRows('AuditEvent'),
        KeepRows('AuditSeal'),
    ]
