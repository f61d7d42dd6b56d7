import django.db.models.deletion
from django.db import migrations, models

from feedback.alter import CreateTables
from feedback.frozen import FreezeRows


class Migration(migrations.Migration):

    initial = True

    replaces = [
        ('imports', '0001_tables'),
        ('imports', '0002_frozen'),
        ('imports', '0003_label_uploads'),
        ('imports', '0004_erasure'),
    ]

    dependencies = [
        ('accounts', '0001_initial'),
        ('judgements', '0001_initial'),
    ]

    operations = [
        CreateTables([
            migrations.CreateModel(
                name='LabelUpload',
                fields=[
                    ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                    ('attempt', models.PositiveIntegerField(default=0, help_text='How often a worker has claimed it; the fence of its writes.')),
                    ('lease_until', models.DateTimeField(blank=True, null=True)),
                    ('cursor', models.JSONField(blank=True, default=dict)),
                    ('done', models.PositiveBigIntegerField(default=0, help_text='Units of work finished.')),
                    ('total', models.PositiveBigIntegerField(blank=True, help_text='Units of work in all, once known.', null=True)),
                    ('error', models.TextField(blank=True)),
                    ('created_at', models.DateTimeField(auto_now_add=True)),
                    ('started_at', models.DateTimeField(blank=True, null=True)),
                    ('finished_at', models.DateTimeField(blank=True, null=True)),
                    ('state', models.CharField(choices=[('waiting', 'waiting for its go-ahead'), ('queued', 'Queued'), ('running', 'Running'), ('done', 'Done'), ('failed', 'Failed'), ('cancelled', 'Cancelled')], default='waiting', max_length=9)),
                    ('name', models.CharField(blank=True, help_text='Of the file where it came from; empty when pasted.', max_length=200)),
                    ('file', models.CharField(blank=True, help_text='Name in the file storage, until it is taken in.', max_length=200)),
                    ('form', models.CharField(blank=True, help_text='What is in it, by how it begins.', max_length=6)),
                    ('n_bytes', models.PositiveBigIntegerField(default=0)),
                    ('columns', models.JSONField(blank=True, default=dict, help_text='Which column of a CSV file holds a field.')),
                    ('preview', models.JSONField(blank=True, default=dict, help_text='How its first rows fared in the trial.')),
                    ('counts', models.JSONField(blank=True, default=dict, help_text='How many rows fared in which way.')),
                    ('refused', models.JSONField(blank=True, default=list, help_text='The first refused rows.')),
                    ('by', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to='accounts.member')),
                    ('project', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='%(class)ss', to='accounts.project')),
                ],
                options={
                    'abstract': False,
                },
            ),
            migrations.CreateModel(
                name='ImportedReview',
                fields=[
                    ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                    ('source', models.CharField(max_length=60)),
                    ('external_id', models.CharField(max_length=200)),
                    ('body_hash', models.CharField(max_length=64)),
                    ('created_at', models.DateTimeField(auto_now_add=True)),
                    ('erased_at', models.DateTimeField(blank=True, help_text="When a person's words were taken out of it: feedback/erasing.py.", null=True)),
                    ('imported_by', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to='accounts.member')),
                    ('project', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='%(class)ss', to='accounts.project')),
                    ('review', models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, related_name='imported', to='judgements.review')),
                ],
                options={
                    'constraints': [models.UniqueConstraint(models.F('project'), models.F('source'), models.F('external_id'), name='imported_review_once')],
                },
            ),
        ]),
        FreezeRows('ImportedReview', except_fields=['imported_by'], erased={'external_id': "'erased-' || NEW.id", 'body_hash': "''"}),
    ]
