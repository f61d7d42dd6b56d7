import django.db.models.deletion
from django.db import migrations, models

from feedback.alter import CreateTables


class Migration(migrations.Migration):

    initial = True

    replaces = [
        ('erasures', '0001_tables'),
    ]

    dependencies = [
        ('accounts', '0001_initial'),
    ]

    operations = [
        CreateTables([
            migrations.CreateModel(
                name='Erasure',
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
                    ('subject_key', models.CharField(blank=True, help_text="The end user's key; emptied when it is done.", max_length=200)),
                    ('subject_digest', models.CharField(help_text="HMAC-SHA-256 of the key under the project's salt.", max_length=64)),
                    ('counts', models.JSONField(blank=True, default=dict, help_text='How many rows of each kind were emptied or deleted.')),
                    ('project', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='%(class)ss', to='accounts.project')),
                    ('requested_by', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to='accounts.member')),
                ],
                options={
                    'constraints': [models.UniqueConstraint(models.F('project'), models.F('subject_digest'), condition=models.Q(('state__in', ['queued', 'running'])), name='erasure_once_at_a_time')],
                },
            ),
        ]),
    ]
