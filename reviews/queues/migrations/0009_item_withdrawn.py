from django.db import migrations, models

from feedback.alter import AddIndexConcurrently


class Migration(migrations.Migration):

    atomic = False

    dependencies = [
        ('queues', '0008_one_index_each'),
    ]

    operations = [
        AddIndexConcurrently(
            model_name='item',
            index=models.Index(condition=models.Q(('state', 'withdrawn')), fields=['project', '-id'], name='item_withdrawn'),
        ),
    ]
