import django.db.models.deletion
import feedback.sealed
import uuid
from django.db import migrations, models

from feedback.alter import CreateTables
from feedback.frozen import FreezeRows


class Migration(migrations.Migration):

    initial = True

    replaces = [
        ('outbox', '0001_tables'),
        ('outbox', '0002_frozen'),
    ]

    dependencies = [
        ('accounts', '0001_initial'),
    ]

    operations = [
        CreateTables([
            migrations.CreateModel(
                name='Endpoint',
                fields=[
                    ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                    ('url', models.URLField(max_length=500)),
                    ('description', models.CharField(blank=True, max_length=200)),
                    ('types', models.JSONField(default=list, help_text='Types of events it is told of.')),
                    ('state', models.CharField(choices=[('on', 'On'), ('paused', 'Paused'), ('disabled', 'switched off'), ('removed', 'Removed')], default='on', max_length=8)),
                    ('reason', models.CharField(blank=True, help_text='Why it was switched off.', max_length=200)),
                    ('state_at', models.DateTimeField(auto_now_add=True)),
                    ('sealed_secret', feedback.sealed.SealedField(editable=False)),
                    ('sealed_old_secret', feedback.sealed.SealedField(blank=True, editable=False, help_text='Signs beside the new one for a day.')),
                    ('overlap_until', models.DateTimeField(blank=True, null=True)),
                    ('failures', models.PositiveIntegerField(default=0, help_text='Attempts that failed in a row.')),
                    ('failing_since', models.DateTimeField(blank=True, null=True)),
                    ('rests_until', models.DateTimeField(blank=True, help_text='Nothing is tried before.', null=True)),
                    ('created_at', models.DateTimeField(auto_now_add=True)),
                    ('created_by', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to='accounts.member')),
                    ('project', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='%(class)ss', to='accounts.project')),
                ],
                options={
                    'verbose_name': 'webhook',
                },
            ),
            migrations.CreateModel(
                name='Event',
                fields=[
                    ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                    ('key', models.UUIDField(default=uuid.uuid4, editable=False, help_text='The webhook-id.', unique=True)),
                    ('type', models.CharField(max_length=60)),
                    ('about', models.CharField(help_text='Events about the same are told in their order.', max_length=120)),
                    ('data', models.JSONField(help_text='Ids, keys and addresses; never a text of a prompt or a response.')),
                    ('wanted_by', models.JSONField(help_text='Ids of the endpoints that it had to be told to.')),
                    ('created_at', models.DateTimeField()),
                    ('project', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='%(class)ss', to='accounts.project')),
                ],
                options={
                    'verbose_name': 'webhook event',
                },
            ),
            migrations.CreateModel(
                name='Delivery',
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
                    ('about', models.CharField(help_text="The event's; its order is kept by it.", max_length=120)),
                    ('tried', models.PositiveSmallIntegerField(default=0, help_text='Attempts of this round of the schedule.')),
                    ('replays', models.PositiveSmallIntegerField(default=0, help_text='How often a person had it sent again.')),
                    ('attempts', models.JSONField(blank=True, default=list, help_text='When, answered how, after how long; no body.')),
                    ('delivered_at', models.DateTimeField(blank=True, help_text='When it was taken the first time.', null=True)),
                    ('project', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='deliveries', to='accounts.project')),
                    ('endpoint', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='deliveries', to='outbox.endpoint')),
                    ('event', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='deliveries', to='outbox.event')),
                ],
                options={
                    'verbose_name': 'webhook delivery',
                    'verbose_name_plural': 'webhook deliveries',
                },
            ),
            migrations.AddIndex(
                model_name='endpoint',
                index=models.Index(fields=['project', 'state'], name='outbox_endp_project_7f7cbe_idx'),
            ),
            migrations.AddIndex(
                model_name='event',
                index=models.Index(fields=['project', '-id'], name='outbox_even_project_7a3ab7_idx'),
            ),
            migrations.AddIndex(
                model_name='event',
                index=models.Index(fields=['created_at'], name='outbox_even_created_e8e6c9_idx'),
            ),
            migrations.AddIndex(
                model_name='delivery',
                index=models.Index(fields=['endpoint', '-id'], name='delivery_of_endpoint'),
            ),
            migrations.AddIndex(
                model_name='delivery',
                index=models.Index(fields=['project', '-id'], name='delivery_of_project'),
            ),
            migrations.AddIndex(
                model_name='delivery',
                index=models.Index(condition=models.Q(('state__in', ['queued', 'running'])), fields=['endpoint', 'about', 'event'], name='delivery_on_its_way'),
            ),
            migrations.AddConstraint(
                model_name='delivery',
                constraint=models.UniqueConstraint(models.F('event'), models.F('endpoint'), name='delivery_once'),
            ),
        ]),
        FreezeRows('Event'),
    ]
