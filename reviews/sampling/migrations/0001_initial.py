import django.db.models.deletion
from django.db import migrations, models

from feedback.alter import CreateTables
from feedback.frozen import FreezeRows


class Migration(migrations.Migration):

    initial = True

    replaces = [
        ('sampling', '0001_tables'),
        ('sampling', '0002_frozen'),
    ]

    dependencies = [
        ('accounts', '0001_initial'),
        ('queues', '0001_initial'),
    ]

    operations = [
        CreateTables([
            migrations.CreateModel(
                name='SamplingRule',
                fields=[
                    ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                    ('key', models.SlugField(max_length=60)),
                    ('name', models.CharField(max_length=120)),
                    ('interval_minutes', models.PositiveIntegerField(blank=True, help_text='Run this often; empty is by hand only.', null=True)),
                    ('is_active', models.BooleanField(default=True)),
                    ('created_at', models.DateTimeField(auto_now_add=True)),
                    ('project', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='%(class)ss', to='accounts.project')),
                ],
            ),
            migrations.CreateModel(
                name='SamplingRuleVersion',
                fields=[
                    ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                    ('number', models.PositiveIntegerField()),
                    ('filter', models.JSONField(blank=True, default=dict, help_text="Parameters of the response list's FilterSet.")),
                    ('method', models.CharField(choices=[('rate', 'a share of what matches'), ('size', 'a fixed number')], max_length=4)),
                    ('rate', models.FloatField(blank=True, null=True)),
                    ('size', models.PositiveIntegerField(blank=True, null=True)),
                    ('seed', models.CharField(blank=True, help_text='Shifts the interval of draw keys.', max_length=60)),
                    ('k', models.PositiveSmallIntegerField(blank=True, help_text="Reviews per item; empty takes the queue's.", null=True)),
                    ('lane', models.PositiveSmallIntegerField(default=1)),
                    ('created_at', models.DateTimeField(auto_now_add=True)),
                    ('project', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='%(class)ss', to='accounts.project')),
                    ('queue', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='rule_versions', to='queues.queue')),
                    ('rule', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='versions', to='sampling.samplingrule')),
                ],
            ),
            migrations.CreateModel(
                name='SamplingRun',
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
                    ('tick', models.CharField(help_text='Scheduled minute, or a unique mark of a run by hand.', max_length=40)),
                    ('lowest_id', models.BigIntegerField(blank=True, help_text='Responses from this id on (frozen bound).', null=True)),
                    ('highest_id', models.BigIntegerField(blank=True, help_text='Responses up to this id (frozen bound).', null=True)),
                    ('population', models.PositiveBigIntegerField(blank=True, help_text='How many matched, where it was counted.', null=True)),
                    ('n_drawn', models.PositiveBigIntegerField(default=0)),
                    ('n_added', models.PositiveBigIntegerField(default=0, help_text='Drawn ones that were not in the queue already.')),
                    ('project', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='%(class)ss', to='accounts.project')),
                    ('requested_by', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to='accounts.member')),
                    ('rule_version', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='runs', to='sampling.samplingruleversion')),
                ],
            ),
            migrations.AddConstraint(
                model_name='samplingrule',
                constraint=models.UniqueConstraint(models.F('project'), models.F('key'), name='rule_once'),
            ),
            migrations.AddConstraint(
                model_name='samplingruleversion',
                constraint=models.UniqueConstraint(models.F('rule'), models.F('number'), name='rule_version_once'),
            ),
            migrations.AddConstraint(
                model_name='samplingruleversion',
                constraint=models.CheckConstraint(condition=models.Q(models.Q(('method', 'rate'), ('rate__gt', 0), ('rate__lte', 1), ('size__isnull', True)), models.Q(('method', 'size'), ('rate__isnull', True), ('size__gte', 1)), _connector='OR'), name='rule_rate_or_size'),
            ),
            migrations.AddConstraint(
                model_name='samplingrun',
                constraint=models.UniqueConstraint(models.F('rule_version'), models.F('tick'), name='run_once_a_tick'),
            ),
        ]),
        FreezeRows('SamplingRuleVersion'),
    ]
