from django.db import migrations, models

from feedback.alter import AddIndexConcurrently


class Migration(migrations.Migration):

    atomic = False

    dependencies = [
        ('quality', '0002_dispute_value'),
    ]

    operations = [
        AddIndexConcurrently(
            model_name='adjudication',
            index=models.Index(condition=models.Q(('settled_at__isnull', True)), fields=['project', '-value', 'id'], name='adjudication_by_value'),
        ),
    ]
