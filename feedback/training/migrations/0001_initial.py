import django.core.validators
import django.db.models.deletion
import feedback.sealed
import uuid
from django.db import migrations, models

from feedback.alter import CreateTables


class Migration(migrations.Migration):

    initial = True

    replaces = [
        ('training', '0001_tables'),
    ]

    dependencies = [
        ('accounts', '0001_initial'),
        ('datasets', '0001_initial'),
        ('responses', '0001_initial'),
    ]

    operations = [
        CreateTables([
            migrations.CreateModel(
                name='Trainer',
                fields=[
                    ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                    ('key', models.SlugField(max_length=60)),
                    ('name', models.CharField(max_length=120)),
                    ('kind', models.CharField(choices=[('openai', 'OpenAI-compatible service'), ('local', 'this machine'), ('scheduler', 'scheduler of a cluster')], max_length=9)),
                    ('base_url', models.CharField(blank=True, help_text='Where requests go; none for this machine.', max_length=300)),
                    ('sealed_key', feedback.sealed.SealedField(blank=True, editable=False, help_text='The key with the address that it was entered for.')),
                    ('provider', models.CharField(blank=True, help_text='Under which responses name its models.', max_length=60)),
                    ('wandb_project', models.CharField(blank=True, help_text='Curves go there too, where the service can.', max_length=100)),
                    ('price_per_million_tokens', models.DecimalField(blank=True, decimal_places=4, max_digits=12, null=True, validators=[django.core.validators.MinValueValidator(0)])),
                    ('price_per_hour', models.DecimalField(blank=True, decimal_places=4, max_digits=12, null=True, validators=[django.core.validators.MinValueValidator(0)])),
                    ('currency', models.CharField(default='USD', max_length=3)),
                    ('is_enabled', models.BooleanField(default=True, help_text='Whether new jobs may be started there.')),
                    ('created_at', models.DateTimeField(auto_now_add=True)),
                    ('created_by', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to='accounts.member')),
                    ('project', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='%(class)ss', to='accounts.project')),
                ],
            ),
            migrations.CreateModel(
                name='FineTuneJob',
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
                    ('key', models.UUIDField(default=uuid.uuid4, editable=False, help_text='Its name outside.', unique=True)),
                    ('method', models.CharField(choices=[('dpo', 'preferences (DPO)'), ('sft', 'examples (SFT)'), ('kto', 'good and bad answers (KTO)'), ('reward', 'reward model')], max_length=6)),
                    ('base_model', models.CharField(max_length=200)),
                    ('suffix', models.CharField(blank=True, help_text="Part of the new model's name.", max_length=40)),
                    ('options', models.JSONField(blank=True, default=dict, help_text='Read strictly by options.py.')),
                    ('phase', models.CharField(choices=[('files', 'Making the files'), ('send', 'Handing the files over'), ('create', 'Starting'), ('watch', 'Training')], default='files', max_length=6)),
                    ('is_cancelling', models.BooleanField(default=False)),
                    ('status', models.CharField(blank=True, help_text="The trainer's own word.", max_length=60)),
                    ('remote_id', models.CharField(blank=True, max_length=200)),
                    ('remote_files', models.JSONField(blank=True, default=dict, help_text="Split -> the file's id there.")),
                    ('process', models.JSONField(blank=True, default=dict, help_text='Machine, process id and its start, when local.')),
                    ('checkpoints', models.JSONField(blank=True, default=list)),
                    ('trained_tokens', models.PositiveBigIntegerField(blank=True, null=True)),
                    ('cost', models.DecimalField(blank=True, decimal_places=6, max_digits=18, null=True)),
                    ('heard_at', models.DateTimeField(blank=True, help_text='When the trainer was last heard of.', null=True)),
                    ('result_name', models.CharField(blank=True, max_length=120)),
                    ('project', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='%(class)ss', to='accounts.project')),
                    ('requested_by', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to='accounts.member')),
                    ('result', models.ForeignKey(blank=True, help_text='What responses name.', null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='responses.languagemodel')),
                    ('train_export', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='datasets.export')),
                    ('validation_export', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='datasets.export')),
                    ('version', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='datasets.datasetversion')),
                    ('trainer', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='jobs', to='training.trainer')),
                ],
                options={
                    'verbose_name': 'fine-tune',
                },
            ),
            migrations.CreateModel(
                name='TrainingLine',
                fields=[
                    ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                    ('key', models.CharField(help_text="The event's id, or where the line begins: once per job.", max_length=80)),
                    ('at', models.DateTimeField()),
                    ('level', models.CharField(default='info', max_length=10)),
                    ('text', models.TextField()),
                    ('job', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='lines', to='training.finetunejob')),
                    ('project', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='%(class)ss', to='accounts.project')),
                ],
            ),
            migrations.CreateModel(
                name='TrainingLink',
                fields=[
                    ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                    ('digest', models.CharField(editable=False, max_length=64, unique=True)),
                    ('created_at', models.DateTimeField(auto_now_add=True)),
                    ('expires_at', models.DateTimeField()),
                    ('used_at', models.DateTimeField(blank=True, null=True)),
                    ('split', models.CharField(choices=[('train', 'Train'), ('validation', 'Validation'), ('test', 'Test')], max_length=10)),
                    ('job', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='links', to='training.finetunejob')),
                    ('project', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='%(class)ss', to='accounts.project')),
                ],
                options={
                    'abstract': False,
                },
            ),
            migrations.CreateModel(
                name='TrainingMetric',
                fields=[
                    ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                    ('step', models.PositiveIntegerField()),
                    ('name', models.CharField(max_length=60)),
                    ('value', models.FloatField()),
                    ('job', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='metrics', to='training.finetunejob')),
                    ('project', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='%(class)ss', to='accounts.project')),
                ],
            ),
            migrations.AddConstraint(
                model_name='trainer',
                constraint=models.UniqueConstraint(models.F('project'), models.F('key'), name='trainer_once'),
            ),
            migrations.AddIndex(
                model_name='finetunejob',
                index=models.Index(fields=['project', '-id'], name='training_fi_project_87a0b3_idx'),
            ),
            migrations.AddConstraint(
                model_name='trainingline',
                constraint=models.UniqueConstraint(models.F('job'), models.F('key'), name='training_line_once'),
            ),
            migrations.AddConstraint(
                model_name='trainingmetric',
                constraint=models.UniqueConstraint(models.F('job'), models.F('name'), models.F('step'), name='training_metric_once'),
            ),
        ]),
    ]
