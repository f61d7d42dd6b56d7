from django.db import migrations, models

from feedback.alter import AddIndexConcurrently


class Migration(migrations.Migration):

    atomic = False

    dependencies = [
        ('critics', '0001_initial'),
    ]

    operations = [
        AddIndexConcurrently(
            model_name='assessment',
            index=models.Index(fields=['label', 'response'], name='assessment_by_label'),
        ),
    ]
