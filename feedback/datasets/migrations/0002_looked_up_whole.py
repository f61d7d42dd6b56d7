import django.db.models.deletion
from django.db import migrations, models

from feedback.frozen import FreezeRows, ThawRows


class Migration(migrations.Migration):

    dependencies = [
        ('accounts', '0001_initial'),
        ('datasets', '0001_initial'),
    ]

    operations = [
        ThawRows('GroupSplit'),
        ThawRows('PromptSketch'),
        migrations.AlterField(
            model_name='groupsplit',
            name='dataset',
            field=models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='group_splits', to='datasets.dataset'),
        ),
        migrations.AlterField(
            model_name='promptsketch',
            name='project',
            field=models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='promptsketchs', to='accounts.project'),
        ),
        FreezeRows('GroupSplit'),
        FreezeRows('PromptSketch'),
    ]
