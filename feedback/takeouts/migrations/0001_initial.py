import django.db.models.deletion
from django.db import migrations, models

from feedback.alter import CreateTables


class Migration(migrations.Migration):

    initial = True

    replaces = [
        ('takeouts', '0001_tables'),
    ]

    dependencies = [
        ('accounts', '0001_initial'),
    ]

    operations = [
        CreateTables([
            migrations.CreateModel(
                name='TakeOut',
                fields=[
                    ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                    ('state', models.CharField(choices=[('queued', 'Queued'), ('running', 'Running'), ('done', 'Done'), ('failed', 'Failed'), ('cancelled', 'Cancelled')], default='queued', max_length=9)),
                    ('attempt', models.PositiveIntegerField(default=0, help_text='How often a worker has claimed it; the fence of its writes.')),
                    ('lease_until', models.DateTimeField(blank=True, null=True)),
                    ('cursor', models.JSONField(blank=True, default=dict)),
                    ('done', models.PositiveBigIntegerField(default=0, help_text='Units of work finished.')),
                    ('total', models.PositiveBigIntegerField(blank=True, help_text='Units of work in all, once known.', null=True)),
                    ('error', models.TextField(blank=True)),
                    ('created_at', models.DateTimeField(auto_now_add=True)),
                    ('started_at', models.DateTimeField(blank=True, null=True)),
                    ('finished_at', models.DateTimeField(blank=True, null=True)),
                    ('file', models.CharField(blank=True, help_text='Name in the file storage, until it expires.', max_length=200)),
                    ('n_rows', models.PositiveBigIntegerField(default=0)),
                    ('n_bytes', models.PositiveBigIntegerField(default=0)),
                    ('sha256', models.CharField(blank=True, max_length=64)),
                    ('manifest', models.JSONField(blank=True, default=dict)),
                    ('expires_at', models.DateTimeField(blank=True, help_text='Then the file is deleted.', null=True)),
                    ('project', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='%(class)ss', to='accounts.project')),
                    ('requested_by', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to='accounts.member')),
                ],
                options={
                    'constraints': [models.UniqueConstraint(models.F('project'), condition=models.Q(('state__in', ['queued', 'running'])), name='takeout_one_at_a_time')],
                },
            ),
        ]),
    ]
