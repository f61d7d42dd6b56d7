import django.db.models.deletion
from django.db import migrations, models

from feedback.alter import CreateTables


class Migration(migrations.Migration):

    initial = True

    replaces = [
        ('monitoring', '0001_worker_beat'),
        ('monitoring', '0002_added_up'),
    ]

    dependencies = [
        ('accounts', '0001_initial'),
        ('judgements', '0001_initial'),
        ('prompts', '0001_initial'),
        ('responses', '0001_initial'),
        ('rubrics', '0001_initial'),
    ]

    operations = [
        CreateTables([
            migrations.CreateModel(
                name='WorkerBeat',
                fields=[
                    ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                    ('name', models.CharField(help_text='As Celery calls it: celery@host.', max_length=200)),
                    ('pid', models.PositiveIntegerField()),
                    ('bells', models.JSONField(default=list, help_text='Celery queues that it hears.')),
                    ('processes', models.PositiveIntegerField(default=1)),
                    ('busy', models.PositiveIntegerField(default=0, help_text='Jobs in its hands when it was last heard of.')),
                    ('started_at', models.DateTimeField(auto_now_add=True)),
                    ('seen_at', models.DateTimeField()),
                ],
                options={
                    'constraints': [models.UniqueConstraint(models.F('name'), models.F('pid'), name='worker_once')],
                },
            ),
            migrations.CreateModel(
                name='AddedDay',
                fields=[
                    ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                    ('day', models.DateField(help_text='Of `responded_at`, in UTC.')),
                    ('project', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='%(class)ss', to='accounts.project')),
                ],
                options={
                    'constraints': [models.UniqueConstraint(models.F('project'), models.F('day'), name='added_day_once')],
                },
            ),
            migrations.CreateModel(
                name='ResponseDay',
                fields=[
                    ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                    ('day', models.DateField()),
                    ('origin', models.CharField(max_length=10)),
                    ('environment', models.CharField(blank=True, max_length=60)),
                    ('n', models.PositiveIntegerField()),
                    ('n_input', models.PositiveBigIntegerField()),
                    ('n_output', models.PositiveBigIntegerField()),
                    ('n_both', models.PositiveIntegerField(help_text='Responses that tell input and output tokens.')),
                    ('tokens', models.PositiveBigIntegerField(help_text='Of those, both together.')),
                    ('n_cost', models.PositiveIntegerField(help_text='Responses with a cost.')),
                    ('spent', models.FloatField()),
                    ('squares', models.FloatField(help_text='Of the costs.')),
                    ('latencies', models.JSONField(help_text='How many there are by step of two percent (days.py).')),
                    ('model', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='responses.languagemodel')),
                    ('project', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='%(class)ss', to='accounts.project')),
                    ('prompt_version', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='prompts.promptversion')),
                ],
                options={
                    'indexes': [models.Index(fields=['project', 'day'], name='monitoring__project_69323d_idx'), models.Index(fields=['prompt_version', 'day'], name='monitoring__prompt__84d739_idx')],
                },
            ),
            migrations.CreateModel(
                name='VerdictFact',
                fields=[
                    ('verdict', models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, primary_key=True, related_name='+', serialize=False, to='judgements.verdict')),
                    ('queue_key', models.CharField(max_length=60)),
                    ('is_single', models.BooleanField(help_text='One response was judged.')),
                    ('day', models.DateField(blank=True, null=True)),
                    ('origin', models.CharField(blank=True, max_length=10)),
                    ('environment', models.CharField(blank=True, max_length=60)),
                    ('says_hallucination', models.PositiveSmallIntegerField(blank=True, null=True)),
                    ('says_toxicity', models.PositiveSmallIntegerField(blank=True, null=True)),
                    ('says_bias', models.PositiveSmallIntegerField(blank=True, null=True)),
                    ('says_harm', models.PositiveSmallIntegerField(blank=True, null=True)),
                    ('says_failure', models.PositiveSmallIntegerField(blank=True, null=True)),
                    ('drawn', models.BooleanField(help_text='With a known chance, by a rule that does not look for suspects.')),
                    ('weight', models.FloatField(blank=True, help_text='1 / inclusion probability.', null=True)),
                    ('cost', models.FloatField(blank=True, help_text='Of the response.', null=True)),
                    ('agreed', models.BooleanField(blank=True, help_text='Whether all said the same; of two reviews or more.', null=True)),
                    ('is_ready', models.BooleanField(default=False, help_text='A pair that two thirds of the votes settled.')),
                    ('project', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='%(class)ss', to='accounts.project')),
                    ('prompt_version', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='prompts.promptversion')),
                    ('rubric_version', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to='rubrics.rubricversion')),
                ],
                options={
                    'indexes': [models.Index(condition=models.Q(('is_single', True)), fields=['prompt_version', 'day'], name='fact_of_version'), models.Index(fields=['project', 'queue_key', 'rubric_version', 'agreed'], name='fact_agreed'), models.Index(condition=models.Q(('is_ready', True)), fields=['project'], name='fact_ready'), models.Index(fields=['project', 'day'], name='monitoring__project_216050_idx')],
                },
            ),
        ]),
    ]
