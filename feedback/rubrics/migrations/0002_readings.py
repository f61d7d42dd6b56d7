import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('accounts', '0001_initial'),
        ('rubrics', '0001_initial'),
    ]

    operations = [
        migrations.CreateModel(
            name='Reading',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('read_at', models.DateTimeField(auto_now_add=True)),
                ('member', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='readings', to='accounts.member')),
                ('project', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='%(class)ss', to='accounts.project')),
                ('rubric_version', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='readings', to='rubrics.rubricversion')),
            ],
            options={
                'constraints': [models.UniqueConstraint(models.F('member'), models.F('rubric_version'), name='reading_once')],
            },
        ),
    ]
