import django.db.models.deletion
from django.db import migrations, models

from feedback.alter import CreateTables


class Migration(migrations.Migration):

    initial = True

    replaces = [
        ('moderation', '0001_tables'),
    ]

    dependencies = [
        ('accounts', '0001_initial'),
        ('queues', '0001_initial'),
    ]

    operations = [
        CreateTables([
            migrations.CreateModel(
                name='BulkAction',
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
                    ('kind', models.CharField(choices=[('withdraw', 'withdraw'), ('put-back', 'put back'), ('ask-more', 'ask for one more review')], max_length=10)),
                    ('reason', models.TextField()),
                    ('item_ids', models.JSONField(default=list)),
                    ('digest', models.CharField(help_text='SHA-256 of kind and ids, as confirmed.', max_length=64)),
                    ('refused', models.JSONField(blank=True, default=dict, help_text='How many items were left alone, by reason.')),
                    ('by', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='accounts.member')),
                    ('project', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='%(class)ss', to='accounts.project')),
                ],
                options={
                    'abstract': False,
                },
            ),
            migrations.CreateModel(
                name='Action',
                fields=[
                    ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                    ('kind', models.CharField(choices=[('withdraw', 'withdrew the item'), ('put-back', 'put the item back'), ('ask-more', 'asked for one more review'), ('ask-fewer', 'asked for one review less'), ('reopen', 'reopened the item'), ('invalidate', 'invalidated a review'), ('restore', 'restored a review')], max_length=10)),
                    ('reason', models.TextField()),
                    ('k_before', models.PositiveSmallIntegerField(help_text='Reviews that the item asked for; what putting back restores.')),
                    ('at', models.DateTimeField(auto_now_add=True)),
                    ('assignment', models.ForeignKey(blank=True, help_text='Whose review it is about.', null=True, on_delete=django.db.models.deletion.CASCADE, related_name='actions', to='queues.assignment')),
                    ('by', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='accounts.member')),
                    ('item', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='actions', to='queues.item')),
                    ('project', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='%(class)ss', to='accounts.project')),
                    ('bulk', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='actions', to='moderation.bulkaction')),
                ],
                options={
                    'indexes': [models.Index(fields=['project', '-id'], name='moderation__project_378235_idx'), models.Index(fields=['project', 'kind', '-id'], name='moderation__project_9b12ba_idx')],
                    'constraints': [models.CheckConstraint(condition=models.Q(models.Q(('assignment__isnull', False), ('kind__in', ['invalidate', 'restore'])), models.Q(('assignment__isnull', True), ('kind__in', ['withdraw', 'put-back', 'ask-more', 'ask-fewer', 'reopen'])), _connector='OR'), name='action_review_is_named'), models.CheckConstraint(condition=models.Q(('reason', ''), _negated=True), name='action_says_why')],
                },
            ),
        ]),
    ]
