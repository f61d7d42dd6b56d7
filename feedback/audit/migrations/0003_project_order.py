from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('accounts', '0001_tables'),
        ('audit', '0002_frozen'),
    ]

    operations = [
        migrations.AddIndex(
            model_name='auditevent',
            index=models.Index(fields=['project', '-id'], name='audit_audit_project_0851f8_idx'),
        ),
    ]
